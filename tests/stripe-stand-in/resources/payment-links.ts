import { z } from "zod";
import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest, resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { newId } from "#tests/stripe-stand-in/ids.ts";
import { listPage } from "#tests/stripe-stand-in/list.ts";
import {
  acceptedAll,
  flag,
  given,
  listParameters,
  mergeMetadata,
  metadata,
  nothing,
  text,
} from "#tests/stripe-stand-in/parameters.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredPaymentLink } from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";
import { addLines, lineListParameters, listLineItems, quantityParameter } from "./line-items.ts";
import { requirePrice } from "./prices.ts";

const notActedOn = acceptedAll([
  "application_fee_amount",
  "application_fee_percent",
  "automatic_tax",
  "billing_address_collection",
  "consent_collection",
  "custom_fields",
  "custom_text",
  "inactive_message",
  "invoice_creation",
  "managed_payments",
  "name_collection",
  "on_behalf_of",
  "optional_items",
  "payment_intent_data",
  "payment_method_collection",
  "payment_method_options",
  "payment_method_types",
  "phone_number_collection",
  "restrictions",
  "shipping_address_collection",
  "shipping_options",
  "submit_type",
  "subscription_data",
  "tax_id_collection",
  "transfer_data",
]);
const shared = {
  after_completion: z
    .strictObject({
      type: z.enum(["hosted_confirmation", "redirect"]),
      redirect: z.strictObject({ url: text }).optional(),
      hosted_confirmation: z.unknown().optional(),
    })
    .optional(),
  allow_promotion_codes: flag.optional(),
  customer_creation: z.enum(["always", "if_required"]).optional(),
  metadata,
};
const createParameters = z.strictObject({
  ...notActedOn,
  ...shared,
  ...acceptedAll(["currency"]),
  line_items: z
    .array(
      z.strictObject({ ...acceptedAll(["adjustable_quantity"]), price: text, quantity: quantityParameter }),
    )
    .min(1)
    .max(20),
});
const updateParameters = z.strictObject({
  ...notActedOn,
  ...shared,
  ...acceptedAll(["line_items"]),
  active: flag.optional(),
});

function afterCompletion(sent: z.output<typeof createParameters>["after_completion"]) {
  if (sent?.type === "redirect") {
    if (sent.redirect === undefined) {
      const param = "after_completion[redirect]";
      throw invalidRequest(`Missing required param: ${param}.`, param, "parameter_missing");
    }
    return { type: "redirect", redirect: { url: sent.redirect.url } } as const;
  }
  return { type: "hosted_confirmation", hosted_confirmation: { custom_message: null } } as const;
}

function create(standIn: StandIn, sent: z.output<typeof createParameters>, cause: Cause): StoredPaymentLink {
  const lines = sent.line_items.map(({ price, quantity }, index) => ({
    price: requirePrice(standIn, price, `line_items[${index}][price]`),
    quantity,
    metadata: {},
  }));
  const id = newId("plink");
  const link = standIn.store.paymentLinks.put({
    id,
    object: "payment_link",
    active: true,
    after_completion: afterCompletion(sent.after_completion),
    allow_promotion_codes: sent.allow_promotion_codes ?? false,
    application: null,
    application_fee_amount: null,
    application_fee_percent: null,
    automatic_tax: { enabled: false, liability: null },
    billing_address_collection: "auto",
    consent_collection: null,
    currency: lines[0]?.price.currency ?? "usd",
    custom_fields: [],
    custom_text: {
      after_submit: null,
      shipping_address: null,
      submit: null,
      terms_of_service_acceptance: null,
    },
    customer_creation: sent.customer_creation ?? "if_required",
    inactive_message: null,
    invoice_creation: null,
    livemode: standIn.settings.livemode,
    managed_payments: null,
    metadata: mergeMetadata(null, sent.metadata),
    on_behalf_of: null,
    payment_intent_data: null,
    payment_method_collection: "always",
    payment_method_options: null,
    payment_method_types: null,
    phone_number_collection: { enabled: false },
    restrictions: null,
    shipping_address_collection: null,
    shipping_options: [],
    submit_type: "auto",
    subscription_data: null,
    tax_id_collection: { enabled: false, required: "never" },
    transfer_data: null,
    url: `${standIn.settings.publicBase}/pay/${id}`,
  });
  addLines(standIn, id, lines);
  emit(standIn, "payment_link.created", link, cause);
  return link;
}

function requirePaymentLink(standIn: StandIn, id: string): StoredPaymentLink {
  const link = standIn.store.paymentLinks.get(id);
  if (link === undefined) throw resourceMissing("payment_link", id);
  return link;
}

function update(standIn: StandIn, id: string, sent: z.output<typeof updateParameters>, cause: Cause) {
  const before = requirePaymentLink(standIn, id);
  const { active, allow_promotion_codes, customer_creation } = sent;
  const link = standIn.store.paymentLinks.update(id, {
    ...given({ active, allow_promotion_codes, customer_creation }),
    ...(sent.after_completion === undefined
      ? {}
      : { after_completion: afterCompletion(sent.after_completion) }),
    metadata: mergeMetadata(before.metadata, sent.metadata === undefined ? {} : sent.metadata),
  });
  emit(standIn, "payment_link.updated", link, cause, { active: before.active });
  return link;
}

const searchParameters = z
  .strictObject({ ...listParameters, active: flag.optional() })
  .omit({ created: true });

function list(standIn: StandIn, sent: z.output<typeof searchParameters>, url: string) {
  const all = standIn.store.paymentLinks.all();
  // Payment links carry no date; listPage's stable order is then simply the latest first.
  const matching = all.filter((link) => sent.active === undefined || link.active === sent.active);
  const dated = matching.map((link) => ({ ...link, created: 0 }));
  const listed = listPage(dated, sent, url, "payment_link");
  return { ...listed, data: listed.data.map(({ created: _created, ...link }) => link) };
}

export const paymentLinkRoutes: Route[] = [
  route("POST", "/v1/payment_links", createParameters, (standIn, sent, call) =>
    create(standIn, sent, call.cause),
  ),
  route("GET", "/v1/payment_links", searchParameters, (standIn, sent, call) =>
    list(standIn, sent, call.path),
  ),
  route("GET", "/v1/payment_links/:id", nothing, (standIn, _sent, call) =>
    requirePaymentLink(standIn, firstId(call)),
  ),
  route("POST", "/v1/payment_links/:id", updateParameters, (standIn, sent, call) =>
    update(standIn, firstId(call), sent, call.cause),
  ),
  route("GET", "/v1/payment_links/:id/line_items", lineListParameters, (standIn, sent, call) =>
    listLineItems(standIn, requirePaymentLink(standIn, firstId(call)).id, sent, call.path),
  ),
];
