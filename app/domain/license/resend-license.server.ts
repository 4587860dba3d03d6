import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { normalizeEmail } from "#app/domain/customer/customer.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import {
  claim,
  type LockedLicense,
  lockLicense,
  remember,
  requireReason,
} from "#app/domain/license/change-license.server.ts";
import type { Tx } from "#app/infra/db.server.ts";
import { inTransactionThenWake } from "#app/infra/wake-worker.server.ts";

type Resend = {
  licenseId: string;
  submission: string;
  now: Date;
  requestId: string | null;
};

/** How often its owner may ask for the same key within an hour. */
export const ownerResendsPerHour = 3;
const hourMs = 3_600_000;

/**
 * Mails a key again, to its owner or to `recipient`, a corrected address, for which a reason is required; that of a
 * license without an owner always needs both. The owner stays who they are, and nothing about the license changes, so
 * no version is asked for.
 * @throws DomainError NOT_FOUND, or INVALID (revoked, no address, no reason).
 */
export function resendLicense(
  request: Resend & {
    actor: Actor & { type: "staff" | "api-key" };
    recipient?: string | undefined;
    reason?: string;
  },
): Promise<{ message: string }> {
  return inTransactionThenWake(async (tx) => {
    const license = await lockLicense(tx, request.licenseId);
    const said = await claim(tx, request);
    if (said !== null) return { message: said };
    const typed = normalizeEmail(request.recipient ?? "");
    const recipient = typed || (license.customer?.email ?? "");
    if (!/^[^\s@]+@[^\s@]+$/.test(recipient) || recipient.length > 254)
      throw new DomainError("INVALID", "Enter an address such as name@example.com.", { field: "recipient" });
    const elsewhere = recipient !== license.customer?.email;
    const reason = elsewhere || request.reason?.trim() ? requireReason(request.reason ?? "") : null;
    return send(tx, license, { ...request, recipient, reason });
  });
}

/**
 * Mails a key to the customer who owns it and asks for it, three times an hour at most.
 * @throws DomainError NOT_FOUND for somebody else's license, RATE_LIMITED with `context.retryAfterSeconds`,
 * INVALID when it is revoked.
 */
export function resendLicenseToOwner(
  request: Resend & { customerId: string; actor: Actor & { type: "customer" } },
): Promise<{ message: string }> {
  return inTransactionThenWake(async (tx) => {
    const license = await lockLicense(tx, request.licenseId);
    const owner = license.customer;
    if (owner?.id !== request.customerId)
      throw new DomainError("NOT_FOUND", "There is no license with this id.");
    const said = await claim(tx, request);
    if (said !== null) return { message: said };
    await limitOwner(tx, license, request.now);
    return send(tx, license, { ...request, recipient: owner.email, reason: null });
  });
}

async function limitOwner(tx: Tx, license: LockedLicense, now: Date): Promise<void> {
  const since = new Date(now.getTime() - hourMs);
  const recent = await tx.auditLog.findMany({
    where: { licenseId: license.id, event: "license.resent", actorType: "customer", at: { gt: since } },
    orderBy: { at: "desc" },
    take: ownerResendsPerHour,
  });
  const oldest = recent[ownerResendsPerHour - 1];
  if (!oldest) return;
  const retryAfterSeconds = Math.max(1, Math.ceil((oldest.at.getTime() + hourMs - now.getTime()) / 1000));
  throw new DomainError(
    "RATE_LIMITED",
    `This key was sent ${ownerResendsPerHour} times within an hour. Look in your spam folder, or ask again in ${Math.ceil(retryAfterSeconds / 60)} minutes.`,
    { context: { retryAfterSeconds } },
  );
}

async function send(
  tx: Tx,
  license: LockedLicense,
  request: Resend & { actor: Actor; recipient: string; reason: string | null },
): Promise<{ message: string }> {
  const { now, actor, recipient } = request;
  if (license.revokedAt)
    throw new DomainError(
      "INVALID",
      "This license was revoked and its key no longer works, so it is not sent.",
    );
  await queueEmail(tx, {
    now,
    kind: "license-resent",
    causeKey: request.submission,
    recipient,
    props: { licenseId: license.id },
    customerId: license.customerId,
    orderId: license.orderId,
    licenseId: license.id,
  });
  await recordAudit(tx, {
    now,
    actor,
    event: "license.resent",
    target: { type: "license", id: license.id },
    licenseId: license.id,
    orderId: license.orderId,
    customerId: license.customerId,
    reason: request.reason,
    after: { recipient },
    requestId: request.requestId,
  });
  const message = `Key sent again to ${recipient}.`;
  await remember(tx, request.submission, message);
  return { message };
}
