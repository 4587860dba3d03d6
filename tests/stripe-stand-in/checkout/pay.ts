import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { idOf, newId } from "#tests/stripe-stand-in/ids.ts";
import { type ChargeInput, makeCharge } from "#tests/stripe-stand-in/resources/charges.ts";
import { createCustomer } from "#tests/stripe-stand-in/resources/customers.ts";
import { intentForSession } from "#tests/stripe-stand-in/resources/payment-intents.ts";
import type {
  PaymentOutcome,
  StoredPaymentIntent,
  StoredSession,
} from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";
import {
  applyQuantity,
  applyTypedCode,
  type PayInput,
  type PaymentChoice,
  requireMethodIfNeeded,
  requireOfferedMethod,
  requireOpenSession,
  typedEmail,
} from "./buyer-input.ts";

import { countRedemptions } from "./discounts.ts";
import { noBuyerDetails } from "./new-session.ts";
import { paySubscription } from "./pay-subscription.ts";

export { CheckoutRefusal } from "./buyer-input.ts";

export type Decline = { code: "card_declined"; declineCode: "generic_decline"; message: string };
export type PayResult =
  | { redirectTo: string; declined?: undefined }
  | { redirectTo: null; declined: Decline };

export const DECLINE: Decline = {
  code: "card_declined",
  declineCode: "generic_decline",
  message: "Your card was declined.",
};

export type Buyer = {
  email: string | null;
  name: string | null;
  businessName: string | null;
  taxIds: Array<{ type: string; value: string }>;
};

/** Does what a buyer does on the checkout page. Throws CheckoutRefusal when the page would not let them. */
export function pay(standIn: StandIn, sessionId: string, input: PayInput = {}): PayResult {
  const open = requireOpenSession(standIn, sessionId);
  const method = input.method ?? "card";
  const methodType = requireOfferedMethod(open, method);
  const counted = applyQuantity(standIn, open, input.quantity);
  const session = applyTypedCode(standIn, counted, input.promotionCode);
  const buyer: Buyer = {
    email: typedEmail(session, input.email),
    name: input.name ?? null,
    businessName: input.businessName ?? null,
    taxIds: input.taxId === undefined ? [] : [input.taxId],
  };
  requireMethodIfNeeded(session, method);
  if (session.mode === "subscription") return paySubscription(standIn, session, buyer, method);
  if (session.amount_total === 0) {
    return { redirectTo: complete(standIn, session, buyer, "no_payment_required", null) };
  }
  const customer = customerFor(standIn, session, buyer);
  const intent = attach(standIn, intentForSession(standIn, session, customer));
  const { email, name } = buyer;
  const charge = { intent, methodType, last4: lastDigits(method), email, name };
  if (method === "declined") return decline(standIn, session, charge);
  if (method === "requires_action") {
    const asked = standIn.store.paymentIntents.update(intent.id, { status: "requires_action" });
    emit(standIn, "payment_intent.requires_action", asked, null);
  }
  if (method === "card" || method === "requires_action") return payNow(standIn, session, buyer, charge);
  return payLater(standIn, session, buyer, charge, method === "delayed_success" ? "succeeded" : "failed");
}

type ChargeDraft = Omit<ChargeInput, "status" | "failure">;

function payNow(standIn: StandIn, session: StoredSession, buyer: Buyer, draft: ChargeDraft): PayResult {
  const charge = makeCharge(standIn, { ...draft, status: "succeeded", failure: null });
  const intent = standIn.store.paymentIntents.update(draft.intent.id, {
    status: "succeeded",
    amount_received: draft.intent.amount,
    latest_charge: charge.id,
    last_payment_error: null,
  });
  emit(standIn, "charge.succeeded", charge, null);
  emit(standIn, "payment_intent.succeeded", intent, null);
  return { redirectTo: complete(standIn, session, buyer, "paid", intent) };
}

