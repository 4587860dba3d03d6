import type { ChargedPayment, DisputeFacts } from "#app/domain/payment/payment.ts";
import type { Settings } from "#app/domain/setting/settings.ts";

/** A reason not to let a license work, keyed by its cause: `refund:<charge>`, `dispute:<id>`, `fraud:<warning>`. */
export type Hold = { cause: string; reason: string };

export type PaymentVerdict = {
  holds: Hold[];
  /** Set when the vendor wants such a payment to end its licenses for good. */
  revokedBecause: string | null;
  /** When the verdict changes although nothing happens at Stripe; null = never. */
  nextCheckAt: Date | null;
};

const dayMs = 86_400_000;

/**
 * What the payments of one purchase or period mean for its licenses (stripe.md 1.2, rows 32 to 40). Pure; each hold
 * is derived from its own refund or dispute, so that ending one never ends another (I5).
 */
export function judgePayments(
  payments: readonly ChargedPayment[],
  settings: Settings,
  now: Date,
): PaymentVerdict {
  const verdict: PaymentVerdict = { holds: [], revokedBecause: null, nextCheckAt: null };
  if (isFullyRefunded(payments)) {
    for (const payment of payments)
      for (const cause of refundCauses(payment))
        if (!verdict.holds.some((hold) => hold.cause === cause))
          verdict.holds.push({ cause, reason: "The payment was refunded." });
    if (settings.onFullRefund === "revoke") verdict.revokedBecause = "The payment was refunded in full.";
  }
  for (const dispute of payments.flatMap((payment) => payment.disputes)) {
    const standing = disputeStanding(dispute);
    const holds =
      standing === "open" || standing === "lost"
        ? settings.onDisputeOpen === "suspend"
        : standing === "inquiry" && settings.onInquiry === "suspend";
    if (holds) verdict.holds.push({ cause: `dispute:${dispute.id}`, reason: disputeReasons[standing] });
    const revokeAt = standing === "lost" ? revocationOf(dispute, settings) : null;
    if (revokeAt && revokeAt <= now)
      verdict.revokedBecause = "The payment was disputed and the dispute lost.";
    else if (revokeAt && (!verdict.nextCheckAt || revokeAt < verdict.nextCheckAt))
      verdict.nextCheckAt = revokeAt;
  }
  if (settings.onEarlyFraud === "suspend")
    for (const warning of payments.flatMap((payment) => payment.fraudWarnings))
      if (warning.actionable)
        verdict.holds.push({
          cause: `fraud:${warning.id}`,
          reason: "The bank reported this payment as fraud.",
        });
  return verdict;
}

/** Money on its way back counts; money that did not arrive (failed, canceled) does not. */
export function refundedAmount(payment: ChargedPayment): number {
  return payment.refunds
    .filter((refund) => ["succeeded", "pending", "requires_action"].includes(refund.status))
    .reduce((sum, refund) => sum + refund.amount, 0);
}

/** Several part payments of one invoice are judged together: some of the money back is a partial refund. */
export function isFullyRefunded(payments: readonly ChargedPayment[]): boolean {
  const paid = payments.reduce((sum, payment) => sum + payment.amount, 0);
  const refunded = payments.reduce((sum, payment) => sum + refundedAmount(payment), 0);
  return paid > 0 && refunded >= paid;
}

function refundCauses(payment: ChargedPayment): string[] {
  if (refundedAmount(payment) === 0) return [];
  return [...new Set(payment.refunds.map((refund) => `refund:${refund.chargeId ?? payment.id}`))];
}

export type DisputeStanding = "inquiry" | "open" | "won" | "lost" | "prevented";

/** An inquiry (`warning_*`) has taken no money yet; a decided dispute that is appealed is open again. */
export function disputeStanding(dispute: DisputeFacts): DisputeStanding {
  const { status } = dispute;
  if (status === "won" || status === "warning_closed") return "won";
  if (status === "lost") return "lost";
  if (status === "prevented") return "prevented";
  return status.startsWith("warning_") ? "inquiry" : "open";
}

const disputeReasons: Record<DisputeStanding, string> = {
  inquiry: "The bank asks about the payment.",
  open: "The payment is disputed.",
  won: "The dispute was won.",
  lost: "The payment was disputed and the dispute lost.",
  prevented: "The dispute was prevented.",
};

function revocationOf(dispute: DisputeFacts, settings: Settings): Date | null {
  const days = settings.disputeLostRevokeAfterDays;
  return days === null ? null : new Date(dispute.created.getTime() + days * dayMs);
}

/** Refunds on their way and disputes that can still move are looked at every day, whoever tells us or not. */
export function needsDailyLook(payments: readonly ChargedPayment[]): boolean {
  return payments.some(
    (payment) =>
      payment.refunds.some((refund) => refund.status === "pending" || refund.status === "requires_action") ||
      payment.disputes.some((dispute) => ["inquiry", "open"].includes(disputeStanding(dispute))),
  );
}
