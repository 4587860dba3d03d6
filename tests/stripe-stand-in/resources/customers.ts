import type { Stripe } from "stripe";
import { z } from "zod";
import { attachMethod, makeDefault } from "#tests/stripe-stand-in/billing/cards.ts";
import { endSubscriptionsOf } from "#tests/stripe-stand-in/billing/end-subscription.ts";
import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { newId } from "#tests/stripe-stand-in/ids.ts";
import { isInRange, newestFirst, page } from "#tests/stripe-stand-in/list.ts";
import {
  acceptedAll,
  given,
  listParameters,
  mergeMetadata,
  metadata,
  nothing,
  text,
  unsettableText,
} from "#tests/stripe-stand-in/parameters.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { Stored, StoredCustomer } from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";

export type LiveCustomer = Stored<Stripe.Customer>;

const details = {
  email: unsettableText.optional(),
  name: unsettableText.optional(),
  phone: unsettableText.optional(),
  description: unsettableText.optional(),
};
const notActedOn = acceptedAll([
  "address",
  "balance",
  "business_name",
  "cash_balance",
  "individual_name",
  "invoice_prefix",
  "next_invoice_sequence",
  "preferred_locales",
  "shipping",
  "source",
  "tax",
  "tax_exempt",
  "validate",
]);
const invoiceSettings = z.strictObject({
  ...acceptedAll(["custom_fields", "footer", "rendering_options"]),
  default_payment_method: text.optional(),
});
const createParameters = z.strictObject({
  ...details,
  ...notActedOn,
  ...acceptedAll(["tax_id_data"]),
  invoice_settings: invoiceSettings.optional(),
  metadata,
  payment_method: text.optional(),
  test_clock: text.optional(),
});
const updateParameters = z.strictObject({
  ...details,
  ...notActedOn,
  ...acceptedAll(["default_source"]),
  invoice_settings: invoiceSettings.optional(),
  metadata,
});
const searchParameters = z.strictObject({
  ...listParameters,
  ...acceptedAll(["test_clock"]),
  email: text.optional(),
});

export function isLive(customer: StoredCustomer): customer is LiveCustomer {
  return customer.deleted !== true;
}

/** A new customer in the store, with its event. */
export function createCustomer(
  standIn: StandIn,
  input: Partial<z.output<typeof createParameters>>,
  cause: Cause,
): LiveCustomer {
  const customer: LiveCustomer = {
    id: newId("cus", 14),
    object: "customer",
    address: null,
    balance: 0,
    created: standIn.clock.seconds(),
    currency: null,
    customer_account: null,
    default_source: null,
    delinquent: false,
    description: input.description ?? null,
    email: input.email ?? null,
    invoice_prefix: newId("x", 8).slice(2).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: standIn.settings.livemode,
    metadata: mergeMetadata(null, input.metadata),
    ...(input.name === null ? {} : given({ name: input.name })),
    next_invoice_sequence: 1,
    ...(input.phone === null ? {} : given({ phone: input.phone })),
    preferred_locales: [],
    shipping: null,
    discount: null,
    tax_exempt: "none",
    test_clock: input.test_clock ?? null,
  };
  standIn.store.customers.put(customer);
  const paying = withMethods(standIn, customer, input, cause);
  emit(standIn, "customer.created", paying, cause);
  return paying;
}

type SentMethods = Pick<Partial<z.output<typeof createParameters>>, "payment_method" | "invoice_settings">;

/** Attaches what was sent and makes it the default when it was sent as that. */
function withMethods(
  standIn: StandIn,
  customer: LiveCustomer,
  sent: SentMethods,
  cause: Cause,
): LiveCustomer {
  const attach = (id: string, param: string) => attachMethod(standIn, id, customer.id, param, cause).id;
  const attached = sent.payment_method && attach(sent.payment_method, "payment_method");
  const asked = sent.invoice_settings?.default_payment_method;
  if (asked === undefined) return customer;
  // One of Stripe's test ids, sent twice, names one new method.
  const param = "invoice_settings[default_payment_method]";
  const method = attached !== undefined && asked === sent.payment_method ? attached : attach(asked, param);
  return makeDefault(standIn, customer, method);
}

/** A deleted customer is an answer too: `{ deleted: true }`. */
export function requireCustomer(standIn: StandIn, id: string, param?: string): StoredCustomer {
  const customer = standIn.store.customers.get(id);
  if (customer === undefined) throw resourceMissing("customer", id, param);
  return customer;
}

export function requireLiveCustomer(standIn: StandIn, id: string, param?: string): LiveCustomer {
  const customer = requireCustomer(standIn, id, param);
  if (!isLive(customer)) throw resourceMissing("customer", id, param);
  return customer;
}

function update(standIn: StandIn, id: string, sent: z.output<typeof updateParameters>, cause: Cause) {
  const before = requireLiveCustomer(standIn, id);
  const changes = given({ email: sent.email, description: sent.description });
  const customer: LiveCustomer = {
    ...before,
    ...changes,
    ...(sent.name === null ? { name: "" } : given({ name: sent.name })),
    ...(sent.phone === null ? { phone: "" } : given({ phone: sent.phone })),
    metadata: mergeMetadata(before.metadata, sent.metadata === undefined ? {} : sent.metadata),
  };
  standIn.store.customers.put(customer);
  const updated = withMethods(standIn, customer, { invoice_settings: sent.invoice_settings }, cause);
  emit(standIn, "customer.updated", updated, cause, { email: before.email, metadata: before.metadata });
  return updated;
}

/** What the customer subscribes to ends first. */
export function removeCustomer(standIn: StandIn, id: string, cause: Cause): StoredCustomer {
  const before = requireLiveCustomer(standIn, id);
  endSubscriptionsOf(standIn, id, cause);
  emit(standIn, "customer.deleted", before, cause);
  return standIn.store.customers.put({ id, object: "customer", deleted: true });
}

function list(standIn: StandIn, sent: z.output<typeof searchParameters>, url: string) {
  const matching = standIn.store.customers
    .all()
    .filter(isLive)
    .filter((customer) => {
      if (!isInRange(customer.created, sent.created)) return false;
      return sent.email === undefined || customer.email === sent.email;
    });
  return page(
    newestFirst(matching, (customer) => customer.created),
    sent,
    url,
    "customer",
  );
}

export const customerRoutes: Route[] = [
  route("GET", "/v1/customers", searchParameters, (standIn, sent, call) => list(standIn, sent, call.path)),
  route("POST", "/v1/customers", createParameters, (standIn, sent, call) =>
    createCustomer(standIn, sent, call.cause),
  ),
  route("GET", "/v1/customers/:id", nothing, (standIn, _sent, call) =>
    requireCustomer(standIn, firstId(call)),
  ),
  route("POST", "/v1/customers/:id", updateParameters, (standIn, sent, call) =>
    update(standIn, firstId(call), sent, call.cause),
  ),
  route("DELETE", "/v1/customers/:id", nothing, (standIn, _sent, call) =>
    removeCustomer(standIn, firstId(call), call.cause),
  ),
];
