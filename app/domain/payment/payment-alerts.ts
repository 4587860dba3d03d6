import { formatMoney } from "#app/domain/money.ts";
import type { ChargedPayment } from "#app/domain/payment/payment.ts";
import { disputeStanding, refundedAmount } from "#app/domain/payment/payment-holds.ts";

export type PaymentAlert = {
  kind:
    | "partial-refund"
    | "refund-failed"
    | "inquiry-opened"
    | "dispute-opened"
    | "dispute-lost"
    | "fraud-warning";
  causeKey: string;
  message: string;
  /** Of a partial refund: what went back so far, in minor units. */
  refunded?: { payment: string; refunded: number; of: number; currency: string };
};

/**
 * What staff should look at among the payments of one purchase. `purchase` names it; `holding` says whether these
 * payments pay for what runs now, so that their full refund suspends it. Safe to raise again: each has its own key.
 */
export function paymentAlerts(
  payments: readonly ChargedPayment[],
  { purchase, holding }: { purchase: string; holding: boolean },
): PaymentAlert[] {
  return payments.flatMap((payment) => [
    ...refundAlerts(payment, purchase, holding),
    ...disputeAlerts(payment, purchase),
    ...payment.fraudWarnings
      .filter(({ actionable }) => actionable)
      .map(
        (warning): PaymentAlert => ({
          kind: "fraud-warning",
          causeKey: warning.id,
          message: `The bank reported payment ${payment.id} of ${purchase} as fraud (${warning.fraudType}). Refund it in Stripe before it becomes a dispute, or suspend the license while you ask the customer.`,
        }),
      ),
  ]);
}

function refundAlerts(payment: ChargedPayment, purchase: string, holding: boolean): PaymentAlert[] {
  const alerts: PaymentAlert[] = payment.refunds
    .filter(({ status }) => status === "failed")
    .map((refund) => ({
      kind: "refund-failed",
      causeKey: refund.id,
      message: `Refund ${refund.id} of ${purchase} failed: the money came back to you and the license works again. Pay the customer another way, or refund again in Stripe.`,
    }));
  const refunded = refundedAmount(payment);
  const isPartial = refunded < payment.amount;
  if (refunded > 0 && (isPartial || !holding))
    alerts.push({
      kind: "partial-refund",
      causeKey: `${payment.id}:${refunded}`,
      refunded: { payment: payment.id, refunded, of: payment.amount, currency: payment.currency },
      message: `${formatMoney(refunded, payment.currency)} of ${formatMoney(payment.amount, payment.currency)} were refunded for ${purchase}${
        isPartial ? "" : ", a payment for an earlier period"
      }. No license was changed; suspend or revoke it by hand if that is meant.`,
    });
  return alerts;
}

function disputeAlerts(payment: ChargedPayment, purchase: string): PaymentAlert[] {
  return payment.disputes.flatMap((dispute): PaymentAlert[] => {
    const standing = disputeStanding(dispute);
    const until = dispute.evidenceDueBy ? ` until ${dispute.evidenceDueBy.toISOString().slice(0, 10)}` : "";
    switch (standing) {
      case "inquiry":
        return [
          {
            kind: "inquiry-opened",
            causeKey: dispute.id,
            message: `The bank asks about the payment of ${purchase} (${dispute.id}, ${dispute.reason}). Answer in Stripe${until}, so that it does not become a dispute.`,
          },
        ];
      case "open":
        return [
          {
            kind: "dispute-opened",
            causeKey: `${dispute.id}:${dispute.status.startsWith("appeal") ? "appeal" : "open"}`,
            message: `The payment of ${purchase} is disputed (${dispute.id}, ${dispute.reason}). Send evidence in Stripe${until}.`,
          },
        ];
      case "lost":
        return [
          {
            kind: "dispute-lost",
            causeKey: dispute.id,
            message: `The dispute ${dispute.id} about ${purchase} was lost; the money is gone and the license stays suspended. Revoke it if the customer should not come back to it.`,
          },
        ];
      default:
        return [];
    }
  });
}
