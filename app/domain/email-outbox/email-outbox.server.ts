import { randomUUID } from "node:crypto";
import { raiseAlert } from "#app/domain/alert/alert.server.ts";
import { retryDelaySeconds } from "#app/domain/email-outbox/retry-schedule.ts";
import { db, inTransaction, pool } from "#app/infra/db.server.ts";
import type { Email } from "#app/infra/prisma-client/client.ts";

/** A mail that this caller alone may send until `leaseUntil`. */
export type ClaimedEmail = Email & { leaseToken: string };

/** Longer than one send may take, so that a mail being sent is never claimed by somebody else. */
export const leaseSeconds = 60;

/**
 * Leases up to `limit` due mails in one statement. Any number of processes may call it at once: a mail is never in
 * two leases. A lease that ran out (its process died) makes the mail due again.
 */
export async function claimDueEmails(input: { now: Date; limit: number }): Promise<ClaimedEmail[]> {
  const { now, limit } = input;
  const leaseToken = randomUUID();
  // MATERIALIZED: the planner must not run the locking part twice and lease more than the limit.
  const { rows } = await pool().query<{ id: string }>(
    `WITH due AS MATERIALIZED (
       SELECT id FROM email
       WHERE sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL
         AND next_attempt_at <= $3 AND (lease_until IS NULL OR lease_until <= $3)
       ORDER BY next_attempt_at LIMIT $4 FOR UPDATE SKIP LOCKED
     )
     UPDATE email SET lease_token = $1, lease_until = $2 FROM due WHERE email.id = due.id RETURNING email.id`,
    [leaseToken, new Date(now.getTime() + leaseSeconds * 1000), now, limit],
  );
  if (rows.length === 0) return [];
  const emails = await db().email.findMany({
    where: { id: { in: rows.map((row) => row.id) }, leaseToken },
    orderBy: [{ nextAttemptAt: "asc" }, { id: "asc" }],
  });
  return emails.map((email) => ({ ...email, leaseToken }));
}

/**
 * The server took the mail: whatever happened to the lease meanwhile, that is true. Erases the secret, since nobody
 * needs it any more.
 */
export async function markEmailSent(
  email: ClaimedEmail,
  sent: { now: Date; subject: string },
): Promise<void> {
  await db().email.updateMany({
    where: { id: email.id, sentAt: null },
    data: {
      sentAt: sent.now,
      subject: sent.subject,
      secret: null,
      attempts: { increment: 1 },
      lastError: null,
      failedAt: null,
      leaseToken: null,
      leaseUntil: null,
    },
  });
}

/** The mail is no longer true, so it is not sent; `reason` says why to staff. */
export async function markEmailDropped(
  email: ClaimedEmail,
  dropped: { now: Date; reason: string },
): Promise<void> {
  await db().email.updateMany({
    where: { id: email.id, leaseToken: email.leaseToken },
    data: {
      droppedAt: dropped.now,
      lastError: dropped.reason,
      secret: null,
      leaseToken: null,
      leaseUntil: null,
    },
  });
}

/**
 * A try failed: comes back later by the retry schedule, or, when that is exhausted or `permanent`, gives the mail up
 * where people see it. A caller whose lease was taken over changes nothing.
 * @returns whether the mail was given up
 */
export async function markEmailAttemptFailed(
  email: ClaimedEmail,
  failure: { now: Date; error: string; permanent: boolean; random?: number },
): Promise<boolean> {
  const { now, error, permanent } = failure;
  const delaySeconds = permanent
    ? null
    : retryDelaySeconds(email.attempts + 1, failure.random ?? Math.random());
  const mine = { id: email.id, leaseToken: email.leaseToken, sentAt: null };
  const tried = { attempts: { increment: 1 }, lastError: error, leaseToken: null, leaseUntil: null };
  if (delaySeconds !== null) {
    const nextAttemptAt = new Date(now.getTime() + delaySeconds * 1000);
    await db().email.updateMany({ where: mine, data: { ...tried, nextAttemptAt } });
    return false;
  }
  return inTransaction(async (tx) => {
    const { count } = await tx.email.updateMany({
      where: mine,
      data: { ...tried, failedAt: now, secret: null },
    });
    if (count === 0) return false;
    await raiseAlert(tx, {
      now,
      kind: "email-failed",
      // One alert each time it is given up, also after a retry by staff.
      causeKey: failedEmailAlertKey(email.id, now),
      message: `The ${email.kind} mail ${email.id} could not be sent: ${error} Retry it, or send it to another address.`,
      orderId: email.orderId,
    });
    return true;
  });
}

/** Alerts about one mail share the start of this key. */
export function failedEmailAlertKey(emailId: string, at?: Date): string {
  return `${emailId}@${at?.toISOString() ?? ""}`;
}
