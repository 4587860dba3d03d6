import {
  failingInvoice,
  isEnded,
  type SubscriptionFacts,
  scheduledEnd,
} from "#app/domain/subscription/subscription.ts";

export type Standing =
  | "trial"
  | "active"
  | "ending"
  | "payment-failed"
  | "unpaid"
  | "paused"
  | "billing-paused"
  | "ended";

/** The one thing about a subscription that matters most to its owner: what stops the license first. */
export function standingOf(subscription: SubscriptionFacts): Standing {
  if (isEnded(subscription)) return "ended";
  if (subscription.status === "unpaid") return "unpaid";
  if (subscription.status === "paused") return "paused";
  if (subscription.status === "past_due" || failingInvoice(subscription)) return "payment-failed";
  if (scheduledEnd(subscription)) return "ending";
  if (subscription.pauseCollection) return "billing-paused";
  return subscription.status === "trialing" ? "trial" : "active";
}
