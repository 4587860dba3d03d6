import { expect, test } from "vitest";
import { DomainError } from "#app/domain/domain-error.ts";
import { emailState } from "#app/domain/email-outbox/email.ts";
import { claimDueEmails, markEmailAttemptFailed } from "#app/domain/email-outbox/email-outbox.server.ts";
import { queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import { retryEmail } from "#app/domain/email-outbox/retry-email.server.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import type { Prisma } from "#app/infra/prisma-client/client.ts";
import { aLicense, aStaffMember } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();

const now = new Date("2026-11-21T12:00:00Z");
const later = new Date("2026-11-21T15:00:00Z");

async function aMail(columns: Partial<Prisma.EmailUncheckedUpdateInput> = {}) {
  await db().email.deleteMany();
  const license = await aLicense();
  const props = { licenseId: license.id };
  await inTransaction((tx) =>
    queueEmail(tx, { now, kind: "license-resent", causeKey: "x", recipient: "byuer@example.com", props }),
  );
  const { id } = await db().email.findFirstOrThrow();
  return db().email.update({ where: { id }, data: columns });
}

async function request(emailId: string, overrides: Partial<Parameters<typeof retryEmail>[0]> = {}) {
  const { id, email } = await aStaffMember();
  const actor = { type: "staff" as const, id, label: email };
  return { emailId, actor, submission: crypto.randomUUID(), now: later, requestId: "req_1", ...overrides };
}

async function refusal(promise: Promise<unknown>): Promise<DomainError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DomainError)) throw new Error(`expected a DomainError, got ${String(error)}`);
  return error;
}

test("a mail that was given up is tried again from the start, its alert settled, and the act is on record", async () => {
  const email = await aMail();
  const [claimed] = await claimDueEmails({ now, limit: 1 });
  if (!claimed) throw new Error("nothing was claimed");
  expect(await markEmailAttemptFailed(claimed, { now, error: "550 no", permanent: true })).toBe(true);
  const retry = await request(email.id);
  expect(await retryEmail(retry)).toEqual({ message: "The email to byuer@example.com is on its way." });
  const row = await db().email.findUniqueOrThrow({ where: { id: email.id } });
  expect(row).toMatchObject({
    attempts: 0,
    failedAt: null,
    nextAttemptAt: later,
    messageId: email.messageId,
  });
  expect(await db().alert.findMany()).toMatchObject([{ kind: "email-failed", resolvedAt: later }]);
  expect(await db().auditLog.findFirst({ where: { targetId: email.id } })).toMatchObject({
    event: "email.retried",
    actorId: retry.actor.id,
    before: { state: "failed", attempts: 1, recipient: "byuer@example.com" },
    requestId: "req_1",
  });
});

test("giving up again after a retry asks for attention again", async () => {
  const email = await aMail();
  await db().alert.deleteMany();
  for (const at of [now, later]) {
    const [claimed] = await claimDueEmails({ now: at, limit: 1 });
    if (!claimed) throw new Error("nothing was claimed");
    await markEmailAttemptFailed(claimed, { now: at, error: "550 no", permanent: true });
    if (at === now) await retryEmail(await request(email.id));
  }
  expect(await db().alert.count({ where: { resolvedAt: null } })).toBe(1);
  expect(await db().alert.count()).toBe(2);
});

test("the same submit again changes nothing and says the same", async () => {
  const email = await aMail({ sentAt: now });
  const retry = await request(email.id);
  const first = await retryEmail(retry);
  expect(await retryEmail(retry)).toEqual(first);
  expect(await db().email.count()).toBe(2);
  expect(await db().auditLog.count({ where: { targetId: email.id } })).toBe(1);
});

test("another address gets a mail of its own; the first one stays as a record", async () => {
  const email = await aMail({ failedAt: now, attempts: 8 });
  const retry = await request(email.id, {
    recipient: " Buyer@Example.com ",
    reason: "Typo, confirmed by phone",
  });
  expect(await retryEmail(retry)).toEqual({ message: "A new email to buyer@example.com is on its way." });
  const [first, second] = await db().email.findMany({ orderBy: { createdAt: "asc" } });
  expect(first && emailState(first)).toBe("failed");
  expect(second).toMatchObject({
    kind: "license-resent",
    recipient: "buyer@example.com",
    props: first?.props,
  });
  expect(second?.messageId).not.toBe(first?.messageId);
  const audit = await db().auditLog.findFirstOrThrow({ where: { targetId: email.id } });
  expect(audit).toMatchObject({
    reason: "Typo, confirmed by phone",
    after: { recipient: "buyer@example.com" },
  });
});

test("another address needs a reason and has to be one address", async () => {
  const email = await aMail({ failedAt: now });
  const bad = [
    "",
    "nobody",
    "a@example.com, b@example.com",
    "a@example.com\r\nBcc: b@example.com",
    "a b@example.com",
  ];
  for (const recipient of bad) {
    const error = await refusal(retryEmail(await request(email.id, { recipient, reason: "why not" })));
    expect([error.code, error.field], recipient).toEqual(["INVALID", "recipient"]);
  }
  const error = await refusal(
    retryEmail(await request(email.id, { recipient: "b@example.com", reason: "  " })),
  );
  expect([error.code, error.field]).toEqual(["INVALID", "reason"]);
  expect(await db().email.count()).toBe(1);
});

test("a sign-in code is never sent by staff, least of all to another address", async () => {
  const email = await aMail({ kind: "sign-in-code", props: { expiresAt: later.toISOString() } });
  for (const recipient of [undefined, "staff@example.com"]) {
    const error = await refusal(retryEmail(await request(email.id, { recipient, reason: "please" })));
    expect(error.code).toBe("CONFLICT");
  }
  expect(await db().email.count()).toBe(1);
});

test("a mail that is no longer true, or is not there, is not sent", async () => {
  const email = await aMail({ droppedAt: now, lastError: "The license was revoked." });
  expect((await refusal(retryEmail(await request(email.id)))).code).toBe("CONFLICT");
  expect((await refusal(retryEmail(await request("mail_gone")))).code).toBe("NOT_FOUND");
});
