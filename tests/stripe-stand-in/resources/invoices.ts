import { z } from "zod";
import { markUncollectible, voidInvoice } from "#tests/stripe-stand-in/billing/close-invoice.ts";
import { announceDraft, draftInvoice } from "#tests/stripe-stand-in/billing/draft-invoice.ts";
import { finalizeInvoice, send } from "#tests/stripe-stand-in/billing/finalize-invoice.ts";
import { payInvoice } from "#tests/stripe-stand-in/billing/invoice-actions.ts";
import { quiet } from "#tests/stripe-stand-in/billing/mark-paid.ts";
import { HOUR_SECONDS } from "#tests/stripe-stand-in/billing/periods.ts";
import { invoicesOf } from "#tests/stripe-stand-in/billing/standing.ts";
import {
  emitInvoice,
  requireInvoice,
  requireSubscription,
  wireInvoice,
} from "#tests/stripe-stand-in/billing/wire.ts";
import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest } from "#tests/stripe-stand-in/errors.ts";
import { listPage, page } from "#tests/stripe-stand-in/list.ts";
import {
  acceptedAll,
  createdRange,
  flag,
  given,
  integer,
  listParameters,
  mergeMetadata,
  metadata,
  nothing,
  text,
  timestamp,
  unsettableText,
} from "#tests/stripe-stand-in/parameters.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredInvoice } from "#tests/stripe-stand-in/stored-types.ts";
import { requireLiveCustomer } from "./customers.ts";
import { lineListParameters } from "./line-items.ts";

const notActedOn = acceptedAll([
  "account_tax_ids",
  "application_fee_amount",
  "automatic_tax",
  "automatically_finalizes_at",
  "custom_fields",
  "default_source",
  "default_tax_rates",
  "discounts",
  "effective_at",
  "footer",
  "issuer",
  "number",
  "on_behalf_of",
  "payment_settings",
  "rendering",
  "shipping_cost",
  "shipping_details",
  "statement_descriptor",
  "transfer_data",
]);
const shared = {
  auto_advance: flag.optional(),
  collection_method: z.enum(["charge_automatically", "send_invoice"]).optional(),
  days_until_due: integer(0, 730).optional(),
  due_date: timestamp.optional(),
  metadata,
};
const createParameters = z.strictObject({
  ...notActedOn,
  ...shared,
  ...acceptedAll(["currency", "customer_account", "default_payment_method", "from_invoice"]),
  customer: text,
  description: text.optional(),
  pending_invoice_items_behavior: z.enum(["exclude", "include"]).optional(),
  subscription: text.optional(),
});
const updateParameters = z.strictObject({
  ...notActedOn,
  ...shared,
  default_payment_method: text.optional(),
  description: unsettableText.optional(),
});
const payParameters = z.strictObject({
  ...acceptedAll(["forgive", "mandate", "off_session", "source"]),
  paid_out_of_band: flag.optional(),
  payment_method: text.optional(),
});
const finalizeParameters = z.strictObject({ auto_advance: flag.optional() });
const searchParameters = z.strictObject({
  ...listParameters,
  ...acceptedAll(["customer_account"]),
  collection_method: text.optional(),
  customer: text.optional(),
  due_date: createdRange,
  status: z.enum(["draft", "open", "paid", "uncollectible", "void"]).optional(),
  subscription: text.optional(),
});

/** An invoice made by hand: a draft, which items are then put on. */
function create(standIn: StandIn, sent: z.output<typeof createParameters>, cause: Cause): StoredInvoice {
  const customer = requireLiveCustomer(standIn, sent.customer, "customer");
  const subscription =
    sent.subscription === undefined ? null : requireSubscription(standIn, sent.subscription, "subscription");
  const autoAdvance = sent.auto_advance ?? false;
  const draft = draftInvoice(standIn, {
    customer: customer.id,
    subscription,
    reason: "manual",
    lines: [],
    collectionMethod: sent.collection_method ?? "charge_automatically",
    daysUntilDue: sent.days_until_due ?? null,
    autoAdvance,
    metadata: mergeMetadata(null, sent.metadata),
    description: sent.description ?? null,
    takesPendingItems: subscription !== null || sent.pending_invoice_items_behavior === "include",
  });
  announceDraft(standIn, draft, cause);
  if (autoAdvance) planFinalization(standIn, draft);
  return draft;
}

function planFinalization(standIn: StandIn, { id, created }: StoredInvoice): void {
  standIn.timers.schedule("finalize_invoice", id, (created + HOUR_SECONDS) * 1000);
}

