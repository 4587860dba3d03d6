import { emailAddress } from "#app/domain/account/email-address.server.ts";
import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { emailState, retryObstacle } from "#app/domain/email-outbox/email.ts";
import { failedEmailAlertKey } from "#app/domain/email-outbox/email-outbox.server.ts";
import { parseEmailProps } from "#app/domain/email-outbox/email-props.server.ts";
import { queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import { claimSubmission } from "#app/domain/submission.server.ts";
import type { Tx } from "#app/infra/db.server.ts";
import type { Email } from "#app/infra/prisma-client/client.ts";
import { inTransactionThenWake } from "#app/infra/wake-worker.server.ts";

export type RetryEmail = {
  emailId: string;
  actor: Extract<Actor, { type: "staff" }>;
  submission: string;
  /** Another address than the mail was for; needs a reason. */
  recipient?: string | undefined;
  reason?: string | undefined;
  now: Date;
  requestId?: string | null;
};

/**
 * Sends a mail (again): one that waits or was given up goes out now, with all its tries before it. A mail that was
 * sent, or that goes to another address, stays as it is, as a record, and a new one of its kind is queued.
 * @throws DomainError NOT_FOUND; CONFLICT with the obstacle `retryObstacle` names; INVALID for a wrong address or a
 *   missing reason.
 */
export function retryEmail(request: RetryEmail): Promise<{ message: string }> {
  return inTransactionThenWake(async (tx) => {
    const email = await tx.email.findUnique({ where: { id: request.emailId } });
    if (!email) throw new DomainError("NOT_FOUND", "There is no such email.");
    const recipient = requireRecipient(email, request.recipient);
    const elsewhere = recipient !== email.recipient;
    const again = elsewhere || email.sentAt !== null;
    const message = again
      ? `A new email to ${recipient} is on its way.`
      : `The email to ${recipient} is on its way.`;
    const { submission: token, actor, now } = request;
    const said = await claimSubmission(tx, { token, actorId: actor.id, message, now });
    if (said !== null) return { message: said };
    const obstacle = retryObstacle(email);
    if (obstacle) throw new DomainError("CONFLICT", obstacle);
    const reason = requireReason(elsewhere, request.reason);
    if (again) await queueAgain(tx, email, recipient, request);
    else await resetTries(tx, email, now);
    await resolveAlerts(tx, email, now);
    await record(tx, email, { ...request, recipient, reason });
    return { message };
  });
}

function requireRecipient(email: Email, typed: string | undefined): string {
  if (typed === undefined) return email.recipient;
  const parsed = emailAddress.safeParse(typed);
  if (parsed.success) return parsed.data;
  throw new DomainError("INVALID", "Enter one address, for example name@example.com.", {
    field: "recipient",
  });
}

function requireReason(elsewhere: boolean, typed: string | undefined): string | null {
  const reason = typed?.trim() ?? "";
  if (elsewhere && reason === "")
    throw new DomainError(
      "INVALID",
      "Say why the email goes to another address; it is kept in the audit log.",
      {
        field: "reason",
      },
    );
  if (reason.length > 500)
    throw new DomainError("INVALID", "Keep the reason within 500 characters.", { field: "reason" });
  return reason || null;
}

async function queueAgain(tx: Tx, email: Email, recipient: string, request: RetryEmail): Promise<void> {
  const { kind, props } = parseEmailProps(email);
  const { customerId, orderId, licenseId } = email;
  const causeKey = `retry:${request.submission}`;
  await queueEmail(tx, {
    now: request.now,
    kind,
    causeKey,
    recipient,
    props,
    customerId,
    orderId,
    licenseId,
  });
}

async function resetTries(tx: Tx, email: Email, now: Date): Promise<void> {
  // Not the lease: a mail that is on the wire at this moment must not go out twice because of a click.
  await tx.email.updateMany({
    where: { id: email.id, sentAt: null, droppedAt: null },
    data: { failedAt: null, attempts: 0, nextAttemptAt: now },
  });
}

/** Somebody looked: what asked for it is done. Giving up again raises a new alert. */
async function resolveAlerts(tx: Tx, email: Email, now: Date): Promise<void> {
  await tx.alert.updateMany({
    where: {
      kind: "email-failed",
      causeKey: { startsWith: failedEmailAlertKey(email.id) },
      resolvedAt: null,
    },
    data: { resolvedAt: now },
  });
}

function record(
  tx: Tx,
  email: Email,
  request: Omit<RetryEmail, "reason"> & { recipient: string; reason: string | null },
): Promise<void> {
  return recordAudit(tx, {
    now: request.now,
    actor: request.actor,
    event: "email.retried",
    target: { type: "email", id: email.id },
    licenseId: email.licenseId,
    orderId: email.orderId,
    customerId: email.customerId,
    reason: request.reason,
    before: { state: emailState(email), recipient: email.recipient, attempts: email.attempts },
    after: { state: "queued", recipient: request.recipient },
    requestId: request.requestId ?? null,
  });
}
