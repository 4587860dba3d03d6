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
export type StoredPaymentMethod = Stored<Stripe.PaymentMethod>;
export type StoredDiscount = Stored<Stripe.Discount>;
export type StoredTestClock = Stripe.TestHelpers.TestClock;
/** What the current API calls a price's recurring part, under its old name; every item still carries it. */
export type StoredPlan = Omit<Stored<Stripe.Plan>, "amount_decimal"> & { amount_decimal: string | null };
export type StoredSubscriptionItem = Omit<Stored<Stripe.SubscriptionItem>, "price" | "plan"> & {
  price: StoredPrice;
  plan: StoredPlan;
};
type WholeList<T> = { object: "list"; data: T[]; has_more: boolean; url: string };
/** Holds all its items; on the wire the list is cut after the first page. */
export type StoredSubscription = Omit<Stored<Stripe.Subscription>, "items" | "status" | "pending_update"> & {
  items: WholeList<StoredSubscriptionItem>;
  status: SubscriptionStatus;
  pending_update:
    | (Omit<Stripe.Subscription.PendingUpdate, "subscription_items"> & {
        subscription_items: StoredSubscriptionItem[] | null;
      })
    | null;
};
export type SubscriptionStatus =
  | "active"
  | "canceled"
  | "incomplete"
  | "incomplete_expired"
  | "past_due"
  | "paused"
  | "trialing"
  | "unpaid";
export type StoredInvoiceLine = Omit<Stored<Stripe.InvoiceLineItem>, "pricing" | "quantity_decimal"> & {
  pricing: { type: "price_details"; unit_amount_decimal: string | null; price_details?: PriceDetails } | null;
  quantity_decimal: string | null;
};
type PriceDetails = { price: string; product: string };
/** Holds all its lines; on the wire the list is cut after the first page. */
export type StoredInvoice = Omit<Stored<Stripe.Invoice>, "lines" | "status" | "payments"> & {
  lines: WholeList<StoredInvoiceLine>;
  status: "draft" | "open" | "paid" | "uncollectible" | "void";
};
export type StoredInvoicePayment = Omit<Stored<Stripe.InvoicePayment>, "payment" | "invoice" | "status"> & {
  invoice: string;
  payment: { type: "payment_intent"; payment_intent: string };
  status: "open" | "paid" | "canceled";
};
export type StoredInvoiceItem = Omit<
  Stored<Stripe.InvoiceItem>,
  "pricing" | "quantity_decimal" | "customer"
> & {
  customer: string;
  pricing: StoredInvoiceLine["pricing"];
  quantity_decimal: string | null;
};

/** What happens when a customer's way to pay is charged. */
export type CardBehaviour = (typeof CARD_BEHAVIOURS)[number];
export const CARD_BEHAVIOURS = [
  "ok",
  "declines",
  "requires_action",
  "expired",
  "delayed_success",
  "delayed_failure",
  "disputed",
] as const;
/** The bank's side of a payment method; its id is the payment method's. */
export type CardRecord = { id: string; behaviour: CardBehaviour };

/** What Stripe remembers of a subscription and does not show on it. */
export type SubscriptionRecord = {
  id: string;
  customer: string;
  /** The invoice whose payment brings a subscription back that a failure paused; also the one a resumption waits for. */
  awaitedInvoice: string | null;
  /** The change that waits for an invoice; `anchor` when it starts a new billing cycle. */
  pendingUpdate: { invoice: string; items: StoredSubscriptionItem[]; anchor: number | null } | null;
  /** False until money came in for it. */
  hasBeenPaid: boolean;
};

/** What Stripe remembers of an invoice and does not show on it. */
export type InvoiceRecord = {
  id: string;
  subscription: string | null;
  paymentIntent: string | null;
  firstAttemptAt: number | null;
  /** How a delayed payment that is under way will end. */
  delayedOutcome: PaymentOutcome | null;
  /** The Checkout Session that is told how a delayed payment ended. */
  session: string | null;
};

/** One row, `billing`: what a Stripe account sets in its Dashboard. */
export type BillingSettings = {
  id: "billing";
  /** Days after the first attempt. */
  retryDays: number[];
  dunningEnd: "past_due" | "unpaid" | "canceled" | "paused";
  /** Of new subscriptions that do not say. */
  billingMode: "flexible" | "classic";
  /** Paying the invoice a subscription was paused for resumes it. */
  resumeOnPayment: boolean;
  /** What becomes of a subscription whose very first payment fails. */
  firstPaymentFailure: "incomplete" | "paused";
  /** Days after its due date at which an invoice that was sent ends the way `dunningEnd` says. */
  overdueDays: number;
  /** Days before a renewal at which `invoice.upcoming` is sent. */
  upcomingDays: number;
  /** Drafts cannot be finalized: the tax location is missing, say. */
  finalizationFails: boolean;
  /** What a session says whose subscription starts with a trial: stripe.md leaves open which it is. */
  trialPaymentStatus: "no_payment_required" | "paid";
};

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
  /** Of a session in subscription mode: what the subscription will be like, and the intent of its first payment. */
  subscription?: SubscriptionOrder;
};

export type SubscriptionOrder = {
  metadata: Record<string, string>;
  description: string | null;
  trialEnd: number | null;
  trialDays: number | null;
  missingPaymentMethod: "cancel" | "create_invoice" | "pause";
  billingMode: "flexible" | "classic" | null;
  paymentIntent: string | null;
  /** By line: within which bounds the buyer may change the quantity. */
  adjustable: Record<string, { minimum: number; maximum: number }>;
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
export type TimerKind =
  | "expire_session"
  | "settle_payment"
  | "attempt_delivery"
  | "roll_subscription"
  | "warn_of_trial_end"
  | "announce_invoice"
  | "expire_incomplete"
  | "expire_pending_update"
  | "resume_collection"
  | "finalize_invoice"
  | "attempt_invoice"
  | "settle_invoice"
  | "overdue_invoice"
  | "give_up_invoice";

export type IdempotentAnswer = {
  id: string;
  fingerprint: string;
  endpoint: string;
  requestId: string;
  status: number;
  body: string;
  createdAt: number;
};
