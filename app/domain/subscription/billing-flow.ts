/** What a customer can do on Stripe's billing pages. `manage` is their front page: invoices, and everything allowed. */
export const billingFlows = ["manage", "payment-method", "cancel", "change"] as const;
export type BillingFlow = (typeof billingFlows)[number];
