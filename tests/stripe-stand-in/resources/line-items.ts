import { z } from "zod";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { newId } from "#tests/stripe-stand-in/ids.ts";
import { page, type StripeList } from "#tests/stripe-stand-in/list.ts";
import { integer, listParameters } from "#tests/stripe-stand-in/parameters.ts";
import type { LineRecord, StoredPrice } from "#tests/stripe-stand-in/stored-types.ts";

const { limit, starting_after, ending_before } = listParameters;
export const lineListParameters = z.strictObject({
  limit: limit.unwrap().optional(),
  starting_after,
  ending_before,
});
export const quantityParameter = integer(1, 999_999);

/** A line as Stripe sends it; the price is always the whole object. */
export type LineItem = {
  id: string;
  object: "item";
  adjustable_quantity: null;
  amount_discount: number;
  amount_subtotal: number;
  amount_tax: number;
  amount_total: number;
  currency: string;
  description: string;
  metadata: Record<string, string>;
  price: StoredPrice | null;
  quantity: number;
};

export type LineInput = {
  price: StoredPrice;
  quantity: number;
  metadata: Record<string, string>;
  /** Nothing is due for it now: it starts with a trial. */
  isTrial?: boolean;
};

/** Puts lines under a session or payment link, in their order. */
export function addLines(standIn: StandIn, parent: string, inputs: readonly LineInput[]): LineRecord[] {
  return inputs.map(({ price, quantity, metadata, isTrial }) =>
    standIn.store.lines.put({
      id: newId("li"),
      parent,
      price: price.id,
      description: standIn.store.products.get(price.product)?.name ?? price.product,
      quantity,
      metadata,
      currency: price.currency,
      amountSubtotal: isTrial === true ? 0 : (price.unit_amount ?? 0) * quantity,
      amountDiscount: 0,
    }),
  );
}

export function linesOf(standIn: StandIn, parent: string): LineRecord[] {
  return standIn.store.lines.where("parent", parent);
}

function toLineItem(standIn: StandIn, line: LineRecord): LineItem {
  return {
    id: line.id,
    object: "item",
    adjustable_quantity: null,
    amount_discount: line.amountDiscount,
    amount_subtotal: line.amountSubtotal,
    amount_tax: 0,
    amount_total: line.amountSubtotal - line.amountDiscount,
    currency: line.currency,
    description: line.description,
    metadata: line.metadata,
    price: standIn.store.prices.get(line.price) ?? null,
    quantity: line.quantity,
  };
}

/** One page of lines, first line first (the one list Stripe does not turn around). */
export function listLineItems(
  standIn: StandIn,
  parent: string,
  sent: z.output<typeof lineListParameters>,
  url: string,
): StripeList<LineItem> {
  const lines = linesOf(standIn, parent).map((line) => toLineItem(standIn, line));
  return page(lines, sent, url, "line item");
}

/** What an expanded `line_items` holds: the first page, so whoever needs all lines has to go on reading. */
export function firstLineItems(standIn: StandIn, parent: string, url: string): StripeList<LineItem> {
  return listLineItems(standIn, parent, {}, url);
}
