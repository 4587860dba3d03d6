import { expect, test } from "vitest";
import type { SubscriptionFacts } from "#app/domain/subscription/subscription.ts";
import { subscriptionSnapshot } from "#app/domain/subscription/subscription-snapshot.server.ts";
import { signInCookie } from "#app/http/sign-in-cookies.server.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { createCustomerSession } from "#app/infra/session-store.server.ts";
import { paths } from "#app/paths.ts";
import { action, loader } from "#app/routes/portal/license.tsx";
import { loader as listLoader } from "#app/routes/portal/licenses.tsx";
import { aCustomer, aLicense, anActivation } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";
import { subscriptionFacts } from "#tests/stored-subscription.ts";

await useTestRuntime();

const context = { requestId: "request-1", nonce: "nonce", clientAddress: "127.0.0.1" };

/** A customer with a session and one license; `ask` and `post` go to the page of any license as this customer. */
async function aVisitor() {
  const customer = await aCustomer();
  const license = await aLicense({ customerId: customer.id });
  const { token } = await inTransaction((tx) =>
    createCustomerSession(tx, {
      customerId: customer.id,
      previousToken: null,
      userAgent: null,
      now: new Date(),
    }),
  );
  const headers = { Cookie: signInCookie("customer", token, 60).split(";")[0] ?? "" };
  const argumentsFor = (licenseId: string, init: RequestInit = {}) => ({
    request: new Request(`http://localhost:3000/portal/licenses/${licenseId}`, { headers, ...init }),
    params: { licenseId: licenseId.split("?")[0] ?? "" },
    context,
  });
  return {
    customer,
    license,
    ask: (licenseId: string) => answerOf(loader(argumentsFor(licenseId))),
    post: (licenseId: string, fields: Record<string, string>) =>
      answerOf(action(argumentsFor(licenseId, { method: "POST", body: new URLSearchParams(fields) }))),
    list: () =>
      answerOf(
        listLoader({
          request: new Request("http://localhost:3000/portal", { headers }),
          params: {},
          context,
        }),
      ),
  };
}

/** Thrown responses are answers too. */
async function answerOf(work: Promise<Response>): Promise<Response> {
  return work.catch((thrown: unknown) => {
    if (thrown instanceof Response) return thrown;
    throw thrown;
  });
}

const dayMs = 86_400_000;

function slotOf({ id, items }: SubscriptionFacts, ordinal: number) {
  const paidUntil = new Date(Date.now() + 20 * dayMs);
  const graceUntil = new Date(Date.now() + 22 * dayMs);
  return { sourceId: id, itemKey: items[0]?.id ?? "", ordinal, paidUntil, graceUntil };
}

async function storeSnapshot(facts: SubscriptionFacts): Promise<void> {
  const snapshot = subscriptionSnapshot(facts);
  await db().stripeSource.create({ data: { id: facts.id, kind: "subscription", livemode: false, snapshot } });
}

const resend = () => ({ intent: "resend", submission: crypto.randomUUID() });
const mailsTo = (recipient: string) => db().email.count({ where: { kind: "license-resent", recipient } });

test("who is not signed in is led to the sign-in page and back", async () => {
  const { license } = await aVisitor();
  const request = new Request(`http://localhost:3000${paths.portal.license(license.id)}`);
  const answer = await answerOf(loader({ request, params: { licenseId: license.id }, context }));
  expect(answer.status).toBe(303);
  expect(answer.headers.get("location")).toBe(paths.signIn({ redirectTo: paths.portal.license(license.id) }));
  const posted = await answerOf(
    action({
      request: new Request(request.url, { method: "POST", body: new URLSearchParams(resend()) }),
      params: { licenseId: license.id },
      context,
    }),
  );
  expect(posted.status).toBe(303);
});

test("the owner sees the license and the list; somebody else's license is unknown, like one that never was", async () => {
  const [ada, bob] = [await aVisitor(), await aVisitor()];
  expect((await ada.ask(ada.license.id)).status).toBe(200);
  const foreign = await ada.ask(bob.license.id);
  const none = await ada.ask("lic_none");
  expect([foreign.status, none.status]).toEqual([404, 404]);
  expect(await foreign.text()).toBe(await none.text());
  const listed = JSON.stringify(await (await ada.list()).json());
  expect(listed).toContain(ada.license.id);
  expect(listed).not.toContain(bob.license.id);
});

test("the owner gets the key mailed again; the same form again mails nothing more", async () => {
  const { license, customer, post } = await aVisitor();
  const form = resend();
  for (let i = 0; i < 2; i++) {
    const answer = await post(license.id, form);
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe(paths.portal.license(license.id));
  }
  expect(await mailsTo(customer.email)).toBe(1);
});

test("nobody has somebody else's key mailed", async () => {
  const [ada, bob] = [await aVisitor(), await aVisitor()];
  expect((await ada.post(bob.license.id, resend())).status).toBe(404);
  expect(await mailsTo(ada.customer.email)).toBe(0);
  expect(await mailsTo(bob.customer.email)).toBe(0);
});

test.each([
  {},
  { intent: "revoke", submission: crypto.randomUUID() },
  { intent: "resend", submission: "again" },
  { intent: "billing" },
  { intent: "billing", flow: "somebody-elses" },
  { intent: "release-device" },
])("a form that is not ours (%j) is refused with words and mails nothing", async (fields) => {
  const { license, customer, post } = await aVisitor();
  const answer = await post(license.id, { ...fields });
  expect(answer.status).toBe(422);
  expect(Object.values((await answer.json()).form.errors)).not.toEqual([]);
  expect(await mailsTo(customer.email)).toBe(0);
});

