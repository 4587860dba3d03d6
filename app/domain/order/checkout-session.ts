import type { ChargedPayment } from "#app/domain/payment/payment.ts";

/** A Checkout Session with what it sold and how it was paid, as fetched from Stripe. Amounts are minor units. */
export type CheckoutSessionFacts = {
  id: string;
  livemode: boolean;
  mode: string;
  /** open | complete | expired */
  status: string;
  /** paid | unpaid | no_payment_required */
  paymentStatus: string;
  created: Date;
  expiresAt: Date;
  amountTotal: number | null;
  currency: string | null;
  /** What the buyer typed, or what Stripe's customer says; trimmed and lower-cased. */
  email: string | null;
  name: string | null;
  stripeCustomerId: string | null;
  clientReferenceId: string | null;
  metadata: Record<string, string>;
  paymentLinkId: string | null;
  /** sub_…; only in subscription mode, and only once the buyer has paid. */
  subscriptionId: string | null;
  /** Null when nothing had to be paid. */
  payment: PaymentFacts | null;
  lines: SessionLine[];
};

export type PaymentFacts = {
  id: string;
  /** processing | succeeded | requires_payment_method | canceled | … */
  status: string;
  chargeId: string | null;
  chargedAt: Date | null;
  /** Stripe's words for a payment that failed. */
  failureMessage: string | null;
  /** What was collected and what took it back; null while nothing was. */
  charged: ChargedPayment | null;
};

export type SessionLine = {
  id: string;
  description: string;
  quantity: number;
  amountTotal: number;
  priceId: string | null;
  lookupKey: string | null;
  /** `price.metadata.license_policy` */
  policySlug: string | null;
};

/** What is kept of the last fetch, to see cheaply whether Stripe has moved on. */
export type SessionSnapshot = { status: string; paymentStatus: string };
