import { z } from "zod";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { idOf, newId } from "#tests/stripe-stand-in/ids.ts";
import { listPage } from "#tests/stripe-stand-in/list.ts";
import { acceptedAll, listParameters, nothing, text } from "#tests/stripe-stand-in/parameters.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredCharge, StoredPaymentIntent } from "#tests/stripe-stand-in/stored-types.ts";
import { paymentMethodDetails } from "./payment-method-details.ts";

export type ChargeInput = {
  intent: StoredPaymentIntent;
  status: "succeeded" | "pending" | "failed";
  methodType: string;
  last4: string;
  email: string | null;
  name: string | null;
  failure: { code: string; message: string; declineCode: string | null } | null;
};

/** One attempt to collect a payment intent's amount. */
export function makeCharge(standIn: StandIn, input: ChargeInput): StoredCharge {
  const { intent, status, failure } = input;
  const isPaid = status !== "failed";
  const isCaptured = status === "succeeded";
  return standIn.store.charges.put({
    id: newId("ch"),
    object: "charge",
    amount: intent.amount,
    amount_captured: isCaptured ? intent.amount : 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: { address: null, email: input.email, name: input.name, phone: null, tax_id: null },
    calculated_statement_descriptor: "LATCHKEY STAND-IN",
    captured: isCaptured,
    created: standIn.clock.seconds(),
    currency: intent.currency,
    customer: idOf(intent.customer),
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: failure?.code ?? null,
    failure_message: failure?.message ?? null,
    fraud_details: {},
    livemode: standIn.settings.livemode,
    metadata: intent.metadata,
    on_behalf_of: null,
    outcome: {
      advice_code: null,
      network_advice_code: null,
      network_decline_code: null,
      network_status: isPaid ? "approved_by_network" : "declined_by_network",
      reason: failure?.declineCode ?? null,
      risk_level: "normal",
      risk_score: 20,
      seller_message: isPaid
        ? "Payment complete."
        : "The bank did not return any further details with this decline.",
      type: isPaid ? "authorized" : "issuer_declined",
    },
    paid: isCaptured,
    payment_intent: intent.id,
    payment_method: idOf(intent.payment_method),
    payment_method_details: paymentMethodDetails(input.methodType, input.last4),
    ...(intent.presentment_details === undefined ? {} : { presentment_details: intent.presentment_details }),
    receipt_email: intent.receipt_email,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status,
    transfer_data: null,
    transfer_group: null,
  });
}

function requireCharge(standIn: StandIn, id: string): StoredCharge {
  const charge = standIn.store.charges.get(id);
  if (charge === undefined) throw resourceMissing("charge", id);
  return charge;
}

const searchParameters = z.strictObject({
  ...listParameters,
  ...acceptedAll(["transfer_group"]),
  customer: text.optional(),
  payment_intent: text.optional(),
});

function list(standIn: StandIn, sent: z.output<typeof searchParameters>, url: string) {
  const { charges } = standIn.store;
  const candidates =
    sent.payment_intent === undefined ? charges.all() : charges.where("payment_intent", sent.payment_intent);
  const matching = candidates.filter(
    (charge) => sent.customer === undefined || charge.customer === sent.customer,
  );
  return listPage(matching, sent, url, "charge");
}

export const chargeRoutes: Route[] = [
  route("GET", "/v1/charges", searchParameters, (standIn, sent, call) => list(standIn, sent, call.path)),
  route("GET", "/v1/charges/:id", nothing, (standIn, _sent, call) => requireCharge(standIn, firstId(call))),
];
