import type Stripe from "stripe";

export type SessionRequest = {
  orderId: string;
  /** Who is signed in, if anybody. */
  customerId: string | null;
  email: string | null;
  /** The customer at Stripe this person is already, in the mode of the key. */
  stripeCustomerId: string | null;
  stripePriceId: string;
  quantity: number;
  /** Of the price; no interval = paid once. */
  interval: string | null;
  trialDays: number | null;
  maxQuantity: number;
  /** The dated license this payment prolongs. */
  renewsLicenseId: string | null;
  /** Absolute; Stripe puts the session's id in place of its template. */
  successUrl: string;
  cancelUrl: string;
};

/**
 * What Stripe is asked for: the whole Checkout Session of one order (stripe.md 2.6). The order is named on the session
 * and on what it makes, so that a sale finds its order whichever of them is heard of first.
 */
export function sessionParameters(request: SessionRequest): Stripe.Checkout.SessionCreateParams {
  const metadata = {
    order: request.orderId,
    ...(request.renewsLicenseId && { renews: request.renewsLicenseId }),
  };
  return {
    ...(request.interval ? subscriptionMode(request, metadata) : paymentMode(request, metadata)),
    success_url: request.successUrl,
    cancel_url: request.cancelUrl,
    client_reference_id: request.customerId ?? request.orderId,
    metadata,
    allow_promotion_codes: true,
    // For the invoice or receipt of a company; nobody has to fill them in.
    tax_id_collection: { enabled: true },
    name_collection: { business: { enabled: true, optional: true } },
    ...(request.stripeCustomerId
      ? {
          customer: request.stripeCustomerId,
          // Stripe refuses to ask a known customer for a tax id unless it may keep what comes with it.
          customer_update: { name: "auto" as const, address: "auto" as const },
        }
      : request.email && { customer_email: request.email }),
  };
}

type ModeParameters = Pick<
  Stripe.Checkout.SessionCreateParams,
  | "mode"
  | "line_items"
  | "customer_creation"
  | "payment_intent_data"
  | "payment_method_collection"
  | "subscription_data"
>;

function paymentMode(request: SessionRequest, metadata: Record<string, string>): ModeParameters {
  return {
    mode: "payment",
    line_items: [{ price: request.stripePriceId, quantity: request.quantity }],
    payment_intent_data: { metadata },
    ...(!request.stripeCustomerId && { customer_creation: "always" as const }),
  };
}

/** A trial asks for a card too; should it be gone by the end of the trial, the subscription waits instead of ending. */
function subscriptionMode(request: SessionRequest, metadata: Record<string, string>): ModeParameters {
  const { quantity, maxQuantity, trialDays } = request;
  return {
    mode: "subscription",
    line_items: [
      {
        price: request.stripePriceId,
        quantity,
        ...(maxQuantity > 1 && { adjustable_quantity: { enabled: true, minimum: 1, maximum: maxQuantity } }),
      },
    ],
    payment_method_collection: "always",
    subscription_data: {
      metadata,
      ...(trialDays !== null && {
        trial_period_days: trialDays,
        trial_settings: { end_behavior: { missing_payment_method: "pause" as const } },
      }),
    },
  };
}
