import { z } from "zod";
import { noReversals } from "#app/domain/stripe-sync/fetch-reversals.server.ts";
import {
  idOf,
  listOf,
  metadata,
  optionalSeconds,
  optionalText,
  seconds,
} from "#app/domain/stripe-sync/stripe-answers.server.ts";
import type {
  InvoiceFacts,
  InvoiceLine,
  SubscriptionFacts,
  SubscriptionItem,
} from "#app/domain/subscription/subscription.ts";

// Subscriptions and invoices as API version 2026-10-28.endive shapes them (stripe.md 0.1), and what we take from them.

const Price = z.object({
  id: z.string(),
  lookup_key: optionalText,
  nickname: optionalText,
  metadata,
  unit_amount: z
    .number()
    .int()
    .nullish()
    .transform((value) => value ?? null),
  currency: z.string(),
  recurring: z
    .object({ interval: z.string(), interval_count: z.number().int(), usage_type: optionalText })
    .nullish(),
  product: z.union([z.string(), z.object({ id: z.string(), name: optionalText })]).nullish(),
});

export const ItemAnswer = z.object({
  object: z.literal("subscription_item"),
  id: z.string(),
  quantity: z.number().int().nullish(),
  current_period_start: seconds,
  current_period_end: seconds,
  price: Price,
});

export const SubscriptionAnswer = z.object({
  object: z.literal("subscription"),
  id: z.string(),
  livemode: z.boolean(),
  status: z.string(),
  created: seconds,
  customer: z.union([
    z.string().transform((id) => ({ id, email: null, name: null, deleted: false })),
    z
      .object({ id: z.string(), email: optionalText, name: optionalText, deleted: z.boolean().nullish() })
      .transform((customer) => ({ ...customer, deleted: customer.deleted === true })),
  ]),
  metadata,
  trial_start: optionalSeconds,
  trial_end: optionalSeconds,
  cancel_at: optionalSeconds,
  cancel_at_period_end: z.boolean(),
  ended_at: optionalSeconds,
  cancellation_details: z.object({ reason: optionalText }).nullish(),
  status_details: z
    .object({ paused: z.object({ subscription: z.object({ type: optionalText }).nullish() }).nullish() })
    .nullish(),
  pause_collection: z.object({ behavior: z.string(), resumes_at: optionalSeconds }).nullish(),
  collection_method: z.string(),
  items: listOf(ItemAnswer),
});

const LineParent = z.object({
  subscription_item_details: z
    .object({ subscription_item: optionalText, proration: z.boolean().nullish() })
    .nullish(),
  invoice_item_details: z.object({ proration: z.boolean().nullish() }).nullish(),
});

export const LineAnswer = z.object({
  object: z.literal("line_item"),
  id: z.string(),
  amount: z.number().int(),
  quantity: z.number().int().nullish(),
  period: z.object({ start: seconds, end: seconds }),
  parent: LineParent.nullish(),
  pricing: z.object({ price_details: z.object({ price: idOf }).nullish() }).nullish(),
});

export const PaymentAnswer = z.object({
  object: z.literal("invoice_payment"),
  id: z.string(),
  amount_paid: z.number().int().nullish(),
  currency: z.string(),
  is_default: z.boolean(),
  status: z.string(),
  payment: z.object({ type: z.string(), payment_intent: idOf, charge: idOf, payment_record: idOf }),
});

export const InvoiceAnswer = z.object({
  object: z.literal("invoice"),
  id: z.string(),
  number: optionalText,
  status: optionalText,
  billing_reason: optionalText,
  created: seconds,
  total: z.number().int(),
  amount_paid: z.number().int(),
  currency: z.string(),
  attempt_count: z.number().int(),
  next_payment_attempt: optionalSeconds,
  due_date: optionalSeconds,
  status_transitions: z.object({ paid_at: optionalSeconds }).nullish(),
  hosted_invoice_url: optionalText,
  last_finalization_error: z.object({ message: optionalText, code: optionalText }).nullish(),
  lines: listOf(LineAnswer),
  payments: listOf(PaymentAnswer).nullish(),
});

