import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest, resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { idOf } from "#tests/stripe-stand-in/ids.ts";
import type { StoredCharge, StoredPaymentIntent } from "#tests/stripe-stand-in/stored-types.ts";

export type ByPayment = { charge?: string | undefined; payment_intent?: string | undefined };

/** The charge an id of a charge or of a payment intent means. Throws Stripe's error when there is none that took money. */
export function requireTakenCharge(standIn: StandIn, sent: ByPayment): StoredCharge {
  if (sent.charge === undefined && sent.payment_intent === undefined) {
    throw invalidRequest("One of the following params should be provided: payment_intent or charge.");
  }
  const charge =
    sent.charge === undefined
      ? chargeOfIntent(standIn, sent.payment_intent ?? "")
      : standIn.store.charges.get(sent.charge);
  if (charge === undefined) throw resourceMissing("charge", sent.charge ?? "", "charge");
  if (charge.status !== "succeeded" || !charge.paid) {
    throw invalidRequest(`Charge ${charge.id} has not been paid, so nothing of it can go back.`, "charge");
  }
  return charge;
}

function chargeOfIntent(standIn: StandIn, id: string): StoredCharge {
  const intent = standIn.store.paymentIntents.get(id);
  if (intent === undefined) throw resourceMissing("payment_intent", id, "payment_intent");
  const charge = standIn.store.charges.get(idOf(intent.latest_charge) ?? "");
  if (charge?.status === "succeeded") return charge;
  throw invalidRequest(
    `This PaymentIntent (${id}) does not have a successful charge to refund.`,
    "payment_intent",
    "payment_intent_unexpected_state",
  );
}

export function intentOf(standIn: StandIn, charge: StoredCharge): StoredPaymentIntent | undefined {
  return standIn.store.paymentIntents.get(idOf(charge.payment_intent) ?? "");
}

/** For commands, which are given either id. */
export function byEitherId(id: string): ByPayment {
  return id.startsWith("pi_") ? { payment_intent: id } : { charge: id };
}

type PaymentLinks = { charge: string | null; payment_intent?: string | null };

/** The rows of one charge or of one payment intent, or all when neither is asked for. */
export function ofPayment<T extends { charge: string | null; payment_intent?: string | null }>(
  rows: readonly T[],
  sent: ByPayment,
): T[] {
  const fits = (row: PaymentLinks) =>
    (sent.charge === undefined || row.charge === sent.charge) &&
    (sent.payment_intent === undefined || row.payment_intent === sent.payment_intent);
  return rows.filter(fits);
}
