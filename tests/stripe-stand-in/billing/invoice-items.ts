import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { idOf, newId } from "#tests/stripe-stand-in/ids.ts";
import type { StoredInvoiceItem, StoredInvoiceLine } from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";
import { invoiceItemLine } from "./lines.ts";

export type InvoiceItemInput = {
  customer: string;
  amount: number;
  currency: string;
  description: string | null;
  quantity?: number;
  period?: { start: number; end: number };
  proration?: boolean;
  pricing?: StoredInvoiceItem["pricing"];
  subscription?: string | null;
  subscriptionItem?: string;
  invoice?: string | null;
  metadata?: Record<string, string>;
};

/** Something to be charged with the next invoice, or with the one given: `invoiceitem.created`. */
export function makeInvoiceItem(standIn: StandIn, input: InvoiceItemInput, cause: Cause): StoredInvoiceItem {
  const now = standIn.clock.seconds();
  const quantity = input.quantity ?? 1;
  const { subscription = null, subscriptionItem } = input;
  const item = standIn.store.invoiceItems.put({
    id: newId("ii"),
    object: "invoiceitem",
    amount: input.amount,
    currency: input.currency,
    customer: input.customer,
    customer_account: null,
    date: now,
    description: input.description,
    discountable: input.proration !== true,
    discounts: [],
    invoice: input.invoice ?? null,
    livemode: standIn.settings.livemode,
    metadata: input.metadata ?? {},
    net_amount: input.amount,
    parent:
      subscription === null
        ? null
        : {
            type: "subscription_details",
            subscription_details: {
              subscription,
              ...(subscriptionItem === undefined ? {} : { subscription_item: subscriptionItem }),
            },
          },
    period: input.period ?? { start: now, end: now },
    pricing: input.pricing ?? { type: "price_details", unit_amount_decimal: String(input.amount) },
    proration: input.proration ?? false,
    quantity,
    quantity_decimal: String(quantity),
    tax_rates: [],
    test_clock: null,
  });
  emit(standIn, "invoiceitem.created", item, cause);
  return item;
}

/** The items that wait for an invoice of this subscription, or with null of this customer alone, as its lines. They wait no longer. */
export function takePendingItems(
  standIn: StandIn,
  customer: string,
  subscription: string | null,
  invoice: string,
): StoredInvoiceLine[] {
  const pending = standIn.store.invoiceItems
    .where("customer", customer)
    .filter((item) => idOf(item.invoice) === null)
    .filter((item) => (item.parent?.subscription_details?.subscription ?? null) === subscription);
  return pending.map((item) =>
    invoiceItemLine(standIn, standIn.store.invoiceItems.update(item.id, { invoice })),
  );
}
