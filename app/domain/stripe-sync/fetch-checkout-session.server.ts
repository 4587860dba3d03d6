import { z } from "zod";
import type { CheckoutSessionFacts, PaymentFacts, SessionLine } from "#app/domain/order/checkout-session.ts";
import { fetchReversals, noReversals } from "#app/domain/stripe-sync/fetch-reversals.server.ts";
import {
  idOf,
  metadata,
  missingIsNull,
  seconds,
  wholeList,
} from "#app/domain/stripe-sync/stripe-answers.server.ts";
import { stripe } from "#app/infra/stripe.server.ts";

const PaymentIntent = z.object({
  object: z.literal("payment_intent"),
  id: z.string(),
  status: z.string(),
  latest_charge: z
    .union([
      z.string(),
      z.object({
        id: z.string(),
        created: seconds,
        status: z.string(),
        amount_captured: z.number().int(),
        currency: z.string(),
      }),
    ])
    .nullish(),
  last_payment_error: z.object({ message: z.string().nullish() }).nullish(),
});

const Session = z.object({
  object: z.literal("checkout.session"),
  id: z.string(),
  livemode: z.boolean(),
  mode: z.string(),
  status: z.string().nullish(),
  payment_status: z.string(),
  created: seconds,
  expires_at: seconds,
  amount_total: z.number().int().nullish(),
  currency: z.string().nullish(),
  customer: z
    .union([
      z.string(),
      z.object({ id: z.string(), email: z.string().nullish(), name: z.string().nullish() }),
    ])
    .nullish(),
  customer_details: z.object({ email: z.string().nullish(), name: z.string().nullish() }).nullish(),
  client_reference_id: z.string().nullish(),
  metadata,
  payment_link: idOf,
  subscription: idOf,
  payment_intent: z.union([z.string(), PaymentIntent]).nullish(),
});

const LineItem = z.object({
  object: z.literal("item"),
  id: z.string(),
  description: z.string().nullish(),
  quantity: z.number().int().nullish(),
  amount_total: z.number().int(),
  price: z.object({ id: z.string(), lookup_key: z.string().nullish(), metadata }).nullish(),
});

/**
 * Reads a session, its payment with what was taken back of it, and all its lines from Stripe, and parses every field
 * that a license depends on. Early fraud warnings are read of the `flaggedPayments` only.
 * @returns null when Stripe does not know the session under our key.
 * @throws Stripe errors that may pass, and ZodError when an answer is not what Stripe documents.
 */
export async function fetchCheckoutSession(
  sessionId: string,
  { flaggedPayments = [] }: { flaggedPayments?: readonly string[] } = {},
): Promise<CheckoutSessionFacts | null> {
  const answer = await stripe()
    .checkout.sessions.retrieve(sessionId, { expand: ["payment_intent.latest_charge", "customer"] })
    .catch(missingIsNull);
  if (!answer) return null;
  const session = Session.parse(answer);
  const payment = typeof session.payment_intent === "object" ? paymentOf(session.payment_intent) : null;
  const [items, reversals] = await Promise.all([
    wholeList(LineItem, (from) =>
      stripe().checkout.sessions.listLineItems(sessionId, { limit: 100, ...from }),
    ),
    payment?.charged
      ? fetchReversals(payment.id, { withWarnings: flaggedPayments.includes(payment.id) })
      : noReversals,
  ]);
  const charged = payment?.charged ? { ...payment.charged, ...reversals } : null;
  return factsOf(session, items.map(lineOf), payment && { ...payment, charged });
}

function lineOf(line: z.infer<typeof LineItem>): SessionLine {
  return {
    id: line.id,
    description: line.description ?? "",
    quantity: line.quantity ?? 1,
    amountTotal: line.amount_total,
    priceId: line.price?.id ?? null,
    lookupKey: line.price?.lookup_key ?? null,
    policySlug: line.price?.metadata.license_policy ?? null,
  };
}

function factsOf(
  session: z.infer<typeof Session>,
  lines: SessionLine[],
  payment: PaymentFacts | null,
): CheckoutSessionFacts {
  const customer = typeof session.customer === "object" ? session.customer : null;
  const email = session.customer_details?.email ?? customer?.email ?? null;
  return {
    id: session.id,
    livemode: session.livemode,
    mode: session.mode,
    status: session.status ?? "open",
    paymentStatus: session.payment_status,
    created: session.created,
    expiresAt: session.expires_at,
    amountTotal: session.amount_total ?? null,
    currency: session.currency ?? null,
    email: email?.trim().toLowerCase() || null,
    name: session.customer_details?.name ?? customer?.name ?? null,
    stripeCustomerId: typeof session.customer === "string" ? session.customer : (customer?.id ?? null),
    clientReferenceId: session.client_reference_id ?? null,
    metadata: session.metadata,
    paymentLinkId: session.payment_link,
    subscriptionId: session.subscription,
    payment,
    lines,
  };
}

function paymentOf(payment: z.infer<typeof PaymentIntent> | null): PaymentFacts | null {
  if (!payment) return null;
  const charge = typeof payment.latest_charge === "object" ? payment.latest_charge : null;
  const collected = charge?.status === "succeeded" ? charge : null;
  return {
    id: payment.id,
    status: payment.status,
    chargeId: charge?.id ?? (typeof payment.latest_charge === "string" ? payment.latest_charge : null),
    chargedAt: collected?.created ?? null,
    failureMessage: payment.last_payment_error?.message ?? null,
    charged: collected && {
      id: payment.id,
      amount: collected.amount_captured,
      currency: collected.currency,
      ...noReversals,
    },
  };
}
