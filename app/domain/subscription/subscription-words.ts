import { dayWords } from "#app/domain/license/license-words.ts";
import { formatMoney } from "#app/domain/money.ts";
import { inPlainWords } from "#app/domain/payment/payment-words.ts";
import {
  failingInvoice,
  isEnded,
  type SubscriptionFacts,
  type SubscriptionItem,
  scheduledEnd,
} from "#app/domain/subscription/subscription.ts";

/** Stripe's statuses, those that need somebody first. */
export const subscriptionStatuses = [
  "past_due",
  "unpaid",
  "paused",
  "trialing",
  "active",
  "incomplete",
  "canceled",
  "incomplete_expired",
] as const;
export type SubscriptionStatus = (typeof subscriptionStatuses)[number];

type Words = { label: string; meaning: string };

const words: Record<SubscriptionStatus, Words> = {
  trialing: { label: "Trial", meaning: "Free until the trial ends; then the first payment is collected." },
  active: { label: "Active", meaning: "In good standing; it renews by itself." },
  past_due: {
    label: "Payment overdue",
    meaning: "A renewal could not be collected. Stripe tries again; licenses work until their grace ends.",
  },
  unpaid: {
    label: "Unpaid",
    meaning: "Stripe has given up collecting. Licenses are suspended until the open invoice is paid.",
  },
  paused: {
    label: "Paused",
    meaning: "Nothing is billed and licenses are suspended until it is resumed.",
  },
  incomplete: {
    label: "First payment open",
    meaning: "The first payment has not arrived; no license was issued yet.",
  },
  canceled: { label: "Ended", meaning: "Over for good. Whoever comes back gets a new subscription." },
  incomplete_expired: {
    label: "Never started",
    meaning: "The first payment never arrived, so it ended before it began.",
  },
};

export function isSubscriptionStatus(status: string): status is SubscriptionStatus {
  return subscriptionStatuses.some((known) => known === status);
}

/** A status of Stripe's as staff read it; one that Stripe adds one day is shown as it is. */
export function subscriptionStatusWords(status: string): Words {
  if (isSubscriptionStatus(status)) return words[status];
  return { label: inPlainWords(status), meaning: "A status of Stripe's that this version does not know." };
}

/** "Renews 3 Dec 2026", "Ends 3 Dec 2026", "Trial until …", "Next try …": what happens next and when; null when nothing does. */
export function nextStepWords(
  subscription: Pick<
    SubscriptionFacts,
    | "status"
    | "items"
    | "invoices"
    | "cancelAt"
    | "cancelAtPeriodEnd"
    | "endedAt"
    | "trialEnd"
    | "pauseCollection"
  >,
): string | null {
  if (isEnded(subscription)) return subscription.endedAt ? `Ended ${dayWords(subscription.endedAt)}` : null;
  const end = scheduledEnd(subscription);
  if (end) return `Ends ${dayWords(end)}`;
  if (subscription.status === "trialing" && subscription.trialEnd)
    return `Trial until ${dayWords(subscription.trialEnd)}`;
  if (subscription.status === "paused" || subscription.status === "incomplete") return null;
  if (subscription.pauseCollection) return "Collection paused";
  if (subscription.status === "past_due" || subscription.status === "unpaid") return owedWords(subscription);
  const ends = subscription.items.map(({ periodEnd }) => periodEnd.getTime());
  return ends.length > 0 ? `Renews ${dayWords(new Date(Math.min(...ends)))}` : null;
}

/** What comes next where a renewal is owed: a period that begins by itself would be the wrong thing to wait for. */
function owedWords(subscription: Pick<SubscriptionFacts, "status" | "invoices">): string {
  const next = failingInvoice(subscription)?.nextPaymentAttempt;
  return next ? `Next try ${dayWords(next)}` : "Waits for the payment";
}

/** "3 × Team license"; a metered item has no quantity. */
export function itemWords(item: Pick<SubscriptionItem, "description" | "quantity" | "priceId">): string {
  const name = item.description || item.priceId;
  return item.quantity !== null && item.quantity !== 1 ? `${item.quantity} × ${name}` : name;
}

/** "$15.00 a month", "$40.00 every 3 months"; null where the price is not that simple. */
export function priceWords(
  item: Pick<SubscriptionItem, "unitAmount" | "currency" | "interval" | "intervalCount" | "metered">,
): string | null {
  if (item.unitAmount === null) return null;
  const period =
    item.intervalCount === 1 ? `a ${item.interval}` : `every ${item.intervalCount} ${item.interval}s`;
  const price = `${formatMoney(item.unitAmount, item.currency)} ${period}`;
  return item.metered ? `${price}, by usage` : price;
}

const endReasons: Record<string, string> = {
  cancellation_requested: "Canceled on request",
  payment_failed: "The payment kept failing",
  payment_disputed: "A payment was disputed",
  canceled_by_retention_policy: "Canceled by a rule in Stripe",
};

export function endReasonWords(reason: string): string {
  return endReasons[reason] ?? inPlainWords(reason);
}

const pauseReasons: Record<string, string> = {
  pause_requested: "Paused on request",
  trial_end_without_payment_method: "The trial ended without a payment method",
  first_payment_failure: "The first payment failed",
  final_payment_failure: "The last try to collect the renewal failed",
  system: "Paused by Stripe",
};

export function pauseReasonWords(reason: string): string {
  return pauseReasons[reason] ?? inPlainWords(reason);
}

const collectionPauses: Record<string, string> = {
  void: "invoices are voided meanwhile",
  keep_as_draft: "invoices wait as drafts",
  mark_uncollectible: "invoices are written off meanwhile",
};

export function collectionPauseWords(behavior: string): string {
  return collectionPauses[behavior] ?? inPlainWords(behavior);
}

const invoiceStatuses: Record<string, string> = {
  draft: "Draft",
  open: "Open",
  paid: "Paid",
  void: "Void",
  uncollectible: "Written off",
};

export function invoiceStatusWords(status: string): string {
  return invoiceStatuses[status] ?? inPlainWords(status);
}

const billingReasons: Record<string, string> = {
  subscription_create: "First period",
  subscription_cycle: "Renewal",
  subscription_update: "Change of plan or seats",
  subscription_threshold: "Usage",
  manual: "Made by hand",
};

export function billingReasonWords(reason: string | null): string {
  return reason === null ? "–" : (billingReasons[reason] ?? inPlainWords(reason));
}

/**
 * What a step of a subscription changed, line by line, from what the audit log keeps of it before and after: status, end,
 * items, collection.
 */
export function subscriptionChangeWords(before: unknown, after: unknown): string[] {
  if (before === null || before === undefined) return [];
  const [was, is] = [textsOf(before), textsOf(after)];
  const status = (text: string | null) => (text ? subscriptionStatusWords(text).label : "none");
  const day = (text: string | null) => (text ? dayWords(new Date(text)) : "none");
  const plain = (text: string | null) => (text ? inPlainWords(text) : "none");
  return [
    { label: "Status", name: "status", say: status },
    { label: "Ends", name: "endsAt", say: day },
    { label: "Items", name: "items", say: (text: string | null) => text || "none" },
    { label: "Collection paused", name: "collection", say: plain },
  ].flatMap(({ label, name, say }) =>
    was(name) === is(name) ? [] : [`${label}: ${say(was(name))} → ${say(is(name))}`],
  );
}

function textsOf(value: unknown): (name: string) => string | null {
  const texts = new Map(value !== null && typeof value === "object" ? Object.entries(value) : []);
  return (name) => {
    const text: unknown = texts.get(name);
    return typeof text === "string" ? text : null;
  };
}
