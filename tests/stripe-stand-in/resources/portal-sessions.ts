import type { Stripe } from "stripe";
import { z } from "zod";
import { findOwnSubscription, hasEnded } from "#tests/stripe-stand-in/billing-portal/portal-facts.ts";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest, resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { newId } from "#tests/stripe-stand-in/ids.ts";
import { accepted, acceptedAll, integer, text } from "#tests/stripe-stand-in/parameters.ts";
import { type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredPortalSession } from "#tests/stripe-stand-in/stored-types.ts";
import { requireLiveCustomer } from "./customers.ts";

const ofSubscription = z.strictObject({ subscription: text });
const flowParameters = z.strictObject({
  type: z.enum([
    "customer_update",
    "payment_method_update",
    "subscription_cancel",
    "subscription_pause",
    "subscription_update",
    "subscription_update_confirm",
  ]),
  after_completion: z
    .strictObject({
      type: z.enum(["hosted_confirmation", "portal_homepage", "redirect"]),
      hosted_confirmation: z.strictObject({ custom_message: text.optional() }).optional(),
      redirect: z.strictObject({ return_url: text }).optional(),
    })
    .optional(),
  subscription_cancel: ofSubscription.extend({ retention: accepted }).optional(),
  subscription_pause: ofSubscription.optional(),
  subscription_update: ofSubscription.optional(),
  subscription_update_confirm: ofSubscription
    .extend({
      ...acceptedAll(["discounts"]),
      items: z
        .array(z.strictObject({ id: text, price: text.optional(), quantity: integer(0).optional() }))
        .length(1),
    })
    .optional(),
});
const createParameters = z.strictObject({
  ...acceptedAll(["after_expiration", "customer_account", "locale", "on_behalf_of"]),
  customer: text,
  configuration: text.optional(),
  flow_data: flowParameters.optional(),
  return_url: text.optional(),
});

type Sent = z.output<typeof createParameters>;
type SentFlow = z.output<typeof flowParameters>;

/** A page for one visit of one customer. Its address is a secret: whoever has it acts for that customer. */
function create(standIn: StandIn, sent: Sent): StoredPortalSession {
  requireLiveCustomer(standIn, sent.customer, "customer");
  const id = newId("bps");
  const token = newId("test", 40);
  const session = standIn.store.portalSessions.put({
    id,
    object: "billing_portal.session",
    configuration: sent.configuration ?? "bpc_standin",
    created: standIn.clock.seconds(),
    customer: sent.customer,
    customer_account: null,
    flow: sent.flow_data === undefined ? null : flowOf(standIn, sent.customer, sent.flow_data),
    livemode: standIn.settings.livemode,
    locale: null,
    on_behalf_of: null,
    return_url: sent.return_url ?? null,
    url: `${standIn.settings.publicBase}/billing-portal/${token}`,
  });
  standIn.store.portalVisits.put({ id, token, lastUsedAt: null });
  return session;
}

function flowOf(standIn: StandIn, customer: string, sent: SentFlow): Stripe.BillingPortal.Session.Flow {
  const { type, after_completion: after } = sent;
  assertOwnSubscription(standIn, customer, sent);
  const confirmed = sent.subscription_update_confirm;
  return {
    after_completion: {
      hosted_confirmation:
        after?.type === "hosted_confirmation"
          ? { custom_message: after.hosted_confirmation?.custom_message ?? null }
          : null,
      redirect: after?.redirect ?? null,
      type: after?.type ?? "portal_homepage",
    },
    customer_update: null,
    subscription_cancel:
      sent.subscription_cancel === undefined
        ? null
        : { retention: null, subscription: sent.subscription_cancel.subscription },
    subscription_pause: sent.subscription_pause ?? null,
    subscription_update: sent.subscription_update ?? null,
    subscription_update_confirm:
      confirmed === undefined
        ? null
        : {
            discounts: null,
            subscription: confirmed.subscription,
            items: confirmed.items.map(({ id, price, quantity }) => ({
              id,
              price: price ?? null,
              ...(quantity === undefined ? {} : { quantity }),
            })),
          },
    type,
  };
}

/** Stripe refuses a flow about a subscription that is not there, is another customer's or has ended. */
function assertOwnSubscription(standIn: StandIn, customer: string, sent: SentFlow): void {
  const { type } = sent;
  if (type === "customer_update" || type === "payment_method_update") return;
  const id = sent[type]?.subscription;
  const param = `flow_data[${type}][subscription]`;
  if (id === undefined) throw invalidRequest(`Missing required param: ${param}.`, param, "parameter_missing");
  const subscription = findOwnSubscription(standIn, customer, id);
  if (subscription === null) throw resourceMissing("subscription", id, param);
  if (hasEnded(subscription)) {
    throw invalidRequest(`Subscription ${id} has ended and cannot be changed.`, param);
  }
}

export const portalSessionRoutes: Route[] = [
  route("POST", "/v1/billing_portal/sessions", createParameters, create),
];
