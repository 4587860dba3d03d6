import { type PolicyMap, type PolicyTerms, policyOf } from "#app/domain/order/project-sale.ts";
import type { ChargedPayment } from "#app/domain/payment/payment.ts";
import { type Hold, judgePayments, needsDailyLook } from "#app/domain/payment/payment-holds.ts";
import type { Settings } from "#app/domain/setting/settings.ts";
import {
  oldestIssued,
  type PaidPeriod,
  paidPeriodOf,
  paidUnitsOf,
} from "#app/domain/subscription/paid-period.ts";
import {
  failingInvoice,
  isEnded,
  type SubscriptionFacts,
  type SubscriptionItem,
  scheduledEnd,
} from "#app/domain/subscription/subscription.ts";

/** How long licenses go on after what is paid: not at all, for hours, for the license's own days, or to an instant. */
export type Grace =
  | { kind: "none" }
  | { kind: "hours"; hours: number }
  | { kind: "days" }
  | { kind: "until"; at: Date };

export type ItemProjection = {
  itemKey: string;
  item: SubscriptionItem;
  /** Null when nothing in the catalog is mapped to its price: what is there goes on, nothing new is made. */
  policy: PolicyTerms | null;
  /** Units to serve; null = leave the number as it is (the subscription has ended). */
  units: number | null;
  /** The invoice that covers the period; null for trials and metered items. */
  invoiceId: string | null;
  /** Start of the period that is paid; when a new license says it was issued. */
  paidFrom: Date;
  paidUntil: Date;
  grace: Grace;
  /** From refunds and disputes of the payment that covers the period. */
  holds: Hold[];
  revokedBecause: string | null;
};

export type SubscriptionAlert = {
  kind: "unmapped-price" | "no-email" | "too-many-units" | "invoice-not-finalized";
  causeKey: string;
  message: string;
};

export type SubscriptionProjection = {
  /** nothing = no money yet, so no license; ended = never alive again. */
  state: "nothing" | "live" | "ended";
  /** Those with a paid (or trial) period. */
  items: ItemProjection[];
  /** All items Stripe holds, paid or not. */
  itemKeys: string[];
  /** What holds every license of the subscription: `pause`. */
  holds: Hold[];
  /** Set when what is owed holds a license as soon as its grace is over. */
  unpaidHold: Hold | null;
  alerts: SubscriptionAlert[];
  nextCheckAt: Date | null;
};

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** How long before its end a trial is spoken of. */
export const trialNoticeMs = 3 * dayMs;
/** More than this in one subscription are a mistake or an attack; a person decides. */
export const maxUnitsPerSubscription = 2_000;

/**
 * What should be true of a subscription's licenses, from what Stripe holds now (stripe.md 1.3, I1 to I5). Pure: the same
 * facts give the same answer whatever events came, in whatever order. The end of a license is the end of the paid (or
 * trial) period that started last; no status, draft, open invoice or proration moves it.
 */
export function projectSubscription(
  subscription: SubscriptionFacts,
  policies: PolicyMap,
  settings: Settings,
  now: Date,
): SubscriptionProjection {
  const state = stateOf(subscription);
  const lines = subscription.items.map(asLine);
  const items =
    state === "nothing"
      ? []
      : subscription.items.flatMap((item, index) => {
          const line = lines[index];
          const policy = line ? policyOf(line, lines, policies) : null;
          return projectItem(subscription, item, policy, settings, now) ?? [];
        });
  return {
    state: state === "live" && items.length === 0 ? "nothing" : state,
    items,
    itemKeys: subscription.items.map(({ id }) => id),
    holds:
      subscription.status === "paused"
        ? [{ cause: `pause:${subscription.id}`, reason: pauseWords(subscription.pausedBecause) }]
        : [],
    unpaidHold: ["past_due", "unpaid"].includes(subscription.status)
      ? { cause: `unpaid:${subscription.id}`, reason: "The renewal has not been paid." }
      : null,
    alerts: state === "live" ? alertsOf(subscription, items) : [],
    nextCheckAt: nextCheck(subscription, items, settings, now),
  };
}

