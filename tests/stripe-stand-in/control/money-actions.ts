import { z } from "zod";
import { DISPUTE_STATUSES, moveDispute, openDispute } from "#tests/stripe-stand-in/payments/disputes.ts";
import { byEitherId } from "#tests/stripe-stand-in/payments/find-charge.ts";
import { warnOfFraud } from "#tests/stripe-stand-in/payments/fraud-warnings.ts";
import { createRefund, settleRefund } from "#tests/stripe-stand-in/payments/refunds.ts";
import { closeReview, openReview } from "#tests/stripe-stand-in/payments/reviews.ts";
import { type Actions, action, optional, yes } from "./action.ts";

const onCharge = z.object({ charge: z.string() });

/** Money that goes back, and banks that ask for it. */
export const moneyActions: Actions = {
  refund: action(
    onCharge.extend({
      amount: optional(z.coerce.number().int().min(1)),
      outcome: z.enum(["succeeded", "pending", "requires_action"]).default("succeeded"),
    }),
    (standIn, { charge, amount, outcome }) => {
      const refund = createRefund(standIn, { ...byEitherId(charge), amount, outcome }, null);
      return { message: `Refund ${refund.id} of ${refund.amount} is ${refund.status}`, result: refund };
    },
  ),
  "settle-refund": action(
    z.object({ refund: z.string(), outcome: z.enum(["succeeded", "failed", "canceled"]) }),
    (standIn, { refund: id, outcome }) => {
      const refund = settleRefund(standIn, id, outcome);
      return { message: `Refund ${id} ${outcome}`, result: refund };
    },
  ),
  dispute: action(
    onCharge.extend({
      inquiry: yes.default(false),
      reason: z.string().default("fraudulent"),
    }),
    (standIn, { charge, ...input }) => {
      const dispute = openDispute(standIn, charge, input);
      return { message: `Dispute ${dispute.id} is ${dispute.status}`, result: dispute };
    },
  ),
  "move-dispute": action(
    z.object({ dispute: z.string(), status: z.enum(DISPUTE_STATUSES) }),
    (standIn, { dispute: id, status }) => {
      const dispute = moveDispute(standIn, id, status);
      return { message: `Dispute ${id} is ${status}`, result: dispute };
    },
  ),
  "fraud-warning": action(onCharge, (standIn, { charge }) => {
    const warning = warnOfFraud(standIn, charge);
    return { message: `Fraud warning ${warning.id} about ${charge}`, result: warning };
  }),
  "open-review": action(onCharge, (standIn, { charge }) => {
    const review = openReview(standIn, charge);
    return { message: `Review ${review.id} of ${charge} is open`, result: review };
  }),
  "close-review": action(z.object({ review: z.string() }), (standIn, { review: id }) => {
    return { message: `Review ${id} is closed`, result: closeReview(standIn, id, "approved") };
  }),
};
