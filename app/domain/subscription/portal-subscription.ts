import { earliest } from "#app/domain/earliest.ts";
import type { LicenseStatus } from "#app/domain/license/assess-license.ts";
import { dayWords } from "#app/domain/license/license-words.ts";
import { formatMoney } from "#app/domain/money.ts";
import type { BillingFlow } from "#app/domain/subscription/billing-flow.ts";
import {
  noticeOf,
  type OwnerNotice,
  releasedNotice,
  type SubscribedLicense,
} from "#app/domain/subscription/portal-subscription-notice.ts";
import {
  failingInvoice,
  type InvoiceFacts,
  type SubscriptionFacts,
  type SubscriptionItem,
  scheduledEnd,
} from "#app/domain/subscription/subscription.ts";
import { type Standing, standingOf } from "#app/domain/subscription/subscription-standing.ts";

export type { SubscribedLicense };

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
  notice: OwnerNotice | null;
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
  const standing = standingOf(subscription);
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
      return paidUntil ? `Renewal due since ${dayWords(earliest(paidUntil, now))}` : "Renewal due";
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

/**
 * The status of a license beside its subscription: for the hour or two in which a renewal is on its way and nothing is
 * wrong, it is as good as before, not in a grace.
 */
export function statusBeside(
  status: LicenseStatus,
  subscription: Pick<OwnerSubscription, "notice"> | null,
): LicenseStatus {
  return status === "grace" && subscription && subscription.notice === null ? "active" : status;
}
