import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import type { StoredInvoice, StoredSubscription } from "#tests/stripe-stand-in/stored-types.ts";
import { resumeAfterPayment } from "./pause-subscription.ts";
import { applyPendingUpdate } from "./pending-update.ts";
import { scheduleNext } from "./schedule.ts";
import { billingSettings } from "./settings.ts";
import { changeSubscription } from "./wire.ts";

/** Every invoice of a subscription, oldest first. */
export function invoicesOf(standIn: StandIn, subscriptionId: string): StoredInvoice[] {
  return standIn.store.invoiceRecords
    .where("subscription", subscriptionId)
    .flatMap(({ id }) => standIn.store.invoices.get(id) ?? []);
}

/** The invoice that decides a subscription's standing: the newest that is not void and, unless asked for, no draft. */
export function governingInvoice(
  standIn: StandIn,
  subscriptionId: string,
  withDrafts = false,
): StoredInvoice | undefined {
  return invoicesOf(standIn, subscriptionId)
    .filter(({ status }) => status !== "void" && (withDrafts || status !== "draft"))
    .at(-1);
}

/** What a payment does to its subscription: it starts, recovers, resumes or gets the change that waited for the money. */
export function reviewAfterPayment(standIn: StandIn, invoice: StoredInvoice, cause: Cause): void {
  const subscriptionId = standIn.store.invoiceRecords.get(invoice.id)?.subscription;
  const record = standIn.store.subscriptionRecords.get(subscriptionId ?? "");
  if (record === undefined) return;
  if (invoice.amount_paid > 0) standIn.store.subscriptionRecords.update(record.id, { hasBeenPaid: true });
  if (record.pendingUpdate?.invoice === invoice.id) applyPendingUpdate(standIn, record.id, cause);
  if (record.awaitedInvoice === invoice.id) {
    if (billingSettings(standIn).resumeOnPayment || invoice.billing_reason === "subscription_update") {
      resumeAfterPayment(standIn, record.id, invoice, cause);
    }
    return;
  }
  activateWhenIncomplete(standIn, record.id, cause);
  reviewStanding(standIn, record.id, cause);
}

/** A first payment that came in, or is under way with a delayed method, starts the subscription. */
export function activateWhenIncomplete(standIn: StandIn, subscriptionId: string | null, cause: Cause): void {
  const subscription = standIn.store.subscriptions.get(subscriptionId ?? "");
  if (subscription?.status !== "incomplete") return;
  standIn.timers.cancel("expire_incomplete", subscription.id);
  const isTrial = subscription.trial_end !== null && subscription.trial_end > standIn.clock.seconds();
  const active = changeSubscription(
    standIn,
    subscription.id,
    { status: isTrial ? "trialing" : "active" },
    cause,
  );
  scheduleNext(standIn, active);
}

/**
 * Late subscriptions are judged by their newest invoice, void ones apart: `past_due` looks past drafts, `unpaid` does not.
 * Paid or given up as uncollectible, it makes them `active` again. Source: "How subscriptions work", payment status.
 */
export function reviewStanding(standIn: StandIn, subscriptionId: string, cause: Cause): void {
  const subscription = standIn.store.subscriptions.get(subscriptionId);
  if (subscription === undefined || !isLate(subscription)) return;
  const governing = governingInvoice(standIn, subscriptionId, subscription.status === "unpaid");
  if (governing?.status === "paid" || governing?.status === "uncollectible") {
    changeSubscription(standIn, subscriptionId, { status: "active" }, cause);
  }
}

function isLate({ status }: StoredSubscription): boolean {
  return status === "past_due" || status === "unpaid";
}
