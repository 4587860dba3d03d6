import { type ClaimedSource, markSourceDirty } from "#app/domain/stripe-sync/claim-source.server.ts";
import { findPurchase } from "#app/domain/stripe-sync/find-purchase.server.ts";
import { flagPayment } from "#app/domain/stripe-sync/flagged-payments.server.ts";
import { inTime, lockLease, settle } from "#app/domain/stripe-sync/settle-source.server.ts";
import { concernsReversal } from "#app/domain/stripe-sync/stripe-source.ts";
import { inTransaction, type Tx } from "#app/infra/db.server.ts";
import { isLivemode } from "#app/infra/stripe.server.ts";
import { wakeWorker } from "#app/infra/wake-worker.server.ts";

const hourMs = 3_600_000;
/** How long an event may be about a purchase Stripe has not told us of yet. */
const unknownPurchaseHours = 24;

/**
 * A payment, an invoice, a refund is not a purchase: finds the purchase it belongs to and passes the hint on, with its
 * events. What may have been taken back is marked as such, so that every sync from then on looks at it.
 */
export async function handOn(claim: ClaimedSource, now: Date): Promise<"handed-on" | "unrelated"> {
  const { purchase, paymentId, mayAppear } = await inTime(
    findPurchase({ sourceId: claim.id, kind: claim.kind }),
  );
  if (!purchase) {
    await settleUnrelated(claim, mayAppear, now);
    return "unrelated";
  }
  const hint = { ...purchase, livemode: isLivemode(), cause: claim.dirtyCause ?? claim.id };
  const open = { sourceId: claim.id, processedAt: null, ignoredAt: null };
  // With the events in one transaction: a sync of the target in between would leave them open for ever. Whoever
  // locks several sources does it in the order of their ids, as the inbox does, so that no two wait in a circle.
  await inTransaction(async (tx) => {
    if (purchase.sourceId < claim.id) await markSourceDirty(hint, tx);
    await lockLease(tx, claim);
    if (purchase.sourceId >= claim.id) await markSourceDirty(hint, tx);
    if (paymentId && (await isAboutReversal(tx, claim)))
      await flagPayment(tx, { paymentId, sourceId: purchase.sourceId, now });
    await tx.stripeEvent.updateMany({ where: open, data: { sourceId: purchase.sourceId } });
    await settle(tx, claim, { now });
  });
  wakeWorker();
  return "handed-on";
}

/** Said by the kind of the object, or by the events that led to the payment. */
async function isAboutReversal(tx: Tx, { id, kind }: ClaimedSource): Promise<boolean> {
  if (kind === "refund" || kind === "dispute" || kind === "fraud_warning") return true;
  const events = await tx.stripeEvent.findMany({
    where: { sourceId: id, processedAt: null, ignoredAt: null },
    distinct: ["type"],
    select: { type: true },
  });
  return events.some(({ type }) => concernsReversal(type));
}

/** Asked again with growing pauses for a day, and then known to be none of ours. */
async function settleUnrelated(claim: ClaimedSource, mayAppear: boolean, now: Date): Promise<void> {
  await inTransaction(async (tx) => {
    const ageMs = now.getTime() - (await happenedAt(tx, claim)).getTime();
    const waiting = mayAppear && ageMs < unknownPurchaseHours * hourMs;
    await settle(tx, claim, {
      now,
      nextCheckAt: waiting ? new Date(now.getTime() + Math.max(60_000, ageMs)) : null,
      ...(!waiting && { ignoredBecause: "This belongs to no purchase of this shop." }),
      keepEventsOpen: waiting,
    });
  });
}

/** By Stripe's clock, which is that of `now`, where an event says so. */
async function happenedAt(tx: Tx, claim: ClaimedSource): Promise<Date> {
  const { _min } = await tx.stripeEvent.aggregate({
    where: { sourceId: claim.id, processedAt: null, ignoredAt: null },
    _min: { created: true },
  });
  return _min.created ?? claim.createdAt;
}
