import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest } from "#tests/stripe-stand-in/errors.ts";
import { idOf, newId } from "#tests/stripe-stand-in/ids.ts";
import type { StoredCharge, StoredRefund } from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";
import { isHeldByDispute } from "./disputes.ts";
import { type ByPayment, requireTakenCharge } from "./find-charge.ts";
import { warningsAreSettled } from "./fraud-warnings.ts";
import { closeReviewsOf } from "./reviews.ts";

export type RefundStatus = "pending" | "requires_action" | "succeeded" | "failed" | "canceled";
export type RefundInput = ByPayment & {
  /** In minor units; the rest of the charge unless given. */
  amount?: number | undefined;
  reason?: string | undefined;
  metadata?: Record<string, string>;
  /** How it stands at first; `succeeded` unless given. */
  outcome?: "succeeded" | "pending" | "requires_action" | undefined;
};

const NEXT_ACTION = { type: "display_details" };

/** Gives money back: `refund.created`, then `charge.refunded`. Throws Stripe's error when the charge cannot be refunded so far. */
export function createRefund(standIn: StandIn, input: RefundInput, cause: Cause): StoredRefund {
  const charge = requireTakenCharge(standIn, input);
  const amount = input.amount ?? charge.amount - charge.amount_refunded;
  assertRefundable(standIn, charge, amount);
  const outcome = input.outcome ?? "succeeded";
  const refund: StoredRefund = standIn.store.refunds.put({
    id: newId("re"),
    object: "refund",
    amount,
    balance_transaction: newId("txn"),
    charge: charge.id,
    created: standIn.clock.seconds(),
    currency: charge.currency,
    customer: idOf(charge.customer),
    customer_account: null,
    metadata: input.metadata ?? {},
    ...(outcome === "requires_action" ? { next_action: NEXT_ACTION } : {}),
    payment_intent: idOf(charge.payment_intent),
    payment_method: charge.payment_method,
    ...(outcome === "pending" ? { pending_reason: "processing" } : {}),
    reason: input.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: outcome,
    transfer_reversal: null,
  });
  emit(standIn, "refund.created", refund, cause);
  const after = countRefunds(standIn, charge);
  emit(standIn, "charge.refunded", after, cause, {
    amount_refunded: charge.amount_refunded,
    refunded: charge.refunded,
  });
  if (after.refunded) {
    warningsAreSettled(standIn, charge.id);
    closeReviewsOf(standIn, charge.id, "refunded");
  }
  return refund;
}

function assertRefundable(standIn: StandIn, charge: StoredCharge, amount: number): void {
  const rest = charge.amount - charge.amount_refunded;
  if (isHeldByDispute(standIn, charge.id)) {
    const message = `Charge ${charge.id} has been charged back; cannot issue a refund.`;
    throw invalidRequest(message, "charge", "charge_disputed");
  }
  if (rest === 0) {
    const message = `Charge ${charge.id} has already been refunded.`;
    throw invalidRequest(message, "charge", "charge_already_refunded");
  }
  if (amount > rest) {
    const message = `Refund amount (${amount}) is greater than unrefunded amount on charge (${rest})`;
    throw invalidRequest(message, "amount", "amount_too_large");
  }
}

/** A failed or canceled refund gives its amount back to the charge. No document says so; the README names it as a guess. */
function countRefunds(standIn: StandIn, charge: StoredCharge): StoredCharge {
  const counted = standIn.store.refunds
    .where("charge", charge.id)
    .filter(({ status }) => status !== "failed" && status !== "canceled");
  const refunded = counted.reduce((sum, { amount }) => sum + amount, 0);
  return standIn.store.charges.update(charge.id, {
    amount_refunded: refunded,
    refunded: refunded === charge.amount,
  });
}

/**
 * Ends a refund that is pending or waits for the customer; a succeeded one can still fail, as bank transfers do.
 * Sends `refund.updated`, `charge.refund.updated` and, when it failed, `refund.failed`.
 */
export function settleRefund(
  standIn: StandIn,
  id: string,
  outcome: "succeeded" | "failed" | "canceled",
  cause: Cause = null,
): StoredRefund {
  const before = standIn.store.refunds.get(id);
  if (before === undefined) throw new Error(`The stand-in has no refund ${id}`);
  const isOpen = before.status === "pending" || before.status === "requires_action";
  if (!isOpen && !(before.status === "succeeded" && outcome === "failed")) {
    throw new Error(`Refund ${id} is ${before.status} and cannot become ${outcome}`);
  }
  const { pending_reason: _over, next_action: _done, ...kept } = before;
  const refund = standIn.store.refunds.put({
    ...kept,
    status: outcome,
    ...(outcome === "failed"
      ? { failure_reason: "expired_or_canceled_card", failure_balance_transaction: newId("txn") }
      : {}),
  });
  const charge = standIn.store.charges.get(String(refund.charge));
  if (charge !== undefined) countRefunds(standIn, charge);
  const previous = { status: before.status };
  emit(standIn, "refund.updated", refund, cause, previous);
  emit(standIn, "charge.refund.updated", refund, cause, previous);
  if (outcome === "failed") emit(standIn, "refund.failed", refund, cause, previous);
  return refund;
}