function update(standIn: StandIn, id: string, sent: z.output<typeof updateParameters>, cause: Cause) {
  const before = requireInvoice(standIn, id);
  const { auto_advance, collection_method, default_payment_method, description, due_date } = sent;
  const updated = standIn.store.invoices.update(id, {
    ...given({ auto_advance, collection_method, default_payment_method, description, due_date }),
    ...(sent.metadata === undefined ? {} : { metadata: mergeMetadata(before.metadata, sent.metadata) }),
  });
  if (auto_advance === true && before.status === "draft") planFinalization(standIn, before);
  if (auto_advance === false) quiet(standIn, id);
  emitInvoice(standIn, "invoice.updated", updated, cause);
  return updated;
}

function finalize(
  standIn: StandIn,
  id: string,
  sent: z.output<typeof finalizeParameters>,
  cause: Cause,
): StoredInvoice {
  if (sent.auto_advance !== undefined && requireInvoice(standIn, id).status === "draft") {
    standIn.store.invoices.update(id, { auto_advance: sent.auto_advance });
  }
  return finalizeInvoice(standIn, id, { collect: sent.auto_advance ?? true, cause });
}

/** Drafts made by hand can be deleted; those of subscriptions cannot. */
function remove(standIn: StandIn, id: string, cause: Cause) {
  const invoice = requireInvoice(standIn, id);
  if (invoice.status !== "draft" || invoice.billing_reason !== "manual") {
    throw invalidRequest("You can only delete draft invoices that are not of a subscription.");
  }
  quiet(standIn, id);
  standIn.store.invoices.remove(id);
  standIn.store.invoiceRecords.remove(id);
  emitInvoice(standIn, "invoice.deleted", invoice, cause);
  return { id, object: "invoice", deleted: true };
}

function list(standIn: StandIn, sent: z.output<typeof searchParameters>, url: string) {
  const { customer, subscription, status } = sent;
  const rows =
    subscription !== undefined
      ? invoicesOf(standIn, subscription)
      : customer !== undefined
        ? standIn.store.invoices.where("customer", customer)
        : standIn.store.invoices.all();
  const matching = rows.filter((invoice) => {
    if (customer !== undefined && invoice.customer !== customer) return false;
    if (sent.collection_method !== undefined && invoice.collection_method !== sent.collection_method)
      return false;
    return status === undefined || invoice.status === status;
  });
  const found = listPage(matching, sent, url, "invoice");
  return { ...found, data: found.data.map(wireInvoice) };
}

const one = (standIn: StandIn, id: string) => wireInvoice(requireInvoice(standIn, id));

export const invoiceRoutes: Route[] = [
  route("GET", "/v1/invoices", searchParameters, (standIn, sent, call) => list(standIn, sent, call.path)),
  route("POST", "/v1/invoices", createParameters, (standIn, sent, call) => create(standIn, sent, call.cause)),
  route("GET", "/v1/invoices/:id", nothing, (standIn, _sent, call) => one(standIn, firstId(call))),
  route("POST", "/v1/invoices/:id", updateParameters, (standIn, sent, call) =>
    wireInvoice(update(standIn, firstId(call), sent, call.cause)),
  ),
  route("DELETE", "/v1/invoices/:id", nothing, (standIn, _sent, call) =>
    remove(standIn, firstId(call), call.cause),
  ),
  route("GET", "/v1/invoices/:id/lines", lineListParameters, (standIn, sent, call) =>
    page(requireInvoice(standIn, firstId(call)).lines.data, sent, call.path, "line item"),
  ),
  route("POST", "/v1/invoices/:id/finalize", finalizeParameters, (standIn, sent, call) =>
    wireInvoice(finalize(standIn, firstId(call), sent, call.cause)),
  ),
  route("POST", "/v1/invoices/:id/pay", payParameters, (standIn, sent, call) =>
    wireInvoice(
      payInvoice(standIn, firstId(call), {
        outOfBand: sent.paid_out_of_band ?? false,
        method: sent.payment_method,
        cause: call.cause,
      }),
    ),
  ),
  route("POST", "/v1/invoices/:id/send", nothing, (standIn, _sent, call) => {
    const id = firstId(call);
    if (requireInvoice(standIn, id).status === "draft")
      finalizeInvoice(standIn, id, { collect: false, cause: call.cause });
    else send(standIn, requireInvoice(standIn, id), call.cause);
    return one(standIn, id);
  }),
  route("POST", "/v1/invoices/:id/void", nothing, (standIn, _sent, call) =>
    wireInvoice(voidInvoice(standIn, firstId(call), call.cause)),
  ),
  route("POST", "/v1/invoices/:id/mark_uncollectible", nothing, (standIn, _sent, call) =>
    wireInvoice(markUncollectible(standIn, firstId(call), call.cause)),
  ),
];
