import { z } from "zod";
import { storedPayment } from "#app/domain/payment/payment-snapshot.server.ts";
import type { SubscriptionFacts } from "#app/domain/subscription/subscription.ts";
import type { Prisma } from "#app/infra/prisma-client/client.ts";

const instant = z.iso.datetime().transform((value) => new Date(value));
const optionalInstant = instant.nullable();

const Item = z.object({
  id: z.string(),
  description: z.string(),
  quantity: z.number().nullable(),
  metered: z.boolean(),
  priceId: z.string(),
  lookupKey: z.string().nullable(),
  policySlug: z.string().nullable(),
  unitAmount: z.number().nullable(),
  currency: z.string(),
  interval: z.string(),
  intervalCount: z.number(),
  periodStart: instant,
  periodEnd: instant,
});

const Invoice = z.object({
  id: z.string(),
  number: z.string().nullable(),
  status: z.string(),
  billingReason: z.string().nullable(),
  created: instant,
  total: z.number(),
  amountPaid: z.number(),
  currency: z.string(),
  attemptCount: z.number(),
  nextPaymentAttempt: optionalInstant,
  dueDate: optionalInstant,
  paidAt: optionalInstant,
  hostedInvoiceUrl: z.string().nullable(),
  finalizationError: z.string().nullable(),
  requiresAction: z.boolean(),
  lines: z.array(
    z.object({
      id: z.string(),
      itemId: z.string().nullable(),
      priceId: z.string().nullable(),
      proration: z.boolean(),
      quantity: z.number().nullable(),
      amount: z.number(),
      periodStart: instant,
      periodEnd: instant,
    }),
  ),
  payments: z.array(storedPayment),
});

const Snapshot = z.object({
  id: z.string(),
  livemode: z.boolean(),
  status: z.string(),
  created: instant,
  stripeCustomer: z.object({
    id: z.string(),
    email: z.string().nullable(),
    name: z.string().nullable(),
    deleted: z.boolean(),
  }),
  metadata: z.record(z.string(), z.string()),
  trialStart: optionalInstant,
  trialEnd: optionalInstant,
  cancelAt: optionalInstant,
  cancelAtPeriodEnd: z.boolean(),
  endedAt: optionalInstant,
  endedBecause: z.string().nullable(),
  pausedBecause: z.string().nullable(),
  pauseCollection: z.object({ behavior: z.string(), resumesAt: optionalInstant }).nullable(),
  collectionMethod: z.string(),
  items: z.array(Item),
  invoices: z.array(Invoice),
});

/**
 * What was fetched last, as it is kept on the source: the "before" of the next sync and what staff and mails read.
 * @returns null when there is none, or one of an older version that the next sync replaces.
 */
export function readSubscriptionSnapshot(stored: unknown): SubscriptionFacts | null {
  const parsed = Snapshot.safeParse(stored);
  return parsed.success ? parsed.data : null;
}

/** The facts as plain JSON, with what `readSubscriptionSnapshot` needs to give them back. */
export function subscriptionSnapshot(facts: SubscriptionFacts): Prisma.InputJsonObject {
  // Dates become ISO text, everything else is JSON already.
  return JSON.parse(JSON.stringify(facts)) as Prisma.InputJsonObject; // an object, so its JSON is one
}