function stateOf(subscription: SubscriptionFacts): SubscriptionProjection["state"] {
  if (subscription.status === "incomplete" || subscription.status === "incomplete_expired") return "nothing";
  return isEnded(subscription) ? "ended" : "live";
}

/** An item in the words of a sale, so that both are mapped to policies by the same rule. */
export function asLine(item: SubscriptionItem) {
  return {
    id: item.id,
    description: item.description,
    quantity: item.quantity ?? 1,
    amountTotal: (item.unitAmount ?? 0) * (item.quantity ?? 1),
    priceId: item.priceId,
    lookupKey: item.lookupKey,
    policySlug: item.policySlug,
  };
}

function projectItem(
  subscription: SubscriptionFacts,
  item: SubscriptionItem,
  policy: PolicyTerms | null,
  settings: Settings,
  now: Date,
): ItemProjection | null {
  const period = paidPeriodOf(subscription, item, settings);
  if (!period) return null;
  const verdict = judgePayments(paymentsOf(subscription, period), settings, now);
  const base = {
    itemKey: item.id,
    item,
    policy,
    invoiceId: period.invoiceId,
    paidFrom: period.start,
    holds: verdict.holds,
    revokedBecause: verdict.revokedBecause,
  };
  const { endedAt } = subscription;
  if (isEnded(subscription)) {
    const end = endedAt && settings.cancelNow === "endedAt" && endedAt < period.end ? endedAt : period.end;
    return {
      ...base,
      units: null,
      paidUntil: end,
      grace: { kind: "none" },
      revokedBecause:
        settings.onCancel === "revoke" && end <= now
          ? "The subscription was canceled."
          : verdict.revokedBecause,
    };
  }
  return {
    ...base,
    units: unitsOf(subscription, item, period, settings),
    paidUntil: courtesyEnd(subscription, item, settings) ?? period.end,
    grace: graceOf(subscription, item, period, settings),
  };
}

function paymentsOf(subscription: SubscriptionFacts, period: PaidPeriod): ChargedPayment[] {
  return subscription.invoices.find((invoice) => invoice.id === period.invoiceId)?.payments ?? [];
}

/** While collection is paused nothing is billed; as a courtesy the period counts all the same. */
function courtesyEnd(
  subscription: SubscriptionFacts,
  item: SubscriptionItem,
  settings: Settings,
): Date | null {
  return subscription.pauseCollection && settings.onPauseCollection === "extend" ? item.periodEnd : null;
}

/** Seats added to a subscription in good standing work at once (by setting); otherwise what was paid for counts. */
function unitsOf(
  subscription: SubscriptionFacts,
  item: SubscriptionItem,
  period: PaidPeriod,
  settings: Settings,
): number {
  const ordered = item.quantity ?? 1;
  const inGoodStanding = subscription.status === "active" || subscription.status === "trialing";
  // Of a metered item the lines say how much was used.
  if (item.metered || (settings.seatsFollow === "immediately" && inGoodStanding)) return ordered;
  return Math.min(ordered, paidUnitsOf(subscription, item, period) ?? ordered);
}

function graceOf(
  subscription: SubscriptionFacts,
  item: SubscriptionItem,
  period: PaidPeriod,
  settings: Settings,
): Grace {
  const slack: Grace = { kind: "hours", hours: settings.renewalSlackHours };
  const end = scheduledEnd(subscription);
  if (end && end <= period.end) return { kind: "none" };
  const onTerms = subscription.collectionMethod === "send_invoice";
  const due =
    onTerms && settings.sendInvoice === "onIssue" ? oldestIssued(subscription, item)?.dueDate : null;
  switch (subscription.status) {
    case "past_due":
      return due ? { kind: "until", at: due } : { kind: "days" };
    case "unpaid":
    case "paused":
      return { kind: "none" };
    case "trialing":
      return slack;
    default: {
      if (subscription.pauseCollection)
        return settings.onPauseCollection === "extend" ? slack : { kind: "days" };
      if (!onTerms) return slack;
      // Terms customers may use what was invoiced until it is due; the days after that are the license's own.
      return due ? { kind: "until", at: due } : { kind: "days" };
    }
  }
}

