import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { idOf, newId } from "#tests/stripe-stand-in/ids.ts";
import type {
  StoredDiscount,
  StoredInvoice,
  StoredInvoiceLine,
  StoredSubscription,
} from "#tests/stripe-stand-in/stored-types.ts";
import { currentDiscounts, discountsLeft, sharesOf } from "./discounts.ts";
import { takePendingItems } from "./invoice-items.ts";
import { newInvoice } from "./new-invoice.ts";
import { emitInvoice } from "./wire.ts";

export type DraftInput = {
  customer: string;
  /** Null for an invoice that is made by hand. */
  subscription: StoredSubscription | null;
  reason: "manual" | "subscription_create" | "subscription_cycle" | "subscription_update";
  lines: readonly StoredInvoiceLine[];
  /** Unless given, now; a renewal's goes back to the start of the period that is over. */
  periodStart?: number;
  collectionMethod?: "charge_automatically" | "send_invoice";
  daysUntilDue?: number | null;
  autoAdvance?: boolean;
  metadata?: Record<string, string>;
  description?: string | null;
  takesPendingItems?: boolean;
};

/**
 * A draft in the store, of which nobody was told yet: its lines, the pending items and what discounts take off. The
 * subscription's `latest_invoice` is changed with it, silently.
 */
export function draftInvoice(standIn: StandIn, input: DraftInput): StoredInvoice {
  const { subscription } = input;
  const id = newId("in");
  const pending =
    input.takesPendingItems === false
      ? []
      : takePendingItems(standIn, input.customer, subscription?.id ?? null, id);
  const discounts = subscription === null ? [] : currentDiscounts(standIn, subscription);
  const lines = discounted(standIn, [...pending, ...input.lines], discounts);
  const base = newInvoice(standIn, id, input.customer, input);
  const invoice = withTotals({
    ...base,
    discounts: discounts.map((discount) => discount.id),
    lines: { ...base.lines, data: lines.map((line) => ({ ...line, invoice: id })) },
  });
  standIn.store.invoiceRecords.put({
    id,
    subscription: subscription?.id ?? null,
    paymentIntent: null,
    firstAttemptAt: null,
    delayedOutcome: null,
    session: null,
  });
  if (subscription !== null) {
    const isUsed = invoice.subtotal > 0;
    standIn.store.subscriptions.update(subscription.id, {
      latest_invoice: id,
      ...(isUsed ? { discounts: discountsLeft(standIn, subscription) } : {}),
    });
  }
  return standIn.store.invoices.put(invoice);
}

function discounted(
  standIn: StandIn,
  lines: readonly StoredInvoiceLine[],
  discounts: readonly StoredDiscount[],
): StoredInvoiceLine[] {
  const taken = sharesOf(
    standIn,
    discounts,
    lines.map(({ amount }) => amount),
  );
  return lines.map((line, index) => ({
    ...line,
    discount_amounts: taken.map(({ discount, shares }) => ({ discount, amount: shares[index] ?? 0 })),
  }));
}

/** The sums that follow from the lines. */
export function withTotals(invoice: StoredInvoice): StoredInvoice {
  const subtotal = invoice.lines.data.reduce((sum, { amount }) => sum + amount, 0);
  const perDiscount = new Map<string, number>();
  for (const line of invoice.lines.data) {
    for (const { discount, amount } of line.discount_amounts ?? []) {
      const id = idOf(discount) ?? "";
      perDiscount.set(id, (perDiscount.get(id) ?? 0) + amount);
    }
  }
  const taken = [...perDiscount.values()].reduce((sum, amount) => sum + amount, 0);
  const total = subtotal - taken;
  const due = Math.max(0, total);
  return {
    ...invoice,
    subtotal,
    subtotal_excluding_tax: subtotal,
    total,
    total_excluding_tax: total,
    total_discount_amounts: [...perDiscount].map(([discount, amount]) => ({ discount, amount })),
    amount_due: due,
    amount_remaining: due,
  };
}

/** Tells of a new draft: `invoice.created`. */
export function announceDraft(standIn: StandIn, invoice: StoredInvoice, cause: Cause): void {
  emitInvoice(standIn, "invoice.created", invoice, cause);
}
