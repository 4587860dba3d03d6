import { validUntil, worksUntil } from "#app/domain/license/assess-license.ts";
import { dayWords } from "#app/domain/license/license-words.ts";
import { formatMoney } from "#app/domain/money.ts";
import type { BillingFlow } from "#app/domain/subscription/billing-flow.ts";
import {
  failingInvoice,
  type InvoiceFacts,
  isEnded,
  type SubscriptionFacts,
  type SubscriptionItem,
  scheduledEnd,
} from "#app/domain/subscription/subscription.ts";

/** What is known of a license that belongs to a subscription. */
export type SubscribedLicense = {
  itemKey: string | null;
  paidUntil: Date | null;
  graceUntil: Date | null;
  extendedUntil: Date | null;
  /** Causes of its holds. */
  holds: readonly string[];
};

export type BillingAction = { flow: BillingFlow; label: string; primary: boolean };

/** A subscription as its owner reads it, about one of its licenses. */
export type OwnerSubscription = {
  id: string;
  /** Units of this license's item; null when usage is what is billed. */
  seats: number | null;
  /** "$12.00 per seat per month, before taxes and discounts"; null where the price is not that simple. */
  price: string | null;
  /** What happens next, in one line. */
  next: string;
  /** What needs attention; null when nothing does. */
  notice: { tone: "info" | "warning" | "error"; title: string; text: string } | null;
  /** Where the open invoice can be paid or confirmed; an address of Stripe's. */
  invoiceUrl: string | null;
  actions: BillingAction[];
  ended: boolean;
};

/**
 * A subscription in the words of its owner, from what Stripe told last and what the license says. Pure; nothing here
 * decides whether the license is good, `assessLicense` does.
 */
export function describeSubscription(
  subscription: SubscriptionFacts,
  license: SubscribedLicense,
  now: Date,
): OwnerSubscription {
  const item = subscription.items.find(({ id }) => id === license.itemKey) ?? subscription.items[0] ?? null;
  const failing = failingInvoice(subscription);
  const standing = standingOf(subscription, failing);
  const released = license.holds.some((cause) => cause.startsWith("released:"));
  return {
    id: subscription.id,
    seats: item?.quantity ?? null,
    price: item && priceOf(item),
    next: nextWords(subscription, license, standing, now),
    notice:
      released && standing !== "ended"
        ? releasedNotice(item?.quantity ?? null)
        : noticeOf(subscription, license, standing, now),
    invoiceUrl:
      standing === "payment-failed" || standing === "unpaid" ? payableUrl(subscription, failing) : null,
    actions: actionsOf(subscription, standing, released),
    ended: standing === "ended",
  };
}

type Standing =
  | "trial"
  | "active"
  | "ending"
  | "payment-failed"
  | "unpaid"
  | "paused"
  | "billing-paused"
  | "ended";

/** The one thing about it that matters most to its owner: what stops the license first. */
function standingOf(subscription: SubscriptionFacts, failing: InvoiceFacts | null): Standing {
  if (isEnded(subscription)) return "ended";
  if (subscription.status === "unpaid") return "unpaid";
  if (subscription.status === "paused") return "paused";
  if (subscription.status === "past_due" || failing) return "payment-failed";
  if (scheduledEnd(subscription)) return "ending";
  if (subscription.pauseCollection) return "billing-paused";
  return subscription.status === "trialing" ? "trial" : "active";
}

/** "per month", "per year", "every 3 months". */
function every({ interval, intervalCount }: SubscriptionItem): string {
  return intervalCount === 1 ? `per ${interval}` : `every ${intervalCount} ${interval}s`;
}

function priceOf(item: SubscriptionItem): string | null {
  if (item.unitAmount === null || item.metered) return null;
  const unit = (item.quantity ?? 1) > 1 ? "per seat " : "";
  return `${formatMoney(item.unitAmount, item.currency)} ${unit}${every(item)}, before taxes and discounts`;
}

/** "$36.00 per month" for all items together; null when they cannot be added up. */
function renewalWords({ items }: SubscriptionFacts): string | null {
  const [first, ...others] = items;
  if (!first) return null;
  const alike = others.every(
    (item) =>
      item.currency === first.currency &&
      item.interval === first.interval &&
      item.intervalCount === first.intervalCount,
  );
  if (!alike || items.some((item) => item.metered || item.unitAmount === null)) return null;
  const total = items.reduce((sum, item) => sum + (item.unitAmount ?? 0) * (item.quantity ?? 1), 0);
  return `${formatMoney(total, first.currency)} ${every(first)}`;
}

function nextWords(
  subscription: SubscriptionFacts,
  license: SubscribedLicense,
  standing: Standing,
  now: Date,
): string {
  const amount = renewalWords(subscription);
  const end = scheduledEnd(subscription);
  const paidUntil = license.paidUntil;
  switch (standing) {
    case "ended":
      return subscription.endedAt ? `Ended ${dayWords(subscription.endedAt)}` : "Ended";
    case "trial": {
      const until = subscription.trialEnd ? ` until ${dayWords(subscription.trialEnd)}` : "";
      return amount ? `Free trial${until}, then ${amount}` : `Free trial${until}`;
    }
    case "ending":
      return end ? `Ends ${dayWords(end)}, does not renew` : "Ends, does not renew";
    case "payment-failed":
      return paidUntil ? `Renewal due since ${dayWords(earlier(paidUntil, now))}` : "Renewal due";
    case "unpaid":
      return "Not paid";
    case "paused":
      return "Paused, nothing is charged";
    case "billing-paused": {
      const resumes = subscription.pauseCollection?.resumesAt;
      return resumes ? `Billing is paused until ${dayWords(resumes)}` : "Billing is paused";
    }
    case "active": {
      if (paidUntil && paidUntil <= now) return "Renews now, the payment is on its way";
      const date = paidUntil ? ` ${dayWords(paidUntil)}` : " by itself";
      return amount ? `Renews${date} for ${amount}` : `Renews${date}`;
    }
  }
}

