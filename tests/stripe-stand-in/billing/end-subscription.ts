import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import type { StoredSubscription } from "#tests/stripe-stand-in/stored-types.ts";
import { close } from "./close-invoice.ts";
import { hasEnded } from "./ended.ts";
import { unschedule } from "./schedule.ts";
import { invoicesOf } from "./standing.ts";
import { announceChange, changeSubscription, requireSubscription } from "./wire.ts";

type CancellationDetails = NonNullable<StoredSubscription["cancellation_details"]>;
export type EndInput = {
  reason: "cancellation_requested" | "payment_failed" | "payment_disputed" | "canceled_by_retention_policy";
  details?: Partial<Pick<CancellationDetails, "comment" | "feedback">>;
  cause: Cause;
};

/** Ends a subscription for good: `customer.subscription.deleted`. Its drafts and open invoices are not collected by themselves any more. */
export function endSubscription(standIn: StandIn, id: string, input: EndInput): StoredSubscription {
  const before = requireSubscription(standIn, id);
  if (before.status === "incomplete") return expireIncomplete(standIn, id, input.cause);
  const now = standIn.clock.seconds();
  const { status_details: _paused, ...rest } = before;
  unschedule(standIn, id);
  for (const invoice of invoicesOf(standIn, id)) {
    if (invoice.status !== "draft" && invoice.status !== "open") continue;
    standIn.timers.cancel("finalize_invoice", invoice.id);
    standIn.timers.cancel("attempt_invoice", invoice.id);
    standIn.store.invoices.update(invoice.id, { auto_advance: false, next_payment_attempt: null });
  }
  const ended: StoredSubscription = {
    ...rest,
    status: "canceled",
    canceled_at: before.canceled_at ?? now,
    ended_at: now,
    pause_collection: null,
    pending_update: null,
    cancellation_details: {
      comment: null,
      feedback: null,
      feedback_option: null,
      ...before.cancellation_details,
      ...input.details,
      reason: input.reason,
    },
  };
  return announceChange(standIn, before, ended, input.cause, "customer.subscription.deleted");
}

/** A subscription whose first payment never came: `incomplete_expired`, and its invoice void. Does nothing to any other. */
export function expireIncomplete(standIn: StandIn, id: string, cause: Cause): StoredSubscription {
  const before = requireSubscription(standIn, id);
  if (before.status !== "incomplete") return before;
  unschedule(standIn, id);
  const now = standIn.clock.seconds();
  const expired = changeSubscription(
    standIn,
    id,
    { status: "incomplete_expired", ended_at: now, canceled_at: now },
    cause,
  );
  for (const invoice of invoicesOf(standIn, id)) {
    if (invoice.status === "open" || invoice.status === "draft") close(standIn, invoice, "void", cause);
  }
  return expired;
}

/** What deleting a customer does to what they subscribe to. */
export function endSubscriptionsOf(standIn: StandIn, customer: string, cause: Cause): void {
  for (const subscription of standIn.store.subscriptions.where("customer", customer)) {
    if (!hasEnded(subscription)) {
      endSubscription(standIn, subscription.id, { reason: "cancellation_requested", cause });
    }
  }
}
