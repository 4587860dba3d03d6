import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { idOf } from "#tests/stripe-stand-in/ids.ts";
import type {
  StoredInvoice,
  StoredSubscription,
  SubscriptionStatus,
} from "#tests/stripe-stand-in/stored-types.ts";
import { endsAt } from "./schedule.ts";
import { invoicesOf } from "./standing.ts";

/** All times in seconds. */
export type SubscriptionTruth = {
  id: string;
  customer: string;
  status: SubscriptionStatus;
  collectionMethod: string;
  pausedBecause: string | null;
  trialEnd: number | null;
  /** When it ends by itself. */
  endsAt: number | null;
  endedAt: number | null;
  isCollectionPaused: boolean;
  items: Array<{ id: string; price: string; quantity: number | null; periodEnd: number }>;
  /** Whole periods of paid invoices, prorations apart, oldest invoice first. */
  paidLines: Array<{
    invoice: string;
    item: string;
    start: number;
    end: number;
    quantity: number;
    amount: number;
    paidAt: number;
  }>;
  invoices: Array<{ id: string; status: StoredInvoice["status"]; reason: string; due: number }>;
  /** Of all its payments. */
  refunds: Array<{ id: string; charge: string; invoice: string; amount: number; status: string }>;
  disputes: Array<{ id: string; charge: string; invoice: string; status: string }>;
};

/** The truth a test compares licenses with: every subscription in plain words. */
export function subscriptions(standIn: StandIn): SubscriptionTruth[] {
  return standIn.store.subscriptions.all().map((subscription) => truthOf(standIn, subscription));
}

function truthOf(standIn: StandIn, subscription: StoredSubscription): SubscriptionTruth {
  const invoices = invoicesOf(standIn, subscription.id);
  const charges = invoices.flatMap((invoice) =>
    chargesOf(standIn, invoice).map((charge) => ({ charge, invoice: invoice.id })),
  );
  return {
    id: subscription.id,
    customer: subscription.customer,
    status: subscription.status,
    collectionMethod: subscription.collection_method,
    pausedBecause: subscription.status_details?.paused.subscription.type ?? null,
    trialEnd: subscription.trial_end,
    endsAt: endsAt(subscription),
    endedAt: subscription.ended_at,
    isCollectionPaused: subscription.pause_collection !== null,
    items: subscription.items.data.map((item) => ({
      id: item.id,
      price: item.price.id,
      quantity: item.quantity ?? null,
      periodEnd: item.current_period_end,
    })),
    paidLines: invoices.filter(({ status }) => status === "paid").flatMap(paidLinesOf),
    invoices: invoices.map(({ id, status, billing_reason, amount_due }) => ({
      id,
      status,
      reason: String(billing_reason),
      due: amount_due,
    })),
    refunds: charges.flatMap(({ charge, invoice }) =>
      standIn.store.refunds
        .where("charge", charge)
        .map(({ id, amount, status }) => ({ id, charge, invoice, amount, status: String(status) })),
    ),
    disputes: charges.flatMap(({ charge, invoice }) =>
      standIn.store.disputes
        .where("charge", charge)
        .map(({ id, status }) => ({ id, charge, invoice, status: String(status) })),
    ),
  };
}

function chargesOf(standIn: StandIn, invoice: StoredInvoice): string[] {
  const intent = standIn.store.invoiceRecords.get(invoice.id)?.paymentIntent;
  return intent == null
    ? []
    : standIn.store.charges.where("payment_intent", intent).map((charge) => charge.id);
}

function paidLinesOf(invoice: StoredInvoice): SubscriptionTruth["paidLines"] {
  return invoice.lines.data.flatMap((line) => {
    const details = line.parent?.subscription_item_details;
    if (details == null || details.proration) return [];
    return [
      {
        invoice: invoice.id,
        item: idOf(details.subscription_item) ?? "",
        start: line.period.start,
        end: line.period.end,
        quantity: line.quantity ?? 0,
        amount: line.amount,
        paidAt: invoice.status_transitions.paid_at ?? invoice.created,
      },
    ];
  });
}