function noticeOf(
  subscription: SubscriptionFacts,
  license: SubscribedLicense,
  standing: Standing,
  now: Date,
): OwnerSubscription["notice"] {
  const last = worksUntil(license);
  const works = last !== null && last > now;
  switch (standing) {
    case "trial":
    case "active":
      return null;
    case "ending":
      return {
        tone: "info",
        title: `Your subscription ends on ${dayWords(scheduledEnd(subscription) ?? now)}`,
        text: "You use it as before until then, and nothing more is charged. You can keep it until that day.",
      };
    case "payment-failed":
      return failedNotice(failingInvoice(subscription), works ? last : null);
    case "unpaid":
      return {
        tone: "error",
        title: "The renewal is not paid",
        text: works
          ? `All attempts to collect it failed. Your license works until ${dayWords(last)}; pay the open invoice, so that it goes on.`
          : "All attempts to collect it failed, so your license is on hold. It works again as soon as the open invoice is paid.",
      };
    case "paused":
      return pausedNotice(subscription.pausedBecause);
    case "billing-paused":
      return {
        tone: "info",
        title: "Billing is paused",
        text: works
          ? `Nothing is charged for now. Your license works until ${dayWords(last)}.`
          : "Nothing is charged for now, and nothing is paid for. Contact us to go on.",
      };
    case "ended":
      return endedNotice(subscription, validUntil(license), now);
  }
}

function failedNotice(failing: InvoiceFacts | null, worksTo: Date | null): OwnerSubscription["notice"] {
  const until = worksTo
    ? `Your license works until ${dayWords(worksTo)}.`
    : "Your license is on hold until it is paid.";
  if (failing?.requiresAction)
    return {
      tone: "warning",
      title: "Your bank asks you to confirm the payment",
      text: `The renewal waits for that. ${until}`,
    };
  const again = failing?.nextPaymentAttempt
    ? ` We try again on ${dayWords(failing.nextPaymentAttempt)}.`
    : "";
  return {
    tone: worksTo ? "warning" : "error",
    title: "The payment for your renewal failed",
    text: `${until} Update your payment method, so that it goes on.${again}`,
  };
}

const pauseTexts: Record<string, string> = {
  trial_end_without_payment_method:
    "Your trial ended without a way to pay. Add a payment method to go on with the same key.",
  first_payment_failure: "The first payment failed. Update your payment method to go on with the same key.",
  final_payment_failure:
    "The renewal could not be collected. Update your payment method and pay the open invoice to go on with the same key.",
  pause_requested: "Your key stays yours and works again when you resume.",
};

function pausedNotice(because: string | null): OwnerSubscription["notice"] {
  return {
    tone: "warning",
    title: "Your subscription is paused",
    text: pauseTexts[because ?? ""] ?? "Your key stays yours and works again when the subscription goes on.",
  };
}

const endTexts: Record<string, string> = {
  payment_failed: "The renewal could not be collected.",
  payment_disputed: "A payment was disputed with the bank.",
};

function endedNotice(
  subscription: SubscriptionFacts,
  end: Date | null,
  now: Date,
): OwnerSubscription["notice"] {
  const why = endTexts[subscription.endedBecause ?? ""];
  const works = end && end > now ? `This license works until ${dayWords(end)}.` : null;
  return {
    tone: "info",
    title: subscription.endedAt
      ? `Your subscription ended on ${dayWords(subscription.endedAt)}`
      : "Your subscription has ended",
    text: [why, works, "You can subscribe again at any time; you then get a new key."]
      .filter((sentence) => sentence)
      .join(" "),
  };
}

function releasedNotice(seats: number | null): OwnerSubscription["notice"] {
  const now = seats === null ? "fewer seats" : seats === 1 ? "1 seat" : `${seats} seats`;
  return {
    tone: "info",
    title: "This key has no seat at the moment",
    text: `The subscription has ${now} now. The key stays yours: add a seat, and this same key works again.`,
  };
}

/** The invoice that is owed, when Stripe has a page for it; only web addresses are ever shown as a link. */
function payableUrl({ invoices }: SubscriptionFacts, failing: InvoiceFacts | null): string | null {
  const owed = failing ?? invoices.find(({ status }) => status === "open");
  const url = owed?.hostedInvoiceUrl;
  return url && /^https?:\/\//.test(url) ? url : null;
}

function actionsOf(subscription: SubscriptionFacts, standing: Standing, released: boolean): BillingAction[] {
  const manage: BillingAction = { flow: "manage", label: "Invoices and billing", primary: false };
  if (standing === "ended") return [manage];
  const owes = ["payment-failed", "unpaid", "paused"].includes(standing);
  const card: BillingAction = { flow: "payment-method", label: "Update payment method", primary: owes };
  const cancel: BillingAction = { flow: "cancel", label: "Cancel subscription", primary: false };
  if (standing === "ending") return [{ flow: "manage", label: "Keep it", primary: true }, card, manage];
  if (owes) return [card, manage, cancel];
  // Stripe's pages change neither several items at once nor what is paid by invoice.
  const changeable = subscription.items.length === 1 && subscription.collectionMethod !== "send_invoice";
  const change: BillingAction = { flow: "change", label: "Change plan or seats", primary: released };
  return [...(changeable ? [change] : []), card, manage, cancel];
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}
