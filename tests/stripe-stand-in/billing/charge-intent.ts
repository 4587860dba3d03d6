import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { idOf } from "#tests/stripe-stand-in/ids.ts";
import { type ChargeInput, makeCharge } from "#tests/stripe-stand-in/resources/charges.ts";
import { isLive } from "#tests/stripe-stand-in/resources/customers.ts";
import type {
  CardBehaviour,
  StoredCharge,
  StoredPaymentIntent,
} from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";
import { isDelayed, lastDigitsOf } from "./cards.ts";

export type ChargeOutcome = "succeeded" | "processing" | "requires_action" | "failed";

type Failure = { code: string; message: string; declineCode: string | null };

const DECLINED: Failure = {
  code: "card_declined",
  message: "Your card was declined.",
  declineCode: "generic_decline",
};
const EXPIRED: Failure = { code: "expired_card", message: "Your card has expired.", declineCode: null };
const NO_METHOD: Failure = {
  code: "missing",
  message: "The customer has no default payment method to charge.",
  declineCode: null,
};
const BOUNCED: Failure = {
  code: "payment_intent_payment_attempt_failed",
  message: "The customer's bank account could not be debited.",
  declineCode: null,
};

/** Why the latest attempt of an intent failed, as the API's 402 says it. */
export function failureOf(intent: StoredPaymentIntent | undefined): Failure {
  const error = intent?.last_payment_error;
  return {
    code: error?.code ?? NO_METHOD.code,
    message: error?.message ?? NO_METHOD.message,
    declineCode: error?.decline_code ?? null,
  };
}

function draftOf(standIn: StandIn, intent: StoredPaymentIntent, behaviour: CardBehaviour) {
  const customer = standIn.store.customers.get(idOf(intent.customer) ?? "");
  const live = customer !== undefined && isLive(customer) ? customer : null;
  const delayedType = intent.currency === "usd" ? "us_bank_account" : "sepa_debit";
  return {
    intent,
    methodType: isDelayed(behaviour) ? delayedType : "card",
    last4: lastDigitsOf(behaviour),
    email: live?.email ?? null,
    name: live?.name ?? null,
  };
}

/** One attempt to collect an intent with a method that behaves this way; null when the customer has none. Tells of intent and charge. */
export function chargeIntent(
  standIn: StandIn,
  intentId: string,
  method: { id: string; behaviour: CardBehaviour } | null,
  cause: Cause,
): ChargeOutcome {
  if (method === null) return fail(standIn, intentId, null, NO_METHOD, cause);
  const { behaviour, id } = method;
  const intent = standIn.store.paymentIntents.update(intentId, { payment_method: id });
  const draft = draftOf(standIn, intent, behaviour);
  switch (behaviour) {
    case "ok":
    case "disputed":
      succeed(standIn, makeCharge(standIn, { ...draft, status: "succeeded", failure: null }), cause);
      return "succeeded";
    case "requires_action":
      askForAction(standIn, intent, cause);
      return "requires_action";
    case "delayed_success":
    case "delayed_failure":
      process(standIn, draft, cause);
      return "processing";
    default:
      return fail(standIn, intentId, draft, behaviour === "expired" ? EXPIRED : DECLINED, cause);
  }
}

function succeed(standIn: StandIn, charge: StoredCharge, cause: Cause): void {
  const intentId = idOf(charge.payment_intent) ?? "";
  const intent = standIn.store.paymentIntents.update(intentId, {
    status: "succeeded",
    amount_received: charge.amount,
    latest_charge: charge.id,
    last_payment_error: null,
    next_action: null,
  });
  emit(standIn, "charge.succeeded", charge, cause);
  emit(standIn, "payment_intent.succeeded", intent, cause);
}

function askForAction(standIn: StandIn, intent: StoredPaymentIntent, cause: Cause): void {
  const asked = standIn.store.paymentIntents.update(intent.id, {
    status: "requires_action",
    next_action: { type: "use_stripe_sdk" },
  });
  emit(standIn, "payment_intent.requires_action", asked, cause);
}

function process(standIn: StandIn, draft: Omit<ChargeInput, "status" | "failure">, cause: Cause): void {
  const charge = makeCharge(standIn, { ...draft, status: "pending", failure: null });
  const intent = standIn.store.paymentIntents.update(draft.intent.id, {
    status: "processing",
    latest_charge: charge.id,
    last_payment_error: null,
    next_action: null,
  });
  emit(standIn, "charge.pending", charge, cause);
  emit(standIn, "payment_intent.processing", intent, cause);
}

function fail(
  standIn: StandIn,
  intentId: string,
  draft: Omit<ChargeInput, "status" | "failure"> | null,
  failure: Failure,
  cause: Cause,
): "failed" {
  const charge = draft === null ? null : makeCharge(standIn, { ...draft, status: "failed", failure });
  const intent = standIn.store.paymentIntents.update(intentId, {
    status: "requires_payment_method",
    payment_method: null,
    next_action: null,
    ...(charge === null ? {} : { latest_charge: charge.id }),
    last_payment_error: {
      ...(charge === null ? {} : { charge: charge.id }),
      code: failure.code,
      ...(failure.declineCode === null ? {} : { decline_code: failure.declineCode }),
      message: failure.message,
      type: "card_error",
    },
  });
  if (charge !== null) {
    emit(standIn, "charge.failed", charge, cause);
    emit(standIn, "payment_intent.payment_failed", intent, cause);
  }
  return "failed";
}

/** The customer did what their bank asked for: the intent is charged now. */
export function approveIntent(standIn: StandIn, intentId: string, cause: Cause): void {
  const intent = standIn.store.paymentIntents.get(intentId);
  if (intent?.status !== "requires_action") throw new Error(`Payment ${intentId} waits for no action`);
  const draft = draftOf(standIn, intent, "requires_action");
  succeed(standIn, makeCharge(standIn, { ...draft, status: "succeeded", failure: null }), cause);
}

/** Ends a delayed payment, once. Throws when none is under way. */
export function settleIntent(standIn: StandIn, intentId: string, outcome: "succeeded" | "failed"): void {
  const intent = standIn.store.paymentIntents.get(intentId);
  const charge = standIn.store.charges.get(idOf(intent?.latest_charge) ?? "");
  if (intent?.status !== "processing" || charge === undefined) {
    throw new Error(`Payment ${intentId} is not under way`);
  }
  if (outcome === "succeeded") {
    const changes = {
      status: "succeeded",
      paid: true,
      captured: true,
      amount_captured: charge.amount,
    } as const;
    succeed(standIn, standIn.store.charges.update(charge.id, changes), null);
    return;
  }
  const changes = { status: "failed", failure_code: BOUNCED.code, failure_message: BOUNCED.message } as const;
  const failed = standIn.store.charges.update(charge.id, changes);
  const error = { charge: charge.id, code: BOUNCED.code, message: BOUNCED.message } as const;
  const bounced = standIn.store.paymentIntents.update(intentId, {
    status: "requires_payment_method",
    last_payment_error: { ...error, type: "invalid_request_error" },
  });
  emit(standIn, "charge.failed", failed, null);
  emit(standIn, "payment_intent.payment_failed", bounced, null);
}