test("after three mails within an hour the owner is told to wait", async () => {
  const { license, customer, post } = await aVisitor();
  for (let i = 0; i < 3; i++) await post(license.id, resend());
  const answer = await post(license.id, resend());
  expect(answer.status).toBe(429);
  expect((await answer.json()).form.formError).toContain("within an hour");
  expect(await mailsTo(customer.email)).toBe(3);
});

test("the list keeps the keys of a subscription together and says what happens next", async () => {
  const { customer, license, list } = await aVisitor();
  const facts = subscriptionFacts("sub_list1");
  const seats = await Promise.all(
    [0, 1, 2].map((ordinal) =>
      aLicense({ customerId: customer.id, term: "subscription", ...slotOf(facts, ordinal) }),
    ),
  );
  await storeSnapshot(facts);
  const { groups, subscriptions } = await (await list()).json();
  expect(groups.map((group: { licenses: unknown[] }) => group.licenses.length).sort()).toEqual([1, 3]);
  expect(JSON.stringify(groups)).toContain(license.id);
  for (const { id } of seats) expect(JSON.stringify(groups)).toContain(id);
  expect(subscriptions).toEqual({
    sub_list1: { next: expect.stringMatching(/^Renews .* for \$45\.00 per month$/), notice: null },
  });
});

test("the page of a subscribed license tells its subscription, which is nobody else's business", async () => {
  const [ada, bob] = [await aVisitor(), await aVisitor()];
  const facts = subscriptionFacts("sub_page1");
  const { id } = await aLicense({ customerId: ada.customer.id, term: "subscription", ...slotOf(facts, 0) });
  await storeSnapshot(facts);
  const shown = await (await ada.ask(id)).json();
  expect(shown.subscription).toMatchObject({
    seats: 3,
    price: expect.stringContaining("per seat per month"),
  });
  // It renews itself, so it is no cause for alarm that its paid time is short.
  expect(shown.license).toMatchObject({ status: "unused", subscriptionId: "sub_page1" });
  expect(shown.renewal).toMatchObject({ ok: false });
  expect((await bob.ask(id)).status).toBe(404);
});

test("coming back from the billing pages leads to the plain page with a word about it", async () => {
  const { license, ask } = await aVisitor();
  const answer = await ask(`${license.id}?back=billing`);
  expect(answer.status).toBe(303);
  expect(answer.headers.get("location")).toBe(paths.portal.license(license.id));
});

test("without a billing account the owner is told so, and nothing was asked of Stripe", async () => {
  const { license, post } = await aVisitor();
  const answer = await post(license.id, { intent: "billing", flow: "manage" });
  expect(answer.status).toBe(422);
  expect((await answer.json()).form.formError).toMatch(/no billing account/);
});

test("a license that cannot be renewed says why, also to whom a mail led there", async () => {
  const { license, ask, post } = await aVisitor();
  const asked = await (await ask(`${license.id}?renew`)).json();
  expect(asked).toMatchObject({ asksToRenew: true, renewal: { ok: false } });
  expect(asked.renewal.problem).toMatch(/never ends/);
  const answer = await post(license.id, { intent: "renew" });
  expect(answer.status).toBe(422);
  expect((await answer.json()).form.formError).toMatch(/never ends/);
  expect(await db().order.count({ where: { renewsLicenseId: license.id } })).toBe(0);
});

test("nobody opens the bill of, or renews, somebody else's license", async () => {
  const [ada, bob] = [await aVisitor(), await aVisitor()];
  for (const form of [{ intent: "renew" }, { intent: "billing", flow: "cancel" }])
    expect((await ada.post(bob.license.id, form)).status).toBe(404);
});

test("the owner sees the devices and releases one; what the app told stays in the page's bounds", async () => {
  const { license, ask, post } = await aVisitor();
  const told = { name: "Studio Mac", platform: "macOS", appVersion: "2.1", hostname: "studio.local" };
  const { id } = await anActivation({ licenseId: license.id, ...told, fingerprint: "f1f2f3" });
  const { devices } = await (await ask(license.id)).json();
  expect(devices).toMatchObject({
    devices: [{ id, name: "Studio Mac", platform: "macOS", appVersion: "2.1", usesSeat: true }],
    release: { allowed: true, words: "You can release 3 devices yourself within 30 days." },
  });
  expect(JSON.stringify(devices)).not.toMatch(/fingerprint|ciphertext|studio\.local/i);
  expect((await (await ask(`${license.id}?release=${id}`)).json()).releasing).toBe(id);
  const answer = await post(license.id, { intent: "release-device", activationId: id });
  expect(answer.status).toBe(303);
  expect(answer.headers.get("location")).toBe(paths.portal.license(license.id));
  expect((await (await ask(license.id)).json()).devices).toMatchObject({ devices: [], total: 0 });
});

test("the owner who has released enough is told when there is another release", async () => {
  const { license, post } = await aVisitor();
  for (let n = 1; n <= 4; n++) await anActivation({ licenseId: license.id, id: `act_${license.id}_${n}` });
  const release = (n: number) =>
    post(license.id, { intent: "release-device", activationId: `act_${license.id}_${n}` });
  for (let n = 1; n <= 3; n++) expect((await release(n)).status).toBe(303);
  const refused = await release(4);
  expect(refused.status).toBe(429);
  expect((await refused.json()).form.formError).toMatch(/You can release another one from .* UTC on/);
  expect((await release(9)).status).toBe(404);
});

test("nobody releases a device of somebody else", async () => {
  const [ada, bob] = [await aVisitor(), await aVisitor()];
  const { id } = await anActivation({ licenseId: bob.license.id });
  const form = { intent: "release-device", activationId: id };
  for (const { id: licenseId } of [bob.license, ada.license])
    expect((await ada.post(licenseId, form)).status).toBe(404);
  expect((await db().activation.findUnique({ where: { id } }))?.releasedAt).toBeNull();
});
