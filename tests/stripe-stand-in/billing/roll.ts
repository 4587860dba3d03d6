import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import type {
  StoredInvoice,
  StoredSubscription,
  StoredSubscriptionItem,
} from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";
import { methodFor } from "./cards.ts";
import { close } from "./close-invoice.ts";
import { announceDraft, draftInvoice } from "./draft-invoice.ts";
import { endSubscription } from "./end-subscription.ts";
import { hasEnded } from "./ended.ts";
import { intervalOf } from "./items.ts";
import { periodLine } from "./lines.ts";
import { pauseSubscription } from "./pause-subscription.ts";
import { HOUR_SECONDS, periodEndAfter } from "./periods.ts";
import { endsAt, nextPeriodEnd, scheduleNext } from "./schedule.ts";
import { announceChange, requireSubscription, wireSubscription } from "./wire.ts";

/** Does what is due for a subscription at this moment: it ends, its trial ends, or its periods move on. Safe to repeat. */
export function rollDue(standIn: StandIn, id: string): void {
  const subscription = standIn.store.subscriptions.get(id);
  if (subscription === undefined || hasEnded(subscription)) return;
  const now = standIn.clock.seconds();
  const ending = endsAt(subscription);
  if (ending !== null && ending <= now) {
    endSubscription(standIn, id, { reason: "cancellation_requested", cause: null });
    return;
  }
  if (subscription.status === "paused" || subscription.status === "incomplete") return;
  if (nextPeriodEnd(subscription) > now) {
    scheduleNext(standIn, subscription);
    return;
  }
  if (subscription.status === "trialing" && !mayConvert(standIn, subscription)) return;
  moveOn(standIn, requireSubscription(standIn, id), now);
  rollDue(standIn, id);
}

/** A trial that ends with nothing to charge goes the way its settings say; true when it goes on into the first paid period. */
function mayConvert(standIn: StandIn, subscription: StoredSubscription): boolean {
  const { id, customer } = subscription;
  if (
    subscription.collection_method === "send_invoice" ||
    methodFor(standIn, subscription, customer) !== null
  ) {
    return true;
  }
  const behaviour = subscription.trial_settings?.end_behavior.missing_payment_method ?? "create_invoice";
  if (behaviour === "pause") pauseSubscription(standIn, id, "trial_end_without_payment_method", null);
  else if (behaviour === "cancel") {
    endSubscription(standIn, id, { reason: "cancellation_requested", cause: null });
  }
  return behaviour === "create_invoice";
}

/** The periods move before anything is paid: `customer.subscription.updated`, then the draft of the renewal. */
function moveOn(standIn: StandIn, before: StoredSubscription, now: number): void {
  const rolled: StoredSubscriptionItem[] = [];
  const data = before.items.data.map((item) => {
    if (item.current_period_end > now) return item;
    const start = item.current_period_end;
    const end = periodEndAfter(before.billing_cycle_anchor, intervalOf(item.price), start);
    const next = { ...item, current_period_start: start, current_period_end: end };
    rolled.push(next);
    return next;
  });
  const wasTrial = before.status === "trialing";
  const after: StoredSubscription = {
    ...before,
    items: { ...before.items, data },
    ...(wasTrial ? { status: "active" } : {}),
  };
  standIn.store.subscriptions.put(after);
  const periodStart = Math.min(...before.items.data.map((item) => item.current_period_start));
  const invoice = draftInvoice(standIn, {
    customer: before.customer,
    subscription: after,
    reason: "subscription_cycle",
    lines: rolled.map((item) =>
      periodLine(standIn, item, { start: item.current_period_start, end: item.current_period_end }),
    ),
    periodStart,
  });
  announceChange(standIn, before, requireSubscription(standIn, before.id), null);
  announceDraft(standIn, invoice, null);
  planCollection(standIn, after, invoice);
}

/** A renewal's draft waits an hour for changes. A paused collection keeps or closes it, and `unpaid` lets drafts pile up. */
function planCollection(standIn: StandIn, subscription: StoredSubscription, invoice: StoredInvoice): void {
  const pausedAs = subscription.pause_collection?.behavior;
  if (pausedAs === "void" || pausedAs === "mark_uncollectible") {
    close(standIn, invoice, pausedAs === "void" ? "void" : "uncollectible", null);
    return;
  }
  if (pausedAs === "keep_as_draft" || subscription.status === "unpaid") {
    standIn.store.invoices.update(invoice.id, { auto_advance: false });
    return;
  }
  const at = invoice.created + HOUR_SECONDS;
  standIn.store.invoices.update(invoice.id, {
    automatically_finalizes_at: at,
    next_payment_attempt: invoice.collection_method === "charge_automatically" ? at : null,
  });
  standIn.timers.schedule("finalize_invoice", invoice.id, at * 1000);
}

/** `customer.subscription.trial_will_end`, three days before. */
export function warnOfTrialEnd(standIn: StandIn, id: string): void {
  const subscription = standIn.store.subscriptions.get(id);
  if (subscription?.status !== "trialing") return;
  emit(standIn, "customer.subscription.trial_will_end", wireSubscription(standIn, subscription), null);
}

/** `invoice.upcoming`: what the renewal will look like. The id leads nowhere. */
export function announceUpcoming(standIn: StandIn, id: string): void {
  const subscription = standIn.store.subscriptions.get(id);
  const latest = standIn.store.invoices.get(String(subscription?.latest_invoice));
  if (subscription === undefined || latest === undefined || hasEnded(subscription)) return;
  const lines = subscription.items.data.map((item) => {
    const start = item.current_period_end;
    const end = periodEndAfter(subscription.billing_cycle_anchor, intervalOf(item.price), start);
    return periodLine(standIn, item, { start, end });
  });
  const total = lines.reduce((sum, { amount }) => sum + amount, 0);
  const upcoming = {
    ...latest,
    id: `upcoming_in_${id.slice(4)}`,
    status: "draft" as const,
    billing_reason: "upcoming" as const,
    number: null,
    subtotal: total,
    total,
    amount_due: total,
    amount_paid: 0,
    amount_remaining: total,
    attempt_count: 0,
    attempted: false,
    hosted_invoice_url: null,
    invoice_pdf: null,
    lines: { ...latest.lines, data: lines },
    next_payment_attempt: nextPeriodEnd(subscription) + HOUR_SECONDS,
  };
  emit(standIn, "invoice.upcoming", upcoming, null);
}
