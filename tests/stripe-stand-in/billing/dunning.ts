import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import type {
  StoredInvoice,
  StoredSubscription,
  SubscriptionRecord,
} from "#tests/stripe-stand-in/stored-types.ts";
import type { AttemptInput } from "./attempt-invoice.ts";
import { endSubscription } from "./end-subscription.ts";
import { pauseSubscription } from "./pause-subscription.ts";
import { DAY_SECONDS } from "./periods.ts";
import { billingSettings } from "./settings.ts";
import { governingInvoice } from "./standing.ts";
import { changeSubscription, emitInvoice, requireInvoice } from "./wire.ts";

/** What follows from an attempt that brought no money: events, `past_due`, the next attempt or the end of all attempts. */
export function afterFailure(
  standIn: StandIn,
  id: string,
  outcome: "failed" | "requires_action",
  { by, cause }: AttemptInput,
): void {
  const record = standIn.store.invoiceRecords.get(id);
  const subscription = standIn.store.subscriptions.get(record?.subscription ?? "") ?? null;
  const known = subscription === null ? undefined : standIn.store.subscriptionRecords.get(subscription.id);
  const isHeldBack = known?.pendingUpdate?.invoice === id || subscription?.status === "incomplete";
  const next = isHeldBack ? null : nextAttemptOf(standIn, requireInvoice(standIn, id));
  const failed = standIn.store.invoices.update(id, { next_payment_attempt: next });
  if (next === null) standIn.timers.cancel("attempt_invoice", id);
  else standIn.timers.schedule("attempt_invoice", id, next * 1000);
  if (outcome === "requires_action") emitInvoice(standIn, "invoice.payment_action_required", failed, cause);
  emitInvoice(standIn, "invoice.payment_failed", failed, cause);
  emitInvoice(standIn, "invoice.updated", failed, cause);
  if (subscription === null || known === undefined || known.pendingUpdate?.invoice === id) return;
  if (pausesAtOnce(standIn, known, subscription)) {
    pauseSubscription(standIn, subscription.id, "first_payment_failure", cause, id);
    return;
  }
  becomeLate(standIn, subscription, id, cause);
  if (next === null && by === "schedule" && subscription.status !== "incomplete") {
    endDunning(standIn, subscription.id, failed);
  }
}

/** `past_due`, unless a newer invoice says otherwise. */
function becomeLate(
  standIn: StandIn,
  { id, status }: StoredSubscription,
  invoiceId: string,
  cause: Cause,
): void {
  if (status !== "active" || governingInvoice(standIn, id)?.id !== invoiceId) return;
  changeSubscription(standIn, id, { status: "past_due" }, cause);
}

function pausesAtOnce(
  standIn: StandIn,
  { hasBeenPaid }: SubscriptionRecord,
  { status }: StoredSubscription,
): boolean {
  const isRunning = status === "incomplete" || status === "active";
  return isRunning && !hasBeenPaid && billingSettings(standIn).firstPaymentFailure === "paused";
}

/** The account's schedule counts days from the first attempt; null when it is used up. */
function nextAttemptOf(standIn: StandIn, invoice: StoredInvoice): number | null {
  if (invoice.auto_advance !== true || invoice.collection_method !== "charge_automatically") return null;
  const first = standIn.store.invoiceRecords.get(invoice.id)?.firstAttemptAt ?? standIn.clock.seconds();
  const times = billingSettings(standIn).retryDays.map((days) => first + days * DAY_SECONDS);
  return times.find((time) => time > standIn.clock.seconds()) ?? null;
}

/** All attempts are used up: the subscription goes where the account's settings say. */
export function endDunning(standIn: StandIn, subscriptionId: string, invoice: StoredInvoice): void {
  const subscription = standIn.store.subscriptions.get(subscriptionId);
  if (subscription?.status !== "past_due") return;
  switch (billingSettings(standIn).dunningEnd) {
    case "past_due":
      return;
    case "unpaid":
      changeSubscription(standIn, subscriptionId, { status: "unpaid" }, null);
      return;
    case "canceled":
      endSubscription(standIn, subscriptionId, { reason: "payment_failed", cause: null });
      return;
    case "paused":
      pauseSubscription(standIn, subscriptionId, "final_payment_failure", null, invoice.id);
  }
}

/** What the clock does at the due date of an invoice that was sent. */
export function becomeOverdue(standIn: StandIn, id: string): void {
  const invoice = standIn.store.invoices.get(id);
  if (invoice?.status !== "open") return;
  emitInvoice(standIn, "invoice.overdue", invoice, null);
  const subscriptionId = standIn.store.invoiceRecords.get(id)?.subscription ?? "";
  const subscription = standIn.store.subscriptions.get(subscriptionId);
  if (subscription !== undefined) becomeLate(standIn, subscription, id, null);
  const { overdueDays } = billingSettings(standIn);
  standIn.timers.schedule("give_up_invoice", id, standIn.clock.now() + overdueDays * DAY_SECONDS * 1000);
}

export function giveUpInvoice(standIn: StandIn, id: string): void {
  const invoice = standIn.store.invoices.get(id);
  const subscription = standIn.store.invoiceRecords.get(id)?.subscription;
  if (invoice?.status === "open" && typeof subscription === "string")
    endDunning(standIn, subscription, invoice);
}
