import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { markSourceDirty } from "#app/domain/stripe-sync/claim-source.server.ts";
import { sourceOfId } from "#app/domain/stripe-sync/stripe-source.ts";
import { claimSubmission } from "#app/domain/submission.server.ts";
import { inTransaction } from "#app/infra/db.server.ts";
import { isLivemode } from "#app/infra/stripe.server.ts";
import { wakeWorker } from "#app/infra/wake-worker.server.ts";

export type ResyncRequest = {
  sourceId: string;
  actor: Extract<Actor, { type: "staff" }>;
  submission: string;
  now: Date;
  requestId?: string;
  /** The event whose replay this is, when it is one. */
  dedupeKey?: string;
};

/**
 * Asks for one purchase to be compared with Stripe again. Changes nothing when all is in step.
 * @throws DomainError NOT_FOUND when the id is none that can be synced.
 */
export async function resyncSource(request: ResyncRequest): Promise<{ message: string }> {
  const source = sourceOfId(request.sourceId);
  if (!source) throw new DomainError("NOT_FOUND", "There is nothing at Stripe to compare this with.");
  const { actor, now, submission } = request;
  const message = "Asked Stripe again. Any difference is corrected within seconds.";
  const repeated = await inTransaction(async (tx) => {
    const before = await claimSubmission(tx, { token: submission, actorId: actor.id, message, now });
    if (before) return before;
    // In one transaction, so that no sync runs between the mark and the event's re-opening, which would never close.
    await markSourceDirty({ ...source, livemode: isLivemode(), cause: `staff ${actor.label}` }, tx);
    if (request.dedupeKey)
      await tx.stripeEvent.updateMany({
        where: { dedupeKey: request.dedupeKey },
        data: {
          sourceId: source.sourceId,
          processedAt: null,
          ignoredAt: null,
          failedAt: null,
          lastError: null,
          note: null,
        },
      });
    await recordAudit(tx, {
      now,
      actor,
      event: "webhook.replayed",
      target: { type: "stripe_source", id: source.sourceId },
      cause: request.dedupeKey ?? null,
      requestId: request.requestId ?? null,
    });
    return null;
  });
  wakeWorker();
  return { message: repeated ?? message };
}
