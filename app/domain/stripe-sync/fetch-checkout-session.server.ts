import Stripe from "stripe";
import { z } from "zod";
import type { CheckoutSessionFacts, SessionLine } from "#app/domain/order/checkout-session.ts";
import { stripe } from "#app/infra/stripe.server.ts";

const seconds = z.number().transform((value) => new Date(value * 1000));
/** An id, or the object it stands for when it was expanded. */
const idOf = z
  .union([z.string(), z.object({ id: z.string() })])
  .nullish()
  .transform((value) => (typeof value === "string" ? value : (value?.id ?? null)));
const metadata = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});

const PaymentIntent = z.object({
  object: z.literal("payment_intent"),
  id: z.string(),
  status: z.string(),
  latest_charge: z
    .union([z.string(), z.object({ id: z.string(), created: seconds, status: z.string() })])
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
 * Reads a session, its payment and all its lines from Stripe, and parses every field that a license depends on.
 * @returns null when Stripe does not know the session under our key.
 * @throws Stripe errors that may pass, and ZodError when an answer is not what Stripe documents.
 */
export async function fetchCheckoutSession(sessionId: string): Promise<CheckoutSessionFacts | null> {
  const answer = await stripe()
    .checkout.sessions.retrieve(sessionId, { expand: ["payment_intent.latest_charge", "customer"] })
    .catch(missingIsNull);
  if (!answer) return null;
  const session = Session.parse(answer);
  const lines: SessionLine[] = [];
  for await (const item of stripe().checkout.sessions.listLineItems(sessionId, { limit: 100 })) {
    const line = LineItem.parse(item);
    lines.push({
      id: line.id,
      description: line.description ?? "",
      quantity: line.quantity ?? 1,
      amountTotal: line.amount_total,
      priceId: line.price?.id ?? null,
      lookupKey: line.price?.lookup_key ?? null,
      policySlug: line.price?.metadata.license_policy ?? null,
    });
  }
  return factsOf(session, lines);
}

function factsOf(session: z.infer<typeof Session>, lines: SessionLine[]): CheckoutSessionFacts {
  const customer = typeof session.customer === "object" ? session.customer : null;
  const payment = typeof session.payment_intent === "object" ? session.payment_intent : null;
  const charge = typeof payment?.latest_charge === "object" ? payment.latest_charge : null;
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
    payment: payment && {
      id: payment.id,
      status: payment.status,
      chargeId: charge?.id ?? (typeof payment.latest_charge === "string" ? payment.latest_charge : null),
      chargedAt: charge?.status === "succeeded" ? charge.created : null,
      failureMessage: payment.last_payment_error?.message ?? null,
    },
    lines,
  };
}

const SessionList = z.object({
  object: z.literal("list"),
  data: z.array(z.object({ object: z.literal("checkout.session"), id: z.string() })),
});
const Charge = z.object({ object: z.literal("charge"), payment_intent: idOf });

/** The purchase a payment belongs to, as Stripe's list of sessions has it; null when there is none. */
export async function findSessionOfPayment(paymentIntentId: string): Promise<string | null> {
  const page = await stripe()
    .checkout.sessions.list({ payment_intent: paymentIntentId, limit: 1 })
    .catch(missingIsNull);
  return page ? (SessionList.parse(page).data[0]?.id ?? null) : null;
}

/** The payment a charge belongs to; null when Stripe does not know the charge or it has none. */
export async function findPaymentOfCharge(chargeId: string): Promise<string | null> {
  const charge = await stripe().charges.retrieve(chargeId).catch(missingIsNull);
  return charge ? Charge.parse(charge).payment_intent : null;
}

function missingIsNull(error: unknown): null {
  if (error instanceof Stripe.errors.StripeInvalidRequestError && error.code === "resource_missing")
    return null;
  throw error;
}
