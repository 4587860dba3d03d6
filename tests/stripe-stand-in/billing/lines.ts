import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { newId } from "#tests/stripe-stand-in/ids.ts";
import type {
  StoredInvoiceItem,
  StoredInvoiceLine,
  StoredPrice,
  StoredSubscriptionItem,
} from "#tests/stripe-stand-in/stored-types.ts";

type Period = { start: number; end: number };
type LineInput = {
  amount: number;
  currency: string;
  description: string | null;
  quantity: number;
  period: Period;
  parent: StoredInvoiceLine["parent"];
  subscription: string | null;
  pricing: StoredInvoiceLine["pricing"];
  metadata?: Record<string, string>;
};

function newLine(standIn: StandIn, input: LineInput): StoredInvoiceLine {
  return {
    id: newId("il"),
    object: "line_item",
    amount: input.amount,
    currency: input.currency,
    description: input.description,
    discount_amounts: [],
    discountable: true,
    discounts: [],
    invoice: null,
    livemode: standIn.settings.livemode,
    metadata: input.metadata ?? {},
    parent: input.parent,
    period: input.period,
    pretax_credit_amounts: [],
    pricing: input.pricing,
    quantity: input.quantity,
    quantity_decimal: String(input.quantity),
    subscription: input.subscription,
    subtotal: input.amount,
    taxes: [],
  };
}

export function pricingOf(price: StoredPrice): NonNullable<StoredInvoiceLine["pricing"]> {
  return {
    type: "price_details",
    price_details: { price: price.id, product: price.product },
    unit_amount_decimal: price.unit_amount_decimal,
  };
}

export function productNameOf(standIn: StandIn, price: StoredPrice): string {
  return standIn.store.products.get(price.product)?.name ?? price.product;
}

/** The price of one item for one period. Metered items have no quantity and cost nothing here. */
export function priceOfItem({ price, quantity }: StoredSubscriptionItem): number {
  return (price.unit_amount ?? 0) * (quantity ?? 0);
}

/** A whole period of an item; free during a trial. */
export function periodLine(
  standIn: StandIn,
  item: StoredSubscriptionItem,
  period: Period,
  isTrial = false,
): StoredInvoiceLine {
  const name = productNameOf(standIn, item.price);
  const quantity = item.quantity ?? 0;
  return newLine(standIn, {
    amount: isTrial ? 0 : priceOfItem(item),
    currency: item.price.currency,
    description: isTrial ? `Trial period for ${name}` : `${quantity} × ${name}`,
    quantity,
    period,
    parent: {
      type: "subscription_item_details",
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: null,
        proration: false,
        proration_details: null,
        subscription: item.subscription,
        subscription_item: item.id,
      },
    },
    subscription: item.subscription,
    pricing: pricingOf(item.price),
    metadata: item.metadata,
  });
}

/** What an invoice says of an invoice item: the item of the subscription it prorates, or only itself. */
export function invoiceItemLine(standIn: StandIn, item: StoredInvoiceItem): StoredInvoiceLine {
  const details = item.parent?.subscription_details;
  const isOfSubscriptionItem = details?.subscription_item !== undefined;
  return newLine(standIn, {
    amount: item.amount,
    currency: item.currency,
    description: item.description,
    quantity: item.quantity,
    period: item.period,
    parent: isOfSubscriptionItem
      ? {
          type: "subscription_item_details",
          invoice_item_details: null,
          subscription_item_details: {
            invoice_item: item.id,
            proration: item.proration,
            proration_details: null,
            subscription: details.subscription,
            subscription_item: details.subscription_item ?? "",
          },
        }
      : {
          type: "invoice_item_details",
          invoice_item_details: {
            invoice_item: item.id,
            proration: item.proration,
            proration_details: null,
            subscription: details?.subscription ?? null,
          },
          subscription_item_details: null,
        },
    subscription: details?.subscription ?? null,
    pricing: item.pricing,
    metadata: item.metadata ?? {},
  });
}
