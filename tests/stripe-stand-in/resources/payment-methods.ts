import { z } from "zod";
import { attachMethod, findOrMakeMethod } from "#tests/stripe-stand-in/billing/cards.ts";
import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { listPage } from "#tests/stripe-stand-in/list.ts";
import { acceptedAll, listParameters, nothing, text } from "#tests/stripe-stand-in/parameters.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";
import { isLive, requireLiveCustomer } from "./customers.ts";

const searchParameters = z.strictObject({
  ...listParameters,
  ...acceptedAll(["allow_redisplay", "customer_account", "type"]),
  customer: text.optional(),
});
const attachParameters = z.strictObject({ ...acceptedAll(["customer_account"]), customer: text });

function attach(standIn: StandIn, id: string, customerId: string, cause: Cause) {
  const customer = requireLiveCustomer(standIn, customerId, "customer");
  return attachMethod(standIn, id, customer.id, "payment_method", cause);
}

/** A method that is taken off is no default any more, of its customer or of what they subscribe to. */
function detach(standIn: StandIn, id: string, cause: Cause) {
  const { customer: owner } = findOrMakeMethod(standIn, id, "id");
  const detached = standIn.store.paymentMethods.update(id, { customer: null });
  const customer = typeof owner === "string" ? standIn.store.customers.get(owner) : undefined;
  if (customer !== undefined && isLive(customer)) {
    const { invoice_settings: settings } = customer;
    if (settings.default_payment_method === id) {
      standIn.store.customers.put({
        ...customer,
        invoice_settings: { ...settings, default_payment_method: null },
      });
    }
    for (const subscription of standIn.store.subscriptions.where("customer", customer.id)) {
      if (subscription.default_payment_method !== id) continue;
      standIn.store.subscriptions.update(subscription.id, { default_payment_method: null });
    }
  }
  emit(standIn, "payment_method.detached", detached, cause);
  return detached;
}

export const paymentMethodRoutes: Route[] = [
  route("GET", "/v1/payment_methods", searchParameters, (standIn, sent, call) => {
    const { paymentMethods } = standIn.store;
    const rows =
      sent.customer === undefined ? paymentMethods.all() : paymentMethods.where("customer", sent.customer);
    return listPage(rows, sent, call.path, "payment method");
  }),
  route("GET", "/v1/payment_methods/:id", nothing, (standIn, _sent, call) =>
    findOrMakeMethod(standIn, firstId(call), "id"),
  ),
  route("POST", "/v1/payment_methods/:id/attach", attachParameters, (standIn, sent, call) =>
    attach(standIn, firstId(call), sent.customer, call.cause),
  ),
  route("POST", "/v1/payment_methods/:id/detach", nothing, (standIn, _sent, call) =>
    detach(standIn, firstId(call), call.cause),
  ),
];
