import { expect, test } from "vitest";
import { signInCookie } from "#app/http/sign-in-cookies.server.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { createCustomerSession } from "#app/infra/session-store.server.ts";
import { paths } from "#app/paths.ts";
import { action, loader } from "#app/routes/portal/license.tsx";
import { loader as listLoader } from "#app/routes/portal/licenses.tsx";
import { aCustomer, aLicense } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

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
    request: new Request(`http://localhost:3000${paths.portal.license(licenseId)}`, { headers, ...init }),
    params: { licenseId },
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
