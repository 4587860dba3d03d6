import { expect, test } from "vitest";
import type { Role } from "#app/domain/account/roles.ts";
import { queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { setRuntimeEnv } from "#app/infra/env.server.ts";
import { createStaffSession } from "#app/infra/session-store.server.ts";
import { action, loader as emailLoader } from "#app/routes/admin/email.tsx";
import { loader as previewLoader } from "#app/routes/admin/email-preview.ts";
import { loader as emailsLoader } from "#app/routes/admin/emails.tsx";
import { aLicense, aStaffMember } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

const env = await useTestRuntime({ smtpUrl: "smtp://127.0.0.1:9" });
const now = new Date();
const context = { requestId: "req_1", nonce: "n", clientAddress: "127.0.0.1" };

const license = await aLicense();
const key = readKey(license);
const props = { licenseId: license.id };
await inTransaction((tx) =>
  queueEmail(tx, { now, kind: "license-resent", causeKey: "x", recipient: "buyer@example.com", props }),
);
const { id: emailId } = await db().email.findFirstOrThrow();

async function ask(role: Role, path: string, form?: Record<string, string>) {
  const { id } = await aStaffMember({ role });
  const session = { previousToken: null, userAgent: null, now, staffMemberId: id };
  const { token } = await inTransaction((tx) => createStaffSession(tx, session));
  const headers = { Cookie: `latchkey-staff=${token}` };
  const init = form ? { method: "POST", body: new URLSearchParams(form), headers } : { headers };
  return { request: new Request(`http://localhost:3000${path}`, init), params: { emailId }, context };
}

async function statusOf(answer: Promise<unknown>): Promise<number> {
  const response = await answer.catch((thrown: unknown) => thrown);
  if (!(response instanceof Response)) throw new Error("the answer is no response");
  return response.status;
}

test("the preview is masked for every role while mails are sent, and may run and load nothing", async () => {
  for (const role of ["owner", "viewer"] as const) {
    const response = await previewLoader(await ask(role, `/admin/emails/${emailId}/preview`));
    const html = await response.text();
    expect(html).toContain("••••");
    for (const group of key.split("-").slice(1, -1)) expect(html).not.toContain(group);
    const csp = response.headers.get("Content-Security-Policy");
    expect(csp).toMatch(
      /^default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'/,
    );
    const page = await emailLoader(await ask(role, `/admin/emails/${emailId}?view=text`));
    expect(JSON.stringify(page)).not.toContain(key);
  }
});

test("without a mail server the key can be read here by whoever may reveal keys, and by nobody else", async () => {
  setRuntimeEnv({ ...env, smtpUrl: undefined });
  const htmlFor = async (role: Role) =>
    (await previewLoader(await ask(role, `/admin/emails/${emailId}/preview`))).text();
  expect(await htmlFor("support")).toContain(key);
  expect(await htmlFor("viewer")).not.toContain(key);
  const { masked, text } = await emailLoader(await ask("viewer", `/admin/emails/${emailId}`));
  expect(masked).toBe(true);
  expect(text).not.toContain(key);
  setRuntimeEnv(env);
});

test("a list with a mangled address shows its defaults, and never a secret", async () => {
  const page = await emailsLoader(await ask("viewer", "/admin/emails?state=boiled&kind=1&after=%00&q=%00"));
  expect(page.filter).toMatchObject({ state: undefined, kind: undefined });
  expect(page.emails).toHaveLength(1);
  expect(JSON.stringify(page)).not.toContain("secret");
});

test("a viewer may look but not send, and an unknown mail is not there", async () => {
  const path = `/admin/emails/${emailId}`;
  const form = { intent: "retry", submission: crypto.randomUUID() };
  expect(await statusOf(action(await ask("viewer", path, form)))).toBe(403);
  const gone = { params: { emailId: "mail_none" } };
  expect(await statusOf(emailLoader({ ...(await ask("viewer", path)), ...gone }))).toBe(404);
  expect(await statusOf(previewLoader({ ...(await ask("viewer", path)), ...gone }))).toBe(404);
  expect(await statusOf(action({ ...(await ask("owner", path, form)), ...gone }))).toBe(404);
});

test("a wrong address gives the field its message and keeps what was typed", async () => {
  const form = { intent: "redirect", submission: crypto.randomUUID(), recipient: "buyer@", reason: "Typo" };
  const response = await action(await ask("support", `/admin/emails/${emailId}`, form));
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({
    form: {
      errors: { recipient: expect.stringContaining("name@example.com") },
      values: { recipient: "buyer@", reason: "Typo" },
    },
  });
  expect(await db().email.count()).toBe(1);
});

test("a retry by staff answers with a message on the mail's page", async () => {
  const form = { intent: "retry", submission: crypto.randomUUID() };
  const response = await action(await ask("support", `/admin/emails/${emailId}`, form));
  expect(response.status).toBe(303);
  expect(response.headers.get("Location")).toBe(`/admin/emails/${emailId}`);
});
