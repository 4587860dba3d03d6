import type { Stripe } from "stripe";

/** A field that may hold an expanded object keeps only its id in the store. */
type Unexpanded<V> = [Extract<V, string>] extends [never] ? V : Exclude<V, { object: string }>;

/** An object as Stripe sends it when nothing is expanded. The SDK's own types say which fields that is,
 * so a field the SDK learns of and the stand-in forgets does not compile. */
export type Stored<T> = { [K in keyof T]: Unexpanded<T[K]> };

export type StoredProduct = Stored<Stripe.Product>;
/** `unit_amount_decimal` travels as a string; only the SDK makes a Decimal of it. */
export type StoredPrice = Omit<Stored<Stripe.Price>, "unit_amount_decimal"> & {
  unit_amount_decimal: string | null;
};
export type StoredCustomer = Stored<Stripe.Customer> | Stripe.DeletedCustomer;
export type StoredCoupon = Stored<Stripe.Coupon>;
export type StoredPromotionCode = Stored<Stripe.PromotionCode>;
export type StoredPaymentLink = Stored<Stripe.PaymentLink>;
export type StoredSession = Stored<Stripe.Checkout.Session>;
export type StoredPaymentIntent = Stored<Stripe.PaymentIntent>;
export type StoredCharge = Stored<Stripe.Charge>;
export type StoredRefund = Stored<Stripe.Refund>;
export type StoredDispute = Stored<Stripe.Dispute>;
export type StoredFraudWarning = Stored<Stripe.Radar.EarlyFraudWarning>;
export type StoredReview = Stored<Stripe.Review>;
export type StoredCreditNote = Stored<Stripe.CreditNote>;
export type StoredPortalSession = Stored<Stripe.BillingPortal.Session>;
export type StoredEndpoint = Stored<Stripe.WebhookEndpoint>;

export type StripeObject = { object: string; id?: string };

export type StoredEvent = {
  id: string;
  object: "event";
  api_version: string;
  created: number;
  data: { object: StripeObject; previous_attributes?: Record<string, unknown> };
  livemode: boolean;
  pending_webhooks: number;
  request: { id: string | null; idempotency_key: string | null };
  type: string;
  /** Of a type that has no snapshot: only thin destinations and `/v2/core/events` know it. */
  thin_only?: true;
};

/** One line of a session or payment link; on the wire it carries the whole price. */
export type LineRecord = {
  id: string;
  parent: string;
  price: string;
  description: string;
  quantity: number;
  metadata: Record<string, string>;
  currency: string;
  amountSubtotal: number;
  amountDiscount: number;
};

/** What Stripe remembers of a session and does not show on it. */
export type CheckoutPlan = {
  id: string;
  paymentIntentMetadata: Record<string, string>;
  paymentIntentDescription: string | null;
  presentment: { currency: string; amount: number } | null;
  /** Sessions seen in the wild have come back without any buyer details: a test can ask for one. */
  withholdCustomerDetails: boolean;
  delayedOutcome: PaymentOutcome | null;
};

/** What Stripe remembers of an endpoint and shows at most once. */
export type EndpointSettings = {
  id: string;
  secrets: string[];
  payload: "snapshot" | "thin";
  /** Of an event destination; null for an endpoint of the v1 API. */
  name: string | null;
};

/** What Stripe remembers of a billing portal session and does not show on it. */
export type PortalVisit = {
  id: string;
  /** The secret part of its address. */
  token: string;
  /** In milliseconds of the stand-in's clock; null until somebody opened it. */
  lastUsedAt: number | null;
};

export type PaymentOutcome = "succeeded" | "failed";

export type DeliveryAttempt = { at: number; status: number | null; body: string; error: string | null };

export type Delivery = {
  id: string;
  event: string;
  endpoint: string;
  /** `taken`: a test holds it and decides what becomes of it. */
  status: "pending" | "taken" | "dropped" | "succeeded" | "failed";
  attempts: DeliveryAttempt[];
  /** In milliseconds of the stand-in's clock; null when nothing is planned. */
  nextAttemptAt: number | null;
};

export type Timer = { id: string; at: number; kind: TimerKind; subject: string };
export type TimerKind = "expire_session" | "settle_payment" | "attempt_delivery";

export type IdempotentAnswer = {
  id: string;
  fingerprint: string;
  endpoint: string;
  requestId: string;
  status: number;
  body: string;
  createdAt: number;
};
