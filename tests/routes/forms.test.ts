import { expect, test } from "vitest";
import { policies } from "#tests/routes/policies.ts";
import {
  fingerprint,
  formAddressOf,
  openSite,
  type Person,
  placesOf,
  routes,
  suspend,
  withQuery,
} from "#tests/routes/site.ts";

const site = await openSite();
const acts = routes.flatMap((route) =>
  Object.entries(policies[route.file]?.acts ?? {}).map(([name, act]) => ({ route, name, act })),
);
/** Somebody who may do it, so that only what the test is about can refuse. */
const whoMay = (policy: string): Person =>
  policy === "public" || policy === "customer" ? "customer" : "owner";
// Stripe calls from elsewhere, by a signature instead of a cookie.
const ofPeople = acts.filter(({ route }) => !route.path.startsWith("/webhooks/"));

test.each(ofPeople)(
  "$route.file: $name sent from another site is refused and changes nothing",
  async ({ route, name, act }) => {
    const world = await site.aWorld();
    if (name === "reinstate") await suspend(world);
    const before = await fingerprint();
    for (const headers of foreignHeaders)
      for (const query of ["", `_data=${encodeURIComponent(route.id)}`]) {
        const path = withQuery(act.path ?? formAddressOf(route, world), query);
        const as = world.cookies[whoMay(act.policy)];
        const answer = await site.ask(path, { as, form: act.fields(world), headers });
        expect([headers, query, answer.status]).toEqual([headers, query, 403]);
        expect(answer.headers.getSetCookie()).toEqual([]);
      }
    expect(await fingerprint()).toEqual(before);
  },
);

const foreignHeaders = [
  { origin: "https://evil.example" },
  { origin: "https://evil.example", "sec-fetch-site": "same-origin" },
  { origin: "http://localhost:3000.evil.example" },
  { origin: "null", "sec-fetch-site": "cross-site" },
  { origin: "null", "sec-fetch-site": "same-site" },
  { origin: "null" },
  { origin: "" },
];

/** What a form might smuggle into a row; each value is one that can be found again wherever it ended up. */
const smuggled = {
  ...{ id: "smuggled", role: "smuggled", status: "smuggled", state: "smuggled", key: "smuggled" },
  ...{ customerId: "smuggled", customer_id: "smuggled", customer: "smuggled", ownerEmail: "smuggled" },
  ...{
    licenseId: "smuggled",
    orderId: "smuggled",
    productId: "smuggled",
    actor: "smuggled",
    actorId: "smuggled",
  },
  ...{
    actorType: "smuggled",
    requestId: "smuggled",
    cause: "smuggled",
    sourceKind: "smuggled",
    kind: "smuggled",
  },
  ...{ passwordHash: "smuggled", keyHmac: "smuggled", stripeSessionId: "smuggled", browserNonce: "smuggled" },
  ...{
    amount: "987654321",
    amountTotal: "987654321",
    currency: "smuggled",
    deviceLimit: "987654321",
    graceDays: "987654321",
  },
  ...{ term: "smuggled", seats: "987654321", paidUntil: "2099-12-31", extendedUntil: "2099-12-31" },
  ...{ revokedAt: "2099-12-31", issuedAt: "2099-12-31", createdAt: "2099-12-31", now: "2099-12-31" },
  ...{ "__proto__[role]": "smuggled", "constructor.prototype.role": "smuggled", "data[role]": "smuggled" },
};

test.each(acts)("$route.file: fields that $name does not have reach no row", async ({ route, name, act }) => {
  const world = await site.aWorld();
  if (name === "reinstate") await suspend(world);
  const own = act.fields(world);
  const answer = await site.ask(act.path ?? formAddressOf(route, world), {
    as: world.cookies[whoMay(act.policy)],
    form: { ...smuggled, ...own },
  });
  expect(act.done ?? [303]).toContain(answer.status);
  expect(await placesOf(["smuggled", "987654321", "2099-12-31"])).toEqual([]);
});

test.each(acts)(
  "$route.file: $name with empty and absurd fields is answered without an error of ours",
  async ({ route, name, act }) => {
    if (route.file === "routes/auth/sign-out.ts" || route.file === "routes/not-found.tsx") return;
    const world = await site.aWorld();
    if (name === "reinstate") await suspend(world);
    const own = act.fields(world);
    const path = act.path ?? formAddressOf(route, world);
    const bad: Record<string, string>[] = [{}];
    for (const field of Object.keys(own)) for (const value of absurd) bad.push({ ...own, [field]: value });
    for (const form of bad) {
      const answer = await site.ask(path, { as: world.cookies[whoMay(act.policy)], form });
      const field = Object.keys(form).find((key) => form[key] !== own[key]);
      expect([field, form[field ?? ""], answer.status < 500]).toEqual([field, form[field ?? ""], true]);
    }
  },
);

const absurd = [
  "",
  " ",
  "\u0000",
  "-1",
  "1e99",
  "NaN",
  "'; DROP TABLE license; --",
  "𝕏".repeat(3000),
  "[object Object]",
];

test.each(ofPeople.filter(({ act }) => act.policy !== "public"))(
  "$route.file: $name twice is done once",
  async ({ route, name, act }) => {
    const world = await site.aWorld();
    if (name === "reinstate") await suspend(world);
    const form = act.fields(world);
    const send = () => site.ask(formAddressOf(route, world), { as: world.cookies[whoMay(act.policy)], form });
    const first = await send();
    const after = await settled();
    const again = await Promise.all([send(), send()]);
    expect(again.map(({ status }) => status)).toEqual([first.status, first.status]);
    if (name !== "reveal-key") expect(await settled()).toEqual(after);
  },
);

/** Everything but the mark that asks Stripe once more, which is free to be repeated. */
async function settled(): Promise<Record<string, string>> {
  const { stripe_source: _, ...rest } = await fingerprint();
  return rest;
}