type InvoicePayment = z.infer<typeof PaymentAnswer>;
/** An invoice with the payment Stripe asks first, which may wait for the customer. */
export type FetchedInvoice = InvoiceFacts & { defaultPaymentIntentId: string | null };

export function itemOf({ id, quantity, price, ...item }: z.infer<typeof ItemAnswer>): SubscriptionItem {
  const product = typeof price.product === "object" ? price.product : null;
  return {
    id,
    description: price.nickname ?? product?.name ?? price.id,
    quantity: quantity ?? null,
    metered: price.recurring?.usage_type === "metered",
    priceId: price.id,
    lookupKey: price.lookup_key,
    policySlug: price.metadata.license_policy ?? null,
    unitAmount: price.unit_amount,
    currency: price.currency,
    interval: price.recurring?.interval ?? "month",
    intervalCount: price.recurring?.interval_count ?? 1,
    periodStart: item.current_period_start,
    periodEnd: item.current_period_end,
  };
}

export function subscriptionOf(
  answer: z.infer<typeof SubscriptionAnswer>,
  items: SubscriptionItem[],
  invoices: InvoiceFacts[],
): SubscriptionFacts {
  const { pause_collection: pause } = answer;
  return {
    id: answer.id,
    livemode: answer.livemode,
    status: answer.status,
    created: answer.created,
    stripeCustomer: answer.customer,
    metadata: answer.metadata,
    trialStart: answer.trial_start,
    trialEnd: answer.trial_end,
    cancelAt: answer.cancel_at,
    cancelAtPeriodEnd: answer.cancel_at_period_end,
    endedAt: answer.ended_at,
    endedBecause: answer.cancellation_details?.reason ?? null,
    pausedBecause: answer.status_details?.paused?.subscription?.type ?? null,
    pauseCollection: pause ? { behavior: pause.behavior, resumesAt: pause.resumes_at } : null,
    collectionMethod: answer.collection_method,
    items,
    invoices,
  };
}

export function invoiceOf(
  answer: z.infer<typeof InvoiceAnswer>,
  lines: z.infer<typeof LineAnswer>[],
  payments: InvoicePayment[],
): FetchedInvoice {
  const error = answer.last_finalization_error;
  return {
    id: answer.id,
    number: answer.number,
    status: answer.status ?? "draft",
    billingReason: answer.billing_reason,
    created: answer.created,
    total: answer.total,
    amountPaid: answer.amount_paid,
    currency: answer.currency,
    attemptCount: answer.attempt_count,
    nextPaymentAttempt: answer.next_payment_attempt,
    dueDate: answer.due_date,
    paidAt: answer.status_transitions?.paid_at ?? null,
    hostedInvoiceUrl: answer.hosted_invoice_url,
    finalizationError: error ? (error.message ?? error.code ?? "no reason given.") : null,
    requiresAction: false,
    lines: lines.map(lineOf),
    payments: payments.flatMap((payment) => chargedOf(payment) ?? []),
    defaultPaymentIntentId: payments.find(({ is_default }) => is_default)?.payment.payment_intent ?? null,
  };
}

function lineOf(line: z.infer<typeof LineAnswer>): InvoiceLine {
  const { subscription_item_details: ofItem, invoice_item_details: ofInvoiceItem } = line.parent ?? {};
  return {
    id: line.id,
    itemId: ofItem?.subscription_item ?? null,
    priceId: line.pricing?.price_details?.price ?? null,
    proration: (ofItem?.proration ?? ofInvoiceItem?.proration) === true,
    quantity: line.quantity ?? null,
    amount: line.amount,
    periodStart: line.period.start,
    periodEnd: line.period.end,
  };
}

function chargedOf({ status, payment, amount_paid, currency }: InvoicePayment) {
  const id = payment.payment_intent ?? payment.charge ?? payment.payment_record;
  if (status !== "paid" || !id) return null;
  return { id, amount: amount_paid ?? 0, currency, ...noReversals };
}
