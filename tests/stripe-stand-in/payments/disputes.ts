import type { Stripe } from "stripe";
import { endSubscription } from "#tests/stripe-stand-in/billing/end-subscription.ts";
import { hasEnded } from "#tests/stripe-stand-in/billing/ended.ts";
import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { idOf, newId } from "#tests/stripe-stand-in/ids.ts";
import type { StoredCharge, StoredDispute } from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";
import { NO_EVIDENCE } from "./dispute-evidence.ts";
import { byEitherId, requireTakenCharge } from "./find-charge.ts";
import { warningsAreSettled } from "./fraud-warnings.ts";
import { closeReviewsOf } from "./reviews.ts";

export const DISPUTE_STATUSES = [
  "warning_needs_response",
  "warning_under_review",
  "warning_closed",
  "needs_response",
  "under_review",
  "won",
  "lost",
  "prevented",
  "appeal_needs_response",
  "appeal_under_review",
] as const;
export type DisputeStatus = (typeof DISPUTE_STATUSES)[number];
export type DisputeInput = {
  /** The bank only asks; no money moves. */
  inquiry?: boolean;
  /** `fraudulent` unless given. */
  reason?: string;
  /** In minor units; the whole charge unless given. */
  amount?: number;
  /** A chargeback also ends the subscription that was paid for, as the account's settings can ask for. */
  cancelSubscription?: boolean;
};

const DAY_SECONDS = 86_400;
const DAYS_TO_ANSWER = 9;
const FEE = 1500;
const CLOSED: readonly string[] = ["won", "lost", "warning_closed", "prevented"];

/** A buyer goes to their bank: `charge.dispute.created` and, unless it is an inquiry, `charge.dispute.funds_withdrawn`. */
export function openDispute(
  standIn: StandIn,
  chargeOrIntent: string,
  input: DisputeInput = {},
): StoredDispute {
  const charge = requireTakenCharge(standIn, byEitherId(chargeOrIntent));
  const isInquiry = input.inquiry ?? false;
  const dispute = standIn.store.disputes.put(newDispute(standIn, charge, input, isInquiry));
  emit(standIn, "charge.dispute.created", dispute, null);
  if (isInquiry) return dispute;
  chargeIsDisputed(standIn, charge.id);
  const withdrawn = withdrawFunds(standIn, dispute);
  if (input.cancelSubscription === true) endDisputedSubscription(standIn, idOf(charge.payment_intent));
  return withdrawn;
}

function endDisputedSubscription(standIn: StandIn, intent: string | null): void {
  const payment = standIn.store.invoicePayments.all().find((row) => row.payment.payment_intent === intent);
  const invoice = standIn.store.invoices.get(payment?.invoice ?? "");
  const id = idOf(invoice?.parent?.subscription_details?.subscription);
  const subscription = standIn.store.subscriptions.get(id ?? "");
  if (subscription === undefined || hasEnded(subscription)) return;
  endSubscription(standIn, subscription.id, { reason: "payment_disputed", cause: null });
}

function newDispute(
  standIn: StandIn,
  charge: StoredCharge,
  input: DisputeInput,
  isInquiry: boolean,
): StoredDispute {
  const created = standIn.clock.seconds();
  return {
    id: newId("dp"),
    object: "dispute",
    amount: input.amount ?? charge.amount,
    balance_transactions: [],
    charge: charge.id,
    created,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: { ...NO_EVIDENCE },
    evidence_details: {
      due_by: created + DAYS_TO_ANSWER * DAY_SECONDS,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: "not_submitted",
    },
    intended_submission_method: null,
    is_charge_refundable: isInquiry,
    livemode: standIn.settings.livemode,
    metadata: {},
    payment_intent: idOf(charge.payment_intent),
    payment_method_details: {
      type: "card",
      card: {
        brand: "visa",
        case_type: isInquiry ? "inquiry" : "chargeback",
        network: "visa",
        network_reason_code: "10.4",
      },
    },
    reason: input.reason ?? "fraudulent",
    status: isInquiry ? "warning_needs_response" : "needs_response",
  };
}

