import { afterAll, expect, test } from "vitest";
import { emailState } from "#app/domain/email-outbox/email.ts";
import { claimDueEmails, markEmailAttemptFailed } from "#app/domain/email-outbox/email-outbox.server.ts";
import { type QueuedEmail, queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { renderEmail } from "#app/emails/render-email.server.tsx";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { setRuntimeEnv } from "#app/infra/env.server.ts";
import { closeMailer, sendMail } from "#app/infra/mailer.server.ts";
import { sendDueEmails } from "#app/jobs/send-due-emails.server.ts";
import { aCustomer, aLicense, anOrder } from "#tests/factories.ts";
import { startMailbox } from "#tests/mailbox/mailbox.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

const mailbox = await startMailbox();
const env = await useTestRuntime({ smtpUrl: mailbox.smtpUrl });
afterAll(async () => {
  closeMailer();
  await mailbox.stop();
});

const start = new Date("2026-11-21T12:00:00Z");
const after = (seconds: number) => new Date(start.getTime() + seconds * 1000);

async function emptyOutbox(): Promise<void> {
  await db().email.deleteMany();
  await db().alert.deleteMany();
  mailbox.clear();
}

/** A paid order with one license and the mail that brings its key. */
async function anOwedKey(recipient = "buyer@example.com") {
  const customer = await aCustomer();
  const order = await anOrder({ customerId: customer.id });
  const license = await aLicense({ customerId: customer.id, orderId: order.id });
  await queue({ kind: "license-issued", causeKey: order.id, recipient, props: { orderId: order.id } });
  return { order, license, key: readKey(license) };
}

type Kind = Parameters<typeof queueEmail>[1]["kind"];
function queue<K extends Kind>(email: Omit<QueuedEmail<K>, "now" | "recipient"> & { recipient?: string }) {
  return inTransaction((tx) => queueEmail<K>(tx, { now: start, recipient: "buyer@example.com", ...email }));
}

const onlyRow = () => db().email.findFirstOrThrow();

test("an owed key is mailed once, with the row marked and its subject kept", async () => {
  await emptyOutbox();
  const { order, key } = await anOwedKey();
  expect(await sendDueEmails({ now: start })).toEqual({ sent: 1, dropped: 0, deferred: 0, failed: 0 });
  expect(await sendDueEmails({ now: after(3600) })).toMatchObject({ sent: 0 });
  const [mail, ...others] = mailbox.messages();
  expect(others).toEqual([]);
  expect(mail?.text).toContain(key);
  expect(mail?.html).toContain(key);
  const row = await onlyRow();
  expect(row).toMatchObject({ attempts: 1, subject: mail?.subject, lastError: null, leaseToken: null });
  expect(row.subject).toContain(`(order #${order.number})`);
  expect(emailState(row)).toBe("sent");
  expect(mail?.messageId).toBe(row.messageId);
});

test("eight workers at once send thirty mails once each", async () => {
  await emptyOutbox();
  for (let n = 0; n < 30; n++) await anOwedKey(`buyer${n}@example.com`);
  const results = await Promise.all(
    Array.from({ length: 8 }, () => sendDueEmails({ now: start, limit: 100 })),
  );
  expect(results.reduce((sum, result) => sum + result.sent, 0)).toBe(30);
  const recipients = mailbox.messages().flatMap((mail) => mail.recipients);
  expect(recipients).toHaveLength(30);
  expect(new Set(recipients).size).toBe(30);
});

test("no more mails are sent than the limit", async () => {
  await emptyOutbox();
  for (let n = 0; n < 8; n++) await anOwedKey(`buyer${n}@example.com`);
  expect(await sendDueEmails({ now: start, limit: 7 })).toMatchObject({ sent: 7 });
  expect(mailbox.messages()).toHaveLength(7);
});

test("a crash between sending and marking repeats the mail with the same Message-ID once the lease is over", async () => {
  await emptyOutbox();
  await anOwedKey();
  const [claimed] = await claimDueEmails({ now: start, limit: 5 });
  if (!claimed) throw new Error("nothing was claimed");
  const rendered = await renderEmail(claimed, { reveal: true, now: start });
  if ("dropped" in rendered) throw new Error(rendered.dropped);
  await sendMail({ ...rendered, to: claimed.recipient, from: env.mailFrom, messageId: claimed.messageId });
  // Here the process died.
  expect(await sendDueEmails({ now: after(59) })).toMatchObject({ sent: 0 });
  expect(await sendDueEmails({ now: after(61) })).toMatchObject({ sent: 1 });
  const [first, second, ...others] = mailbox.messages();
  expect(others).toEqual([]);
  expect(second?.messageId).toBe(first?.messageId);
  expect(second?.text).toBe(first?.text);
});

test("a mail whose lease was taken over cannot be put back by the one who lost it", async () => {
  await emptyOutbox();
  await anOwedKey();
  const [slow] = await claimDueEmails({ now: start, limit: 5 });
  if (!slow) throw new Error("nothing was claimed");
  expect(await sendDueEmails({ now: after(61) })).toMatchObject({ sent: 1 });
  await markEmailAttemptFailed(slow, { now: after(62), error: "too late", permanent: true });
  expect(emailState(await onlyRow())).toBe("sent");
  expect(await db().alert.count()).toBe(0);
});

test("a temporary failure comes back later and later, then is given up where people see it", async () => {
  await emptyOutbox();
  await anOwedKey();
  mailbox.failNext(8, 451);
  let now = start;
  const waits: number[] = [];
  for (let n = 1; n <= 7; n++) {
    expect(await sendDueEmails({ now })).toMatchObject({ deferred: 1, sent: 0 });
    const row = await onlyRow();
    expect(row).toMatchObject({ attempts: n, leaseToken: null, failedAt: null });
    expect(row.lastError).toContain("451");
    waits.push((row.nextAttemptAt.getTime() - now.getTime()) / 1000);
    expect(await sendDueEmails({ now: new Date(row.nextAttemptAt.getTime() - 2000) })).toMatchObject({
      deferred: 0,
    });
    now = row.nextAttemptAt;
  }
  expect(await sendDueEmails({ now })).toMatchObject({ failed: 1 });
  expect(waits).toEqual([...waits].sort((a, b) => a - b));
  expect(waits[0]).toBeGreaterThanOrEqual(30);
  expect(now.getTime() - start.getTime()).toBeLessThan(24.1 * 3600 * 1000);
  expect(emailState(await onlyRow())).toBe("failed");
  expect(await db().alert.findMany()).toMatchObject([{ kind: "email-failed", orderId: null }]);
  expect(await sendDueEmails({ now: new Date(now.getTime() + 9e9) })).toMatchObject({ sent: 0, failed: 0 });
  expect(mailbox.messages()).toEqual([]);
});

test("a recipient the server refuses for good is given up at once", async () => {
  await emptyOutbox();
  await anOwedKey();
  mailbox.failNext(1, 550);
  expect(await sendDueEmails({ now: start })).toMatchObject({ failed: 1, deferred: 0 });
  const row = await onlyRow();
  expect(row.lastError).toContain("550");
  expect(await db().alert.count({ where: { kind: "email-failed", resolvedAt: null } })).toBe(1);
});

test("while the mail server is away nothing is lost, and one bad mail does not hold up the others", async () => {
  await emptyOutbox();
  await anOwedKey();
  mailbox.refuse(true);
  expect(await sendDueEmails({ now: start })).toMatchObject({ deferred: 1 });
  mailbox.refuse(false);
  await anOwedKey("second@example.com");
  await db().email.updateMany({
    where: { recipient: "second@example.com" },
    data: { props: { wrong: true } },
  });
  expect(await sendDueEmails({ now: after(60) })).toMatchObject({ sent: 1, deferred: 1 });
  const broken = await db().email.findFirstOrThrow({ where: { recipient: "second@example.com" } });
  expect(broken.lastError).toContain("orderId");
});

test("without SMTP_URL nothing is sent and every mail stays queued", async () => {
  await emptyOutbox();
  await anOwedKey();
  setRuntimeEnv({ ...env, smtpUrl: undefined });
  expect(await sendDueEmails({ now: start })).toEqual({ sent: 0, dropped: 0, deferred: 0, failed: 0 });
  expect(await onlyRow()).toMatchObject({ attempts: 0, leaseToken: null, sentAt: null });
  setRuntimeEnv(env);
  expect(await sendDueEmails({ now: start })).toMatchObject({ sent: 1 });
});

test("a sign-in code is in the mail, never in the row in clear, and erased after sending", async () => {
  await emptyOutbox();
  const code = "7KQ2M9XB";
  const props = { expiresAt: after(600).toISOString() };
  await queue({ kind: "sign-in-code", causeKey: "flow", props, secret: code });
  const before = await onlyRow();
  expect(before.secret).not.toBeNull();
  expect(await sendDueEmails({ now: start })).toMatchObject({ sent: 1 });
  const row = await onlyRow();
  expect(row.secret).toBeNull();
  for (const stored of [before, row]) {
    const { secret, ...clear } = stored;
    expect(JSON.stringify(clear)).not.toContain(code);
    expect(Buffer.from(secret ?? []).toString("latin1")).not.toContain(code);
  }
  const [mail] = mailbox.messages();
  expect(mail?.text).toContain("7KQ2-M9XB");
  expect(mail?.text).toContain("10 minutes");
  expect(mail?.text).toContain(`${env.appUrl}/sign-in?code=${code}`);
  expect(mail?.text).toContain("If you did not ask");
  expect(mail?.subject).not.toContain("7KQ2");
});

test("no row of the outbox holds a key, before or after sending", async () => {
  await emptyOutbox();
  const { key, license } = await anOwedKey();
  await queue({ kind: "license-resent", causeKey: "again", props: { licenseId: license.id } });
  const rows = await db().email.findMany();
  await sendDueEmails({ now: start });
  rows.push(...(await db().email.findMany()));
  expect(rows).toHaveLength(4);
  const groups = key.split("-").slice(1);
  for (const row of rows) for (const group of groups) expect(JSON.stringify(row)).not.toContain(group);
});

test("mails that are no longer true are dropped, with the reason", async () => {
  await emptyOutbox();
  const revoked = await anOwedKey("revoked@example.com");
  await db().license.update({ where: { id: revoked.license.id }, data: { revokedAt: start } });
  const paid = await anOrder({ awaitingPaymentAt: start });
  const unpaid = await anOrder({
    awaitingPaymentAt: start,
    paymentFailedAt: start,
    paidAt: null,
    fulfilledAt: null,
  });
  await queue({ kind: "payment-pending", causeKey: "a", props: { orderId: paid.id } });
  await queue({ kind: "payment-pending", causeKey: "b", props: { orderId: unpaid.id } });
  await queue({ kind: "payment-failed", causeKey: "c", props: { orderId: paid.id } });
  const expired = { expiresAt: after(-1).toISOString() };
  await queue({ kind: "sign-in-code", causeKey: "d", props: expired, secret: "7KQ2M9XB" });
  await queue({ kind: "license-resent", causeKey: "e", props: { licenseId: revoked.license.id } });
  await queue({ kind: "license-issued", causeKey: "f", props: { orderId: "ord_gone" } });
  const good = await aLicense();
  await queue({ kind: "license-changed", causeKey: "g", props: { licenseId: good.id, change: "suspended" } });
  await queue({ kind: "license-changed", causeKey: "h", props: { licenseId: good.id, change: "revoked" } });
  for (const change of ["extended", "reinstated"] as const)
    await queue({
      kind: "license-changed",
      causeKey: change,
      props: { licenseId: revoked.license.id, change },
    });
  expect(await sendDueEmails({ now: start, limit: 50 })).toEqual({
    sent: 0,
    dropped: 11,
    deferred: 0,
    failed: 0,
  });
  expect(mailbox.messages()).toEqual([]);
  for (const row of await db().email.findMany()) {
    expect(emailState(row)).toBe("dropped");
    expect(row.secret).toBeNull();
    expect(row.lastError, row.kind).toMatch(/\.$/);
  }
});

test("mails that are still true are sent: pending, failed, suspended, revoked, and the rest of a partly revoked order", async () => {
  await emptyOutbox();
  const { order, license, key } = await anOwedKey();
  const second = await aLicense({ customerId: license.customerId, orderId: order.id, revokedAt: start });
  const open = { paidAt: null, fulfilledAt: null, awaitingPaymentAt: start };
  const pending = await anOrder(open);
  const failed = await anOrder({ ...open, paymentFailedAt: start });
  await queue({ kind: "payment-pending", causeKey: "a", props: { orderId: pending.id } });
  await queue({ kind: "payment-failed", causeKey: "b", props: { orderId: failed.id } });
  await queue({ kind: "license-changed", causeKey: "c", props: { licenseId: second.id, change: "revoked" } });
  const held = await aLicense();
  await db().licenseHold.create({ data: { id: "hold_1", licenseId: held.id, cause: "staff", reason: "x" } });
  await queue({ kind: "license-changed", causeKey: "d", props: { licenseId: held.id, change: "suspended" } });
  expect(await sendDueEmails({ now: start })).toMatchObject({ sent: 5, dropped: 0 });
  const issued = await mailbox.waitFor((mail) => mail.subject.includes(`order #${order.number}`));
  expect(issued.text).toContain(key);
  expect(issued.text).not.toContain(readKey(second));
});

test("a stored address that would smuggle in a header is never sent to", async () => {
  await emptyOutbox();
  await anOwedKey("buyer@example.com\r\nBcc: victim@example.com");
  expect(await sendDueEmails({ now: start })).toMatchObject({ failed: 1 });
  expect(mailbox.messages()).toEqual([]);
});
