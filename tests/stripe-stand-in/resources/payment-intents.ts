import { z } from "zod";
import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { idOf, newId } from "#tests/stripe-stand-in/ids.ts";
import { listPage } from "#tests/stripe-stand-in/list.ts";
import {
  acceptedAll,
  listParameters,
  mergeMetadata,
  metadata,
  nothing,
  text,
  unsettableText,
} from "#tests/stripe-stand-in/parameters.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredPaymentIntent, StoredSession } from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";

/** The intent a session pays with: made at the first attempt to pay, and the same one at every later attempt. */
export function intentForSession(
  standIn: StandIn,
  session: StoredSession,
  customer: string | null,
): StoredPaymentIntent {
  const plan = standIn.store.checkoutPlans.get(session.id);
  const intentId = idOf(session.payment_intent) ?? plan?.subscription?.paymentIntent ?? "";
  const existing = standIn.store.paymentIntents.get(intentId);
  const presentment = plan?.presentment ?? null;
  if (existing !== undefined) {
    // A promotion code typed between two attempts changes what is due.
    return standIn.store.paymentIntents.update(existing.id, { amount: session.amount_total ?? 0, customer });
  }
  const input = {
    amount: session.amount_total ?? 0,
    currency: session.currency ?? "usd",
    customer,
    description: plan?.paymentIntentDescription ?? null,
    metadata: plan?.paymentIntentMetadata ?? {},
    methodTypes: session.payment_method_types,
    presentment,
  };
  return makeIntent(standIn, input, null);
}

export type IntentInput = {
  amount: number;
  currency: string;
  customer: string | null;
  description: string | null;
  metadata: Record<string, string>;
  methodTypes: string[];
  presentment: { currency: string; amount: number } | null;
};

/** A new intent that waits for a way to pay: `payment_intent.created`. */
export function makeIntent(standIn: StandIn, input: IntentInput, cause: Cause): StoredPaymentIntent {
  const id = newId("pi");
  const intent = standIn.store.paymentIntents.put({
    id,
    object: "payment_intent",
    allowed_payment_method_types: null,
    amount: input.amount,
    amount_capturable: 0,
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: "automatic_async",
    client_secret: `${id}_secret_standin`,
    confirmation_method: "automatic",
    created: standIn.clock.seconds(),
    currency: input.currency,
    customer: input.customer,
    customer_account: null,
    description: input.description,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: standIn.settings.livemode,
    managed_payments: { enabled: false },
    metadata: input.metadata,
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: input.methodTypes,
    payment_record: null,
    ...(input.presentment === null
      ? {}
      : {
          presentment_details: {
            presentment_amount: input.presentment.amount,
            presentment_currency: input.presentment.currency,
          },
        }),
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: "requires_payment_method",
    transfer_data: null,
    transfer_group: null,
  });
  emit(standIn, "payment_intent.created", intent, cause);
  return intent;
}

function requirePaymentIntent(standIn: StandIn, id: string): StoredPaymentIntent {
  const intent = standIn.store.paymentIntents.get(id);
  if (intent === undefined) throw resourceMissing("payment_intent", id);
  return intent;
}

const searchParameters = z.strictObject({
  ...listParameters,
  ...acceptedAll(["customer_account"]),
  customer: text.optional(),
});
const updateParameters = z.strictObject({ description: unsettableText.optional(), metadata });

function update(standIn: StandIn, id: string, sent: z.output<typeof updateParameters>, _cause: Cause) {
  const before = requirePaymentIntent(standIn, id);
  return standIn.store.paymentIntents.update(id, {
    ...(sent.description === undefined ? {} : { description: sent.description }),
    metadata: mergeMetadata(before.metadata, sent.metadata === undefined ? {} : sent.metadata),
  });
}

function list(standIn: StandIn, sent: z.output<typeof searchParameters>, url: string) {
  const { paymentIntents } = standIn.store;
  const matching =
    sent.customer === undefined ? paymentIntents.all() : paymentIntents.where("customer", sent.customer);
  return listPage(matching, sent, url, "payment_intent");
}

export const paymentIntentRoutes: Route[] = [
  route("GET", "/v1/payment_intents", searchParameters, (standIn, sent, call) =>
    list(standIn, sent, call.path),
  ),
  route("GET", "/v1/payment_intents/:id", nothing, (standIn, _sent, call) =>
    requirePaymentIntent(standIn, firstId(call)),
  ),
  route("POST", "/v1/payment_intents/:id", updateParameters, (standIn, sent, call) =>
    update(standIn, firstId(call), sent, call.cause),
  ),
];
