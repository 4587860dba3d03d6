import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { newId } from "#app/domain/ids.ts";
import { claimSubmission } from "#app/domain/submission.server.ts";
import { inTransaction, type Tx } from "#app/infra/db.server.ts";

export type AlertKind =
  | "unmapped-price"
  | "no-email"
  | "fulfillment-failed"
  | "email-failed"
  | "mode-mismatch"
  | "too-many-units"
  | "dispute-opened"
  | "dispute-lost"
  | "inquiry-opened"
  | "refund-failed"
  | "partial-refund"
  | "fraud-warning"
  | "invoice-not-finalized"
  | "invoice-uncollectible"
  | "payment-attempt-required"
  | "price-vanished";

export type NewAlert = {
  now: Date;
  kind: AlertKind;
  /** With the kind, what makes this alert the only one: a session id, a mail id. */
  causeKey: string;
  /** The problem and the remedy, for a member of staff. */
  message: string;
  sourceId?: string | null;
  orderId?: string | null;
};

/**
 * Asks a person to look. The same kind and cause again changes nothing, also after it was resolved.
 * @returns whether nobody was asked before.
 */
export async function raiseAlert(tx: Tx, alert: NewAlert): Promise<boolean> {
  const { count } = await tx.alert.createMany({
    data: [
      {
        id: newId("alert", alert.now),
        kind: alert.kind,
        causeKey: alert.causeKey,
        message: alert.message,
        sourceId: alert.sourceId ?? null,
        orderId: alert.orderId ?? null,
        createdAt: alert.now,
      },
    ],
    skipDuplicates: true,
  });
  return count > 0;
}

/** @throws DomainError NOT_FOUND */
export async function resolveAlert(input: {
  alertId: string;
  actor: Extract<Actor, { type: "staff" }>;
  submission: string;
  now: Date;
  requestId?: string;
}): Promise<{ message: string }> {
  const { alertId, actor, submission, now } = input;
  return inTransaction(async (tx) => {
    const message = "Alert resolved.";
    const repeated = await claimSubmission(tx, { token: submission, actorId: actor.id, message, now });
    if (repeated) return { message: repeated };
    const alert = await tx.alert.findUnique({ where: { id: alertId } });
    if (!alert) throw new DomainError("NOT_FOUND", "There is no such alert.");
    if (!alert.resolvedAt) {
      await tx.alert.update({ where: { id: alertId }, data: { resolvedAt: now } });
      await recordAudit(tx, {
        now,
        actor,
        event: "alert.resolved",
        target: { type: "alert", id: alertId },
        orderId: alert.orderId,
        after: { kind: alert.kind, message: alert.message },
        requestId: input.requestId ?? null,
      });
    }
    return { message };
  });
}