/** An open chargeback keeps the charge from being refunded; an inquiry does not. */
export function isHeldByDispute(standIn: StandIn, chargeId: string): boolean {
  return standIn.store.disputes
    .where("charge", chargeId)
    .some((dispute) => !dispute.is_charge_refundable && !CLOSED.includes(dispute.status));
}

function chargeIsDisputed(standIn: StandIn, chargeId: string): void {
  standIn.store.charges.update(chargeId, { disputed: true });
  warningsAreSettled(standIn, chargeId);
  closeReviewsOf(standIn, chargeId, "disputed");
}

/**
 * The bank moves a dispute on. A move to `won`, `lost`, `warning_closed` or `prevented` sends `charge.dispute.closed`,
 * every other one `charge.dispute.updated`; the money is withdrawn when an inquiry becomes a chargeback or a won case is
 * appealed, and comes back when it is won. Repeating the status it has changes nothing.
 */
export function moveDispute(
  standIn: StandIn,
  id: string,
  status: DisputeStatus,
  cause: Cause = null,
): StoredDispute {
  const before = standIn.store.disputes.get(id);
  if (before === undefined) throw new Error(`The stand-in has no dispute ${id}`);
  if (before.status === status) return before;
  const isInquiry = status.startsWith("warning_");
  const moved = standIn.store.disputes.update(id, {
    status,
    is_charge_refundable: isInquiry || status === "prevented",
    ...(isInquiry || status === "prevented" ? {} : { payment_method_details: asChargeback(before) }),
  });
  const type = CLOSED.includes(status) ? "charge.dispute.closed" : "charge.dispute.updated";
  emit(standIn, type, moved, cause, { status: before.status });
  if (status === "won" || status === "prevented") return reinstateFunds(standIn, moved);
  if (isInquiry) return moved;
  chargeIsDisputed(standIn, String(moved.charge));
  return status === "lost" || !isWithdrawn(moved) ? withdrawFunds(standIn, moved) : moved;
}

function asChargeback(dispute: StoredDispute): Stripe.Dispute.PaymentMethodDetails {
  const card = dispute.payment_method_details?.card;
  return {
    type: "card",
    card: {
      brand: "visa",
      network: "visa",
      network_reason_code: "10.4",
      ...card,
      case_type: "chargeback",
    },
  };
}

function isWithdrawn(dispute: StoredDispute): boolean {
  return dispute.balance_transactions.reduce((sum, { amount }) => sum + amount, 0) < 0;
}

function withdrawFunds(standIn: StandIn, dispute: StoredDispute): StoredDispute {
  if (isWithdrawn(dispute)) return dispute;
  return moveFunds(standIn, dispute, -dispute.amount, "charge.dispute.funds_withdrawn");
}

function reinstateFunds(standIn: StandIn, dispute: StoredDispute): StoredDispute {
  if (!isWithdrawn(dispute)) return dispute;
  return moveFunds(standIn, dispute, dispute.amount, "charge.dispute.funds_reinstated");
}

function moveFunds(standIn: StandIn, dispute: StoredDispute, amount: number, type: string): StoredDispute {
  const now = standIn.clock.seconds();
  const fee = amount < 0 ? FEE : 0;
  const movement: Stripe.BalanceTransaction = {
    id: newId("txn"),
    object: "balance_transaction",
    amount,
    available_on: now,
    balance_type: "payments",
    created: now,
    currency: dispute.currency,
    description: amount < 0 ? "Chargeback withdrawal" : "Chargeback reversal",
    exchange_rate: null,
    fee,
    fee_details: [],
    net: amount - fee,
    reporting_category: amount < 0 ? "dispute" : "dispute_reversal",
    source: dispute.id,
    status: "available",
    type: "adjustment",
  };
  const moved = standIn.store.disputes.update(dispute.id, {
    balance_transactions: [...dispute.balance_transactions, movement],
  });
  emit(standIn, type, moved, null, { balance_transactions: dispute.balance_transactions });
  return moved;
}
