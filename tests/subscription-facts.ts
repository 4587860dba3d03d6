import type {
  InvoiceFacts,
  SubscriptionFacts,
  SubscriptionItem,
} from "#app/domain/subscription/subscription.ts";
import { subscriptionSnapshot } from "#app/domain/subscription/subscription-snapshot.server.ts";
import { db } from "#app/infra/db.server.ts";

const start = new Date("2026-11-01T12:00:00Z");
const end = new Date("2026-12-01T12:00:00Z");

/** A monthly subscription in good standing; `overrides` replace single facts. */
export function aSubscription(overrides: Partial<SubscriptionFacts> = {}): SubscriptionFacts {
  return {
    id: "sub_1",
    livemode: false,
    status: "active",
    created: start,
    stripeCustomer: { id: "cus_1", email: "buyer@example.com", name: null, deleted: false },
    metadata: {},
    trialStart: null,
    trialEnd: null,
    cancelAt: null,
    cancelAtPeriodEnd: false,
    endedAt: null,
    endedBecause: null,
    pausedBecause: null,
    pauseCollection: null,
    collectionMethod: "charge_automatically",
    items: [aSubscriptionItem()],
    invoices: [],
    ...overrides,
  };
}

export function aSubscriptionItem(overrides: Partial<SubscriptionItem> = {}): SubscriptionItem {
  return {
    id: "si_1",
    description: "Lumen Studio",
    quantity: 3,
    metered: false,
    priceId: "price_1",
    lookupKey: null,
    policySlug: null,
    unitAmount: 1500,
    currency: "usd",
    interval: "month",
    intervalCount: 1,
    periodStart: start,
    periodEnd: end,
    ...overrides,
  };
}

/** The open invoice of a renewal whose first try failed. */
export function anInvoice(overrides: Partial<InvoiceFacts> = {}): InvoiceFacts {
  return {
    id: "in_1",
    number: "LUMEN-0002",
    status: "open",
    billingReason: "subscription_cycle",
    created: end,
    total: 4500,
    amountPaid: 0,
    currency: "usd",
    attemptCount: 1,
    nextPaymentAttempt: null,
    dueDate: null,
    paidAt: null,
    hostedInvoiceUrl: "https://invoice.stripe.com/i/acct_1/test_1",
    finalizationError: null,
    requiresAction: false,
    lines: [],
    payments: [],
    ...overrides,
  };
}

/** Keeps the facts as the last sync would have. */
export async function storeSubscription(facts: SubscriptionFacts): Promise<void> {
  const snapshot = subscriptionSnapshot(facts);
  await db().stripeSource.upsert({
    where: { id: facts.id },
    create: { id: facts.id, kind: "subscription", livemode: facts.livemode, snapshot },
    update: { snapshot },
  });
}