function payLater(
  standIn: StandIn,
  session: StoredSession,
  buyer: Buyer,
  draft: ChargeDraft,
  outcome: PaymentOutcome,
): PayResult {
  const charge = makeCharge(standIn, { ...draft, status: "pending", failure: null });
  const changes = { status: "processing", latest_charge: charge.id, last_payment_error: null } as const;
  const intent = standIn.store.paymentIntents.update(draft.intent.id, changes);
  standIn.store.checkoutPlans.update(session.id, { delayedOutcome: outcome });
  standIn.timers.schedule(
    "settle_payment",
    session.id,
    standIn.clock.now() + standIn.settings.settlementDelayMs,
  );
  emit(standIn, "charge.pending", charge, null);
  emit(standIn, "payment_intent.processing", intent, null);
  return { redirectTo: complete(standIn, session, buyer, "unpaid", intent) };
}

function decline(standIn: StandIn, session: StoredSession, draft: ChargeDraft): PayResult {
  const failure = { code: DECLINE.code, message: DECLINE.message, declineCode: DECLINE.declineCode };
  const charge = makeCharge(standIn, { ...draft, status: "failed", failure });
  const intent = standIn.store.paymentIntents.update(draft.intent.id, {
    status: "requires_payment_method",
    latest_charge: charge.id,
    payment_method: null,
    last_payment_error: {
      charge: charge.id,
      code: DECLINE.code,
      decline_code: DECLINE.declineCode,
      message: DECLINE.message,
      type: "card_error",
    },
  });
  standIn.store.sessions.update(session.id, { payment_intent: intent.id });
  emit(standIn, "charge.failed", charge, null);
  emit(standIn, "payment_intent.payment_failed", intent, null);
  return { redirectTo: null, declined: DECLINE };
}

/** The session is done; `made` is what it led to. Gives the address the buyer goes to. */
export function complete(
  standIn: StandIn,
  session: StoredSession,
  buyer: Buyer,
  paymentStatus: "paid" | "unpaid" | "no_payment_required",
  intent: StoredPaymentIntent | null,
  made: Partial<StoredSession> = {},
): string {
  const plan = standIn.store.checkoutPlans.get(session.id);
  const presentment = intent?.presentment_details;
  const customer = intent === null ? customerFor(standIn, session, buyer) : idOf(intent.customer);
  standIn.timers.cancel("expire_session", session.id);
  countRedemptions(standIn, session);
  const details = {
    ...noBuyerDetails,
    email: buyer.email,
    name: buyer.businessName ?? buyer.name,
    business_name: buyer.businessName,
    individual_name: buyer.name,
    tax_ids: buyer.taxIds,
  };
  const completed = standIn.store.sessions.update(session.id, {
    status: "complete",
    payment_status: paymentStatus,
    payment_intent: intent?.id ?? null,
    customer,
    customer_details: plan?.withholdCustomerDetails === true ? null : details,
    ...made,
    ...(presentment === undefined ? {} : { presentment_details: presentment }),
    url: null,
  });
  emit(standIn, "checkout.session.completed", completed, null);
  return successUrl(standIn, completed);
}

/** Where the buyer goes after paying; sales from a payment link without a redirect end on the stand-in's own page. */
export function successUrl(standIn: StandIn, session: StoredSession): string {
  const own = `${standIn.settings.publicBase}/checkout/${session.id}`;
  return (session.success_url ?? own).replaceAll("{CHECKOUT_SESSION_ID}", session.id);
}

function lastDigits(choice: PaymentChoice): string {
  if (choice === "card") return "4242";
  if (choice === "requires_action") return "3184";
  if (choice === "declined") return "0002";
  return "6789";
}

/** The customer of the sale, made now when the session asks for one. */
export function customerFor(standIn: StandIn, session: StoredSession, buyer: Buyer): string | null {
  const existing = idOf(session.customer);
  if (existing !== null || session.customer_creation !== "always") return existing;
  const { email, name } = buyer;
  const customer = createCustomer(standIn, { email, name }, null).id;
  standIn.store.sessions.update(session.id, { customer });
  return customer;
}

function attach(standIn: StandIn, intent: StoredPaymentIntent): StoredPaymentIntent {
  return standIn.store.paymentIntents.update(intent.id, { payment_method: newId("pm") });
}
