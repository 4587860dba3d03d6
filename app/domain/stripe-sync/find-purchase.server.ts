import { z } from "zod";
import { idOf, listOf, missingIsNull } from "#app/domain/stripe-sync/stripe-answers.server.ts";
import { type LeadKind, type SourceRef, sourceOfId } from "#app/domain/stripe-sync/stripe-source.ts";
import { db } from "#app/infra/db.server.ts";
import { stripe } from "#app/infra/stripe.server.ts";

export type FoundPurchase = {
  /** The session or subscription; null when there is none, or none yet. */
  purchase: SourceRef | null;
  /** The payment the way led over, pi_… or ch_…. */
  paymentId: string | null;
  /** Nothing was found, but it may still come: Stripe links a payment to its purchase only after the checkout. */
  mayAppear: boolean;
};

/** How a thing that is neither purchase, payment nor invoice is read, and what Stripe calls it. */
const leads: Record<
  Exclude<LeadKind, "payment_intent" | "invoice">,
  { object: string; retrieve: (id: string) => Promise<unknown> }
> = {
  charge: { object: "charge", retrieve: (id) => stripe().charges.retrieve(id) },
  refund: { object: "refund", retrieve: (id) => stripe().refunds.retrieve(id) },
  dispute: { object: "dispute", retrieve: (id) => stripe().disputes.retrieve(id) },
  fraud_warning: {
    object: "radar.early_fraud_warning",
    retrieve: (id) => stripe().radar.earlyFraudWarnings.retrieve(id),
  },
  review: { object: "review", retrieve: (id) => stripe().reviews.retrieve(id) },
  credit_note: { object: "credit_note", retrieve: (id) => stripe().creditNotes.retrieve(id) },
  invoice_payment: { object: "invoice_payment", retrieve: (id) => stripe().invoicePayments.retrieve(id) },
  subscription_schedule: {
    object: "subscription_schedule",
    retrieve: (id) => stripe().subscriptionSchedules.retrieve(id),
  },
};

/** A dispute leads to its charge, that to its payment, that to the purchase: no way is longer. */
const longestWay = 4;

/**
 * Follows a payment, an invoice, a refund and so on to the purchase it belongs to: by our own records first, then by
 * what Stripe says.
 * @throws Stripe errors that may pass, and ZodError when an answer is not what Stripe documents.
 */
export async function findPurchase(start: SourceRef): Promise<FoundPurchase> {
  let at: SourceRef = start;
  for (let step = 0; step < longestWay; step++) {
    const { kind, sourceId } = at;
    if (kind === "checkout_session" || kind === "subscription")
      return { purchase: at, paymentId: null, mayAppear: false };
    if (kind === "payment_intent") return purchaseOfPayment(sourceId);
    if (kind === "invoice") return purchaseOfInvoice(sourceId);
    if (kind === "customer" || kind === "price") break;
    const known = kind === "charge" ? await knownPayment({ chargeId: sourceId }) : null;
    if (known) return known;
    const next = await nextOf(kind, sourceId);
    if (!next) break;
    at = next;
  }
  return { purchase: null, paymentId: null, mayAppear: true };
}

async function nextOf(kind: keyof typeof leads, id: string): Promise<SourceRef | null> {
  const { object, retrieve } = leads[kind];
  const answer = await retrieve(id).catch(missingIsNull);
  if (!answer) return null;
  const found = z
    .object({
      object: z.literal(object),
      payment_intent: idOf,
      charge: idOf,
      invoice: idOf,
      subscription: idOf,
    })
    .parse(answer);
  return (
    sourceOfId(found.payment_intent) ??
    sourceOfId(found.charge) ??
    sourceOfId(found.invoice) ??
    sourceOfId(found.subscription)
  );
}

async function knownPayment(
  where: { paymentIntentId: string } | { chargeId: string },
): Promise<FoundPurchase | null> {
  const known = await db().stripePayment.findFirst({ where });
  const purchase = sourceOfId(known?.sourceId);
  return known && purchase && { purchase, paymentId: known.paymentIntentId, mayAppear: false };
}

const InvoiceLinks = z.object({
  object: z.literal("invoice"),
  parent: z.object({ subscription_details: z.object({ subscription: idOf }).nullish() }).nullish(),
  payments: listOf(z.object({ payment: z.object({ payment_intent: idOf }) })).nullish(),
});
const InvoicePayments = listOf(
  z.object({ object: z.literal("invoice_payment"), invoice: z.union([z.string(), InvoiceLinks]) }),
);
const Sessions = listOf(z.object({ object: z.literal("checkout.session"), id: z.string() }));

async function purchaseOfPayment(paymentIntentId: string): Promise<FoundPurchase> {
  const known = await knownPayment({ paymentIntentId });
  if (known) return known;
  const invoiced = await stripe()
    .invoicePayments.list({
      payment: { type: "payment_intent", payment_intent: paymentIntentId },
      limit: 1,
      expand: ["data.invoice"],
    })
    .catch(missingIsNull);
  const invoice = invoiced ? InvoicePayments.parse(invoiced).data[0]?.invoice : undefined;
  const subscription = typeof invoice === "object" ? subscriptionOfInvoice(invoice) : null;
  const purchase = subscription ?? (await sessionOf({ payment_intent: paymentIntentId }));
  return { purchase, paymentId: paymentIntentId, mayAppear: !invoice };
}

async function sessionOf(
  what: { payment_intent: string } | { subscription: string },
): Promise<SourceRef | null> {
  const sessions = await stripe()
    .checkout.sessions.list({ ...what, limit: 1 })
    .catch(missingIsNull);
  return sessions && sourceOfId(Sessions.parse(sessions).data[0]?.id);
}

/** An invoice says what it is for from the start; one that names neither subscription nor payment is for nothing here. */
async function purchaseOfInvoice(invoiceId: string): Promise<FoundPurchase> {
  const answer = await stripe()
    .invoices.retrieve(invoiceId, { expand: ["payments"] })
    .catch(missingIsNull);
  const nothing: FoundPurchase = { purchase: null, paymentId: null, mayAppear: false };
  if (!answer) return nothing;
  const invoice = InvoiceLinks.parse(answer);
  const subscription = subscriptionOfInvoice(invoice);
  if (subscription) return { ...nothing, purchase: subscription };
  const paymentIntentId = invoice.payments?.data[0]?.payment.payment_intent;
  return paymentIntentId ? { ...(await purchaseOfPayment(paymentIntentId)), mayAppear: false } : nothing;
}

function subscriptionOfInvoice(invoice: z.infer<typeof InvoiceLinks>): SourceRef | null {
  return sourceOfId(invoice.parent?.subscription_details?.subscription);
}

/** The checkout a subscription began with; null when it was made in another way. */
export async function findSessionOfSubscription(subscriptionId: string): Promise<string | null> {
  return (await sessionOf({ subscription: subscriptionId }))?.sourceId ?? null;
}