const pauseReasons: Record<string, string> = {
  pause_requested: "The subscription is paused.",
  trial_end_without_payment_method: "The trial ended without a payment method.",
  first_payment_failure: "The first payment failed, so the subscription is paused.",
  final_payment_failure: "The last attempt to collect the payment failed, so the subscription is paused.",
};

function pauseWords(because: string | null): string {
  return pauseReasons[because ?? ""] ?? "The subscription is paused.";
}

function alertsOf(subscription: SubscriptionFacts, items: readonly ItemProjection[]): SubscriptionAlert[] {
  const alerts: SubscriptionAlert[] = [];
  for (const { item, policy, units } of items) {
    if (!policy)
      alerts.push({
        kind: "unmapped-price",
        causeKey: `${subscription.id}:${item.id}:${item.priceId}`,
        message: `Paid item “${item.description}” (${item.priceId}) of ${subscription.id} matches no policy, so it gave no new license. Add its price to the catalog, then sync the subscription again.`,
      });
    if ((units ?? 0) > maxUnitsPerSubscription)
      alerts.push({
        kind: "too-many-units",
        causeKey: `${subscription.id}:${item.id}`,
        message: `${subscription.id} has ${units} units, more than the ${maxUnitsPerSubscription} that are issued by themselves. Check that it is meant, then issue the others by hand.`,
      });
  }
  for (const invoice of subscription.invoices)
    if (invoice.status === "draft" && invoice.finalizationError)
      alerts.push({
        kind: "invoice-not-finalized",
        causeKey: invoice.id,
        message: `Stripe could not finalize invoice ${invoice.id} of ${subscription.id}: ${invoice.finalizationError} Correct it in Stripe; until then the renewal is not charged.`,
      });
  return alerts;
}

/**
 * When to look again although nobody says so (stripe.md 2.5), so that licenses are right with no webhook at all. The
 * end of a grace is the caller's, who knows the licenses.
 */
function nextCheck(
  subscription: SubscriptionFacts,
  items: readonly ItemProjection[],
  settings: Settings,
  now: Date,
): Date | null {
  const marks: number[] = [];
  const at = (date: Date | null, delayMs: number) => date && marks.push(date.getTime() + delayMs);
  const payments = subscription.invoices.flatMap((invoice) => invoice.payments);
  if (needsDailyLook(payments)) at(now, dayMs);
  at(judgePayments(payments, settings, now).nextCheckAt, minuteMs);
  if (!isEnded(subscription)) {
    const newest = subscription.invoices[0];
    if (newest && (newest.status === "draft" || newest.status === "open")) {
      if (newest.nextPaymentAttempt && newest.nextPaymentAttempt > now)
        at(newest.nextPaymentAttempt, 10 * minuteMs);
      else at(now, now.getTime() - newest.created.getTime() < dayMs ? 2 * hourMs : dayMs);
    }
    if (["unpaid", "paused", "incomplete"].includes(subscription.status)) at(now, dayMs);
    if (subscription.status === "trialing") {
      at(subscription.trialEnd, -trialNoticeMs);
      at(subscription.trialEnd, 2 * hourMs);
    }
    at(scheduledEnd(subscription), 10 * minuteMs);
    at(subscription.pauseCollection?.resumesAt ?? null, 10 * minuteMs);
    for (const item of subscription.items) at(item.periodEnd, 2 * hourMs);
    if (failingInvoice(subscription)) at(now, dayMs);
  }
  if (isEnded(subscription) && settings.onCancel === "revoke")
    for (const { paidUntil } of items) at(paidUntil, 0);
  const coming = marks.filter((mark) => mark > now.getTime());
  if (coming.length > 0) return new Date(Math.min(...coming));
  // Stripe's clock is behind ours, or it forgot to move on: look again, but not all the time.
  return isEnded(subscription) || items.length === 0 ? null : new Date(now.getTime() + 6 * hourMs);
}
