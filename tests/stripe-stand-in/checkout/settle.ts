import { settleInvoice } from "#tests/stripe-stand-in/billing/invoice-actions.ts";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { idOf } from "#tests/stripe-stand-in/ids.ts";
import type { PaymentOutcome, StoredSession } from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";

const FAILURE = {
  code: "payment_intent_payment_attempt_failed",
  message: "The customer's bank account could not be debited.",
} as const;

/** Ends a delayed payment, once. Throws when the session has none under way. */
export function settle(standIn: StandIn, sessionId: string, outcome: PaymentOutcome): StoredSession {
  const session = standIn.store.sessions.get(sessionId);
  if (session?.mode === "subscription" && session.invoice !== null) {
    settleInvoice(standIn, String(session.invoice), outcome);
    return standIn.store.sessions.get(sessionId) ?? session;
  }
  const intent = standIn.store.paymentIntents.get(idOf(session?.payment_intent) ?? "");
  const charge = standIn.store.charges.get(idOf(intent?.latest_charge) ?? "");
  if (session === undefined || intent?.status !== "processing" || charge === undefined) {
    throw new Error(`Session ${sessionId} has no delayed payment under way`);
  }
  standIn.timers.cancel("settle_payment", sessionId);
  if (outcome === "succeeded") {
    const captured = {
      status: "succeeded",
      paid: true,
      captured: true,
      amount_captured: charge.amount,
    } as const;
    const paidCharge = standIn.store.charges.update(charge.id, captured);
    const paidIntent = standIn.store.paymentIntents.update(intent.id, {
      status: "succeeded",
      amount_received: intent.amount,
    });
    const paidSession = standIn.store.sessions.update(sessionId, { payment_status: "paid" });
    emit(standIn, "charge.succeeded", paidCharge, null);
    emit(standIn, "payment_intent.succeeded", paidIntent, null);
    emit(standIn, "checkout.session.async_payment_succeeded", paidSession, null);
    return paidSession;
  }
  const failedCharge = standIn.store.charges.update(charge.id, {
    status: "failed",
    failure_code: FAILURE.code,
    failure_message: FAILURE.message,
  });
  const failedIntent = standIn.store.paymentIntents.update(intent.id, {
    status: "requires_payment_method",
    last_payment_error: { ...FAILURE, charge: charge.id, type: "invalid_request_error" },
  });
  emit(standIn, "charge.failed", failedCharge, null);
  emit(standIn, "payment_intent.payment_failed", failedIntent, null);
  emit(standIn, "checkout.session.async_payment_failed", session, null);
  return session;
}

/** What the clock does when a delayed payment's days are over: the outcome the buyer chose. */
export function settleWhenProcessing(standIn: StandIn, sessionId: string): void {
  const outcome = standIn.store.checkoutPlans.get(sessionId)?.delayedOutcome;
  const session = standIn.store.sessions.get(sessionId);
  const intent = standIn.store.paymentIntents.get(idOf(session?.payment_intent) ?? "");
  if (outcome !== null && outcome !== undefined && intent?.status === "processing")
    settle(standIn, sessionId, outcome);
}
