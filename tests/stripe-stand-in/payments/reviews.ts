import type { Stripe } from "stripe";
import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { idOf, newId } from "#tests/stripe-stand-in/ids.ts";
import type { StoredReview } from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";
import { byEitherId, requireTakenCharge } from "./find-charge.ts";

/** Somebody is to look at a payment: `review.opened`. */
export function openReview(standIn: StandIn, chargeOrIntent: string): StoredReview {
  const charge = requireTakenCharge(standIn, byEitherId(chargeOrIntent));
  const intent = idOf(charge.payment_intent);
  const review = standIn.store.reviews.put({
    id: newId("prv"),
    object: "review",
    billing_zip: null,
    charge: charge.id,
    closed_reason: null,
    created: standIn.clock.seconds(),
    ip_address: null,
    ip_address_location: null,
    livemode: standIn.settings.livemode,
    open: true,
    opened_reason: "rule",
    ...(intent === null ? {} : { payment_intent: intent }),
    reason: "rule",
    session: null,
  });
  standIn.store.charges.update(charge.id, { review: review.id });
  if (intent !== null) standIn.store.paymentIntents.update(intent, { review: review.id });
  emit(standIn, "review.opened", review, null);
  return review;
}

/** Ends an open review: `review.closed`. Closing a closed one changes nothing. */
export function closeReview(
  standIn: StandIn,
  id: string,
  reason: Stripe.Review.ClosedReason,
  cause: Cause = null,
): StoredReview {
  const review = standIn.store.reviews.get(id);
  if (review === undefined) throw new Error(`The stand-in has no review ${id}`);
  if (!review.open) return review;
  const closed = standIn.store.reviews.update(id, { open: false, closed_reason: reason, reason });
  emit(standIn, "review.closed", closed, cause);
  return closed;
}

export function closeReviewsOf(standIn: StandIn, chargeId: string, reason: Stripe.Review.ClosedReason): void {
  for (const { id } of standIn.store.reviews.where("charge", chargeId)) closeReview(standIn, id, reason);
}
