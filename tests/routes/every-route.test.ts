import { expect, test } from "vitest";
import { closeDb, pool } from "#app/infra/db.server.ts";
import { ApiKeyForm } from "#app/routes/admin/api-key-forms.server.ts";
import { RetryEmailForm } from "#app/routes/admin/email-forms.server.ts";
import { LicenseForm } from "#app/routes/admin/license-forms.server.ts";
import { SigningKeyForm } from "#app/routes/admin/signing-key-forms.server.ts";
import { PortalLicenseForm } from "#app/routes/portal/license-forms.server.ts";
import { type Act, policies } from "#tests/routes/policies.ts";
import {
  type Answer,
  addressOf,
  expectedOf,
  fingerprint,
  formAddressOf,
  openSite,
  outcomeOf,
  people,
  type Route,
  routes,
  suspend,
  type World,
  withQuery,
} from "#tests/routes/site.ts";

const site = await openSite();
const pages = routes.filter(({ layout }) => !layout);
const policyOf = (route: Route) => {
  const policy = policies[route.file];
  if (!policy)
    throw new Error(`${route.file} has no policy; say who may do what in tests/routes/policies.ts.`);
  return policy;
};
const acts = routes.flatMap((route) =>
  Object.entries(policies[route.file]?.acts ?? {}).map(([name, act]) => ({ route, name, act })),
);

test("every route has a policy and every policy a route", () => {
  expect(Object.keys(policies).sort()).toEqual(routes.map(({ file }) => file).sort());
  expect(Object.keys(site.build.routes).sort()).toEqual(["root", ...routes.map(({ id }) => id)].sort());
});

test("every action has its acts in the policies, and every intent of a form that has several", () => {
  const withAction = routes.filter(({ id }) => site.build.routes[id]?.module.action).map(({ file }) => file);
  expect([...new Set(acts.map(({ route }) => route.file))].sort()).toEqual(withAction.sort());
  const actsOf = (file: string) => Object.keys(policies[file]?.acts ?? {}).sort();
  const intents = LicenseForm.options.map((option) => option.shape.intent.value);
  expect(actsOf("routes/admin/license.tsx")).toEqual([...intents].sort());
  const ownerIntents = PortalLicenseForm.options.map((option) => option.shape.intent.value);
  expect(actsOf("routes/portal/license.tsx")).toEqual([...ownerIntents].sort());
  const apiKeyIntents = ApiKeyForm.options.map((option) => option.shape.intent.value);
  expect(actsOf("routes/admin/api-keys.tsx")).toEqual([...apiKeyIntents].sort());
  const signingKeyIntents = SigningKeyForm.options.map((option) => option.shape.intent.value);
  expect(actsOf("routes/admin/signing-keys.tsx")).toEqual([...signingKeyIntents].sort());
  expect(actsOf("routes/admin/email.tsx")).toEqual([...RetryEmailForm.shape.intent.options].sort());
});

test.each(routes)("$file ($path) is shown to whom its policy says, as a page and as data", async (route) => {
  const { read, shown = [200] } = policyOf(route);
  const world = await site.aWorld();
  for (const person of people) {
    const path = addressOf(route, world);
    const ways = route.layout ? [] : [path];
    // A resource route has no data of its own beside its answer, and a page without a loader none at all.
    const { module } = site.build.routes[route.id] ?? {};
    if (module?.loader && "default" in module)
      ways.push(withQuery(path, `_data=${encodeURIComponent(route.id)}`));
    for (const way of ways) {
      const answer = await site.ask(way, { as: world.cookies[person] });
      expect([person, way, outcomeOf(answer, shown)]).toEqual([person, way, expectedOf(read, person)]);
      if (read !== "public" || route.file.includes("return")) expectNoLeak(answer, world);
    }
  }
});

/** A key in clear is only ever in an answer to its owner. */
function expectNoLeak({ body, status }: Answer, { key, cookies }: World): void {
  if (status !== 200) expect(body).not.toContain(key);
  expect(body).not.toContain(cookies.owner.split("=")[1]);
}

test.each(acts)(
  "$route.file: $name is done for whom its policy says, and changes nothing for others",
  async ({ route, name, act }) => {
    for (const person of people)
      for (const query of ["", `_data=${encodeURIComponent(route.id)}`]) {
        if (query && !("default" in (site.build.routes[route.id]?.module ?? {}))) continue;
        const world = await site.aWorld();
        if (name === "reinstate") await suspend(world);
        const before = await fingerprint();
        const answer = await site.ask(withQuery(pathOf(route, act, world), query), {
          as: world.cookies[person],
          form: act.fields(world),
        });
        const expected = expectedOf(act.policy, person);
        expect([person, query, outcomeOf(answer, act.done ?? [303])]).toEqual([person, query, expected]);
        if (expected !== "done") expect(await fingerprint()).toEqual(before);
      }
  },
);

function pathOf(route: Route, act: Act, world: World): string {
  return act.path ?? formAddressOf(route, world);
}

