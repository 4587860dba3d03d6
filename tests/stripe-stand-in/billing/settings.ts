import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import type { BillingSettings } from "#tests/stripe-stand-in/stored-types.ts";

const DEFAULTS: BillingSettings = {
  id: "billing",
  retryDays: [3, 5, 7],
  dunningEnd: "canceled",
  billingMode: "flexible",
  resumeOnPayment: true,
  firstPaymentFailure: "incomplete",
  overdueDays: 30,
  upcomingDays: 7,
  finalizationFails: false,
  trialPaymentStatus: "no_payment_required",
};

export type BillingInput = Partial<Omit<BillingSettings, "id">>;

/** What the account's Dashboard says about billing. */
export function billingSettings(standIn: StandIn): BillingSettings {
  return { ...DEFAULTS, ...standIn.store.billingSettings.get("billing") };
}

/** Changes only what is given; it counts from the next thing that happens. */
export function setBilling(standIn: StandIn, input: BillingInput): BillingSettings {
  return standIn.store.billingSettings.put({ ...billingSettings(standIn), ...input });
}
