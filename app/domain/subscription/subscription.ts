import type { ChargedPayment } from "#app/domain/payment/payment.ts";

/** A subscription with its invoices as fetched from Stripe; instants in UTC, amounts in minor units. */
export type SubscriptionFacts = {
  id: string;
  livemode: boolean;
  /** incomplete | incomplete_expired | trialing | active | past_due | unpaid | paused | canceled */
  status: string;
  created: Date;
  stripeCustomer: { id: string; email: string | null; name: string | null; deleted: boolean };
  metadata: Record<string, string>;
  trialStart: Date | null;
  trialEnd: Date | null;
  cancelAt: Date | null;
  cancelAtPeriodEnd: boolean;
  endedAt: Date | null;
  /** cancellation_requested | payment_failed | payment_disputed | canceled_by_retention_policy */
  endedBecause: string | null;
  /** `status_details.paused.subscription.type` */
  pausedBecause: string | null;
  pauseCollection: { behavior: string; resumesAt: Date | null } | null;
  /** charge_automatically | send_invoice */
  collectionMethod: string;
  items: SubscriptionItem[];
  /** Newest first; at least as far back as the last paid period of every item. */
  invoices: InvoiceFacts[];
};

export type SubscriptionItem = {
  id: string;
  description: string;
  /** Null for metered prices. */
  quantity: number | null;
  metered: boolean;
  priceId: string;
  lookupKey: string | null;
  /** `price.metadata.license_policy` */
  policySlug: string | null;
  /** Minor units for one unit and period; null where the price is not that simple. */
  unitAmount: number | null;
  currency: string;
  /** day | week | month | year */
  interval: string;
  intervalCount: number;
  /** The period Stripe bills now. It moves before anything is paid, so it grants nothing by itself. */
  periodStart: Date;
  periodEnd: Date;
};

export type InvoiceFacts = {
  id: string;
  number: string | null;
  /** draft | open | paid | void | uncollectible */
  status: string;
  /** subscription_create | subscription_cycle | subscription_update | subscription_threshold | manual | … */
  billingReason: string | null;
  created: Date;
  total: number;
  amountPaid: number;
  currency: string;
  attemptCount: number;
  nextPaymentAttempt: Date | null;
  dueDate: Date | null;
  paidAt: Date | null;
  hostedInvoiceUrl: string | null;
  /** Why Stripe could not finalize it, in Stripe's words. */
  finalizationError: string | null;
  /** The bank wants the customer to confirm the payment. */
  requiresAction: boolean;
  lines: InvoiceLine[];
  /** Its successful payments; refunds and disputes are filled in where they matter (see `fetchSubscription`). */
  payments: ChargedPayment[];
};

export type InvoiceLine = {
  id: string;
  /** si_…; null for lines that belong to no item. */
  itemId: string | null;
  priceId: string | null;
  proration: boolean;
  quantity: number | null;
  amount: number;
  /** The service period this line pays for. */
  periodStart: Date;
  periodEnd: Date;
};

export const endedStatuses = ["canceled", "incomplete_expired"] as const;

/** Never to be alive again: whoever comes back gets a new subscription. */
export function isEnded(subscription: Pick<SubscriptionFacts, "status">): boolean {
  return endedStatuses.some((status) => status === subscription.status);
}

/** When it is going to end by somebody's wish; flexible billing sets `cancel_at`, classic also or only the flag. */
export function scheduledEnd(
  subscription: Pick<SubscriptionFacts, "status" | "cancelAt" | "cancelAtPeriodEnd"> & {
    items: readonly Pick<SubscriptionItem, "periodEnd">[];
  },
): Date | null {
  if (isEnded(subscription)) return null;
  if (subscription.cancelAt) return subscription.cancelAt;
  if (!subscription.cancelAtPeriodEnd) return null;
  const ends = subscription.items.map((item) => item.periodEnd.getTime());
  return ends.length > 0 ? new Date(Math.max(...ends)) : null;
}

/** The newest invoice that asks for money or got it: drafts are not asked yet, voided ones not any more. */
export function governingInvoice(subscription: Pick<SubscriptionFacts, "invoices">): InvoiceFacts | null {
  return subscription.invoices.find(({ status }) => status !== "draft" && status !== "void") ?? null;
}

/** Charged, and neither to be charged again nor waiting for the customer: a delayed payment that has not arrived. */
function isUnderWay(invoice: InvoiceFacts): boolean {
  return invoice.nextPaymentAttempt === null && !invoice.requiresAction;
}

/**
 * The invoice whose payment failed and is still owed; null when nothing is failing. A change that waits for its payment
 * (a pending update) leaves the subscription in good standing and owes nothing.
 */
export function failingInvoice(
  subscription: Pick<SubscriptionFacts, "invoices" | "status">,
): InvoiceFacts | null {
  if (isEnded(subscription)) return null;
  const inGoodStanding = subscription.status === "active" || subscription.status === "trialing";
  return (
    subscription.invoices.find(
      (invoice) =>
        invoice.status === "open" &&
        invoice.billingReason !== "subscription_create" &&
        !(inGoodStanding && (invoice.billingReason === "subscription_update" || isUnderWay(invoice))) &&
        (invoice.attemptCount > 0 || subscription.status === "past_due"),
    ) ?? null
  );
}