test("a page's data cannot be had through the address of a page with another policy", async () => {
  const world = await site.aWorld();
  for (const { id, file } of routes) {
    if (policies[file]?.read === "public") continue;
    for (const path of ["/", "/sign-in", "/portal", "/nowhere"]) {
      const answer = await site.ask(withQuery(path, `_data=${encodeURIComponent(id)}`));
      expect([id, path, answer.status]).not.toEqual([id, path, 200]);
      expect(answer.body).not.toContain(world.customerId);
    }
  }
});

test("what belongs to another customer is 404 everywhere in the portal, like what never was, and stays as it is", async () => {
  const [me, other, nobody] = [await site.aWorld(), await site.aWorld(), await site.aWorld()];
  const none = {
    ...nobody,
    licenseId: "lic_none",
    orderId: "ord_none",
    emailId: "mail_none",
    customerId: "cust_none",
  };
  const mine = pages.filter((route) => policyOf(route).read === "customer" && route.path.includes(":"));
  expect(mine.length).toBeGreaterThan(0);
  const before = await fingerprint();
  for (const route of mine)
    for (const query of ["", `_data=${encodeURIComponent(route.id)}`]) {
      const as = me.cookies.customer;
      const ask = (world: World, form?: Record<string, string>) =>
        site.ask(withQuery(addressOf(route, world), query), { as, ...(form && { form }) });
      for (const form of [
        undefined,
        ...Object.values(policyOf(route).acts ?? {}).map((act) => act.fields(other)),
      ]) {
        const [foreign, missing] = [await ask(other, form), await ask(none, form)];
        expect([route.file, query, foreign.status]).toEqual([route.file, query, 404]);
        expect(foreign.body).not.toContain(other.keyLastGroup);
        expect(withoutIds(foreign.body)).toBe(
          withoutIds(missing.body).replaceAll(none.licenseId, other.licenseId),
        );
      }
    }
  expect(await fingerprint()).toEqual(before);
});

/** Request ids and nonces differ between any two pages. */
function withoutIds(body: string): string {
  return body
    .replaceAll(/[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g, "ID")
    .replaceAll(/nonce="[^"]*"/g, "nonce");
}

test("another customer's purchase shows no key on the return page and in no list", async () => {
  const [me, other] = [await site.aWorld(), await site.aWorld()];
  for (const path of [`/checkout/return?session_id=${other.sourceId}`, "/portal", "/"]) {
    const answer = await site.ask(path, { as: me.cookies.customer });
    expect(answer.body).not.toContain(other.key);
    expect(answer.body).not.toContain(other.licenseId);
  }
});

test("a customer's cookie opens nothing as the staff cookie, nor the other way round", async () => {
  const { cookies } = await site.aWorld();
  const renamed = (cookie: string, from: string, to: string) =>
    cookie.replace(`latchkey-${from}=`, `latchkey-${to}=`);
  const asStaff = await site.ask("/admin", { as: renamed(cookies.customer, "session", "staff") });
  const asCustomer = await site.ask("/portal", { as: renamed(cookies.owner, "staff", "session") });
  expect([asStaff.status, asCustomer.status]).toEqual([303, 303]);
});

test("reading changes nothing: every page answers alike from a database that cannot be written to", async () => {
  const world = await site.aWorld();
  const look = async (looked: readonly Route[]) => {
    const statuses: [string, string, number][] = [];
    for (const route of looked)
      for (const person of people) {
        const path = addressOf(route, world);
        statuses.push([person, path, (await site.ask(path, { as: world.cookies[person] })).status]);
      }
    return statuses;
  };
  const [counted, free] = [pages.filter(isCounted), pages.filter((route) => !isCounted(route))];
  const before = await fingerprint();
  const usual = await look(free);
  expect([...usual, ...(await look(counted))].filter(([, , status]) => status >= 500)).toEqual([]);
  expect(await fingerprint()).toEqual(before);
  await setReadOnly("on");
  try {
    await expect(pool().query("DELETE FROM alert")).rejects.toThrow(/read-only/);
    expect(await look(free)).toEqual(usual);
  } finally {
    await setReadOnly("off");
  }
});

const isCounted = (route: Route) => policyOf(route).counted === true;

/** For every connection opened from now on. */
async function setReadOnly(value: "on" | "off"): Promise<void> {
  await pool().query(
    `BEGIN READ WRITE; DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = ${value}', current_database()); END $$; COMMIT`,
  );
  await closeDb();
}

test("methods no page uses change nothing, whoever asks", async () => {
  const world = await site.aWorld();
  const as = `${world.cookies.customer}; ${world.cookies.owner}`;
  const before = await fingerprint();
  for (const route of pages)
    for (const method of ["PUT", "PATCH", "DELETE"]) {
      // It does one thing, which is to end the session of this browser.
      if (route.path === "/sign-out") continue;
      const form = { intent: "delete", submission: crypto.randomUUID(), reason: "No reason", version: "1" };
      const { status } = await site.ask(formAddressOf(route, world), { as, method, form });
      const refused = (status >= 400 && status < 500) || policyOf(route).shown?.includes(status);
      expect([method, route.path, status, refused]).toEqual([method, route.path, status, true]);
    }
  expect(await fingerprint()).toEqual(before);
});
