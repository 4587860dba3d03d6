import { z } from "zod";
import type { ChargedPayment } from "#app/domain/payment/payment.ts";
import {
  idOf,
  optionalSeconds,
  optionalText,
  seconds,
  wholeList,
} from "#app/domain/stripe-sync/stripe-answers.server.ts";
import { stripe } from "#app/infra/stripe.server.ts";

export type Reversals = Pick<ChargedPayment, "refunds" | "disputes" | "fraudWarnings">;

export const noReversals: Readonly<Reversals> = { refunds: [], disputes: [], fraudWarnings: [] };

const Refund = z
  .object({
    object: z.literal("refund"),
    id: z.string(),
    amount: z.number().int(),
    status: z.string().nullish(),
    charge: idOf,
    created: seconds,
  })
  // Refunds from before Stripe had a status for them all went through.
  .transform(({ id, amount, status, charge, created }) => ({
    id,
    amount,
    status: status ?? "succeeded",
    chargeId: charge,
    created,
  }));

const Dispute = z
  .object({
    object: z.literal("dispute"),
    id: z.string(),
    amount: z.number().int(),
    status: z.string(),
    reason: z.string(),
    created: seconds,
    evidence_details: z.object({ due_by: optionalSeconds }).nullish(),
    payment_method_details: z.object({ card: z.object({ case_type: optionalText }).nullish() }).nullish(),
  })
  .transform(({ id, amount, status, reason, created, evidence_details, payment_method_details }) => ({
    id,
    amount,
    status,
    caseType: payment_method_details?.card?.case_type ?? null,
    reason,
    created,
    evidenceDueBy: evidence_details?.due_by ?? null,
  }));

const FraudWarning = z
  .object({
    object: z.literal("radar.early_fraud_warning"),
    id: z.string(),
    actionable: z.boolean(),
    fraud_type: z.string(),
    created: seconds,
  })
  .transform(({ id, actionable, fraud_type, created }) => ({
    id,
    actionable,
    fraudType: fraud_type,
    created,
  }));

/**
 * Everything that takes a payment back or threatens to, as Stripe holds it now.
 * @param paymentId pi_…, or ch_… of a payment without an intent.
 * @param withWarnings also the banks' early warnings, which few payments have.
 */
export async function fetchReversals(
  paymentId: string,
  { withWarnings }: { withWarnings: boolean },
): Promise<Reversals> {
  const of = paymentId.startsWith("pi_") ? { payment_intent: paymentId } : { charge: paymentId };
  const [refunds, disputes, fraudWarnings] = await Promise.all([
    wholeList(Refund, (from) => stripe().refunds.list({ ...of, limit: 100, ...from })),
    wholeList(Dispute, (from) => stripe().disputes.list({ ...of, limit: 100, ...from })),
    withWarnings
      ? wholeList(FraudWarning, (from) =>
          stripe().radar.earlyFraudWarnings.list({ ...of, limit: 100, ...from }),
        )
      : [],
  ]);
  return { refunds, disputes, fraudWarnings };
}
