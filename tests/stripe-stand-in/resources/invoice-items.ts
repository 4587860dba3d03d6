import { z } from "zod";
import { withTotals } from "#tests/stripe-stand-in/billing/draft-invoice.ts";
import { makeInvoiceItem } from "#tests/stripe-stand-in/billing/invoice-items.ts";
import { invoiceItemLine, pricingOf, productNameOf } from "#tests/stripe-stand-in/billing/lines.ts";
import { requireInvoice } from "#tests/stripe-stand-in/billing/wire.ts";
import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest, resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { listPage } from "#tests/stripe-stand-in/list.ts";
import {
  acceptedAll,
  currency,
  flag,
  integer,
  listParameters,
  mergeMetadata,
  metadata,
  nothing,
  text,
  timestamp,
} from "#tests/stripe-stand-in/parameters.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredInvoice, StoredInvoiceItem } from "#tests/stripe-stand-in/stored-types.ts";
import { requireLiveCustomer } from "./customers.ts";
import { requirePrice } from "./prices.ts";

const createParameters = z.strictObject({
  ...acceptedAll([
    "customer_account",
    "discountable",
    "discounts",
    "price_data",
    "quantity_decimal",
    "tax_behavior",
    "tax_code",
    "tax_rates",
    "unit_amount_decimal",
  ]),
  amount: integer(-99_999_999).optional(),
  currency: currency.optional(),
  customer: text,
  description: text.optional(),
  invoice: text.optional(),
  metadata,
  period: z.strictObject({ start: timestamp, end: timestamp }).optional(),
  pricing: z.strictObject({ price: text }).optional(),
  quantity: integer(1).optional(),
  subscription: text.optional(),
});
const searchParameters = z.strictObject({
  ...listParameters,
  ...acceptedAll(["customer_account"]),
  customer: text.optional(),
  invoice: text.optional(),
  pending: flag.optional(),
});

function create(standIn: StandIn, sent: z.output<typeof createParameters>, cause: Cause): StoredInvoiceItem {
  const customer = requireLiveCustomer(standIn, sent.customer, "customer");
  const invoice = sent.invoice === undefined ? null : requireDraft(standIn, sent.invoice);
  const price =
    sent.pricing === undefined ? null : requirePrice(standIn, sent.pricing.price, "pricing[price]");
  const quantity = sent.quantity ?? 1;
  const amount = price === null ? sent.amount : (price.unit_amount ?? 0) * quantity;
  if (amount === undefined) {
    throw invalidRequest("Missing required param: amount.", "amount", "parameter_missing");
  }
  const item = makeInvoiceItem(
    standIn,
    {
      customer: customer.id,
      amount,
      currency: price?.currency ?? sent.currency ?? "usd",
      description: sent.description ?? (price === null ? null : productNameOf(standIn, price)),
      quantity,
      subscription: sent.subscription ?? null,
      invoice: invoice?.id ?? null,
      metadata: mergeMetadata(null, sent.metadata),
      ...(sent.period === undefined ? {} : { period: sent.period }),
      ...(price === null ? {} : { pricing: pricingOf(price) }),
    },
    cause,
  );
  if (invoice !== null) addLine(standIn, invoice, item);
  return item;
}

function requireDraft(standIn: StandIn, id: string): StoredInvoice {
  const invoice = requireInvoice(standIn, id, "invoice");
  if (invoice.status !== "draft") {
    throw invalidRequest(
      "This invoice is finalized and cannot be changed.",
      "invoice",
      "invoice_not_editable",
    );
  }
  return invoice;
}

function addLine(standIn: StandIn, invoice: StoredInvoice, item: StoredInvoiceItem): void {
  const line = { ...invoiceItemLine(standIn, item), invoice: invoice.id };
  const data = [...invoice.lines.data, line];
  standIn.store.invoices.put(
    withTotals({ ...invoice, currency: item.currency, lines: { ...invoice.lines, data } }),
  );
}

function list(standIn: StandIn, sent: z.output<typeof searchParameters>, url: string) {
  const rows =
    sent.customer === undefined
      ? standIn.store.invoiceItems.all()
      : standIn.store.invoiceItems.where("customer", sent.customer);
  const matching = rows.filter((item) => {
    if (sent.invoice !== undefined && item.invoice !== sent.invoice) return false;
    return sent.pending === undefined || (item.invoice === null) === sent.pending;
  });
  const dated = matching.map((item) => ({ ...item, created: item.date }));
  const found = listPage(dated, sent, url, "invoice item");
  return { ...found, data: found.data.map(({ created: _date, ...item }) => item) };
}

export const invoiceItemRoutes: Route[] = [
  route("GET", "/v1/invoiceitems", searchParameters, (standIn, sent, call) => list(standIn, sent, call.path)),
  route("POST", "/v1/invoiceitems", createParameters, (standIn, sent, call) =>
    create(standIn, sent, call.cause),
  ),
  route("GET", "/v1/invoiceitems/:id", nothing, (standIn, _sent, call) => {
    const item = standIn.store.invoiceItems.get(firstId(call));
    if (item === undefined) throw resourceMissing("invoiceitem", firstId(call));
    return item;
  }),
];
