import type {
  InvoiceFacts,
  SubscriptionFacts,
  SubscriptionItem,
} from "#app/domain/subscription/subscription.ts";
import { subscriptionSnapshot } from "#app/domain/subscription/subscription-snapshot.server.ts";
import { db } from "#app/infra/db.server.ts";
import {
  anItem,
  aSubscription as boughtSubscription,
  anInvoice as invoiceOver,
} from "#tests/subscription-builders.ts";

const start = new Date("2026-11-01T12:00:00Z");
const end = new Date("2026-12-01T12:00:00Z");

/** A monthly subscription in good standing; `overrides` replace single facts. */
export function aSubscription(overrides: Partial<SubscriptionFacts> = {}): SubscriptionFacts {
  return boughtSubscription({ created: start, items: [aSubscriptionItem()], invoices: [], ...overrides });
}

export function aSubscriptionItem(overrides: Partial<SubscriptionItem> = {}): SubscriptionItem {
  return anItem({
    description: "Lumen Studio",
    priceId: "price_1",
    periodStart: start,
    periodEnd: end,
    ...overrides,
  });
}

/** The open invoice of a renewal whose first try failed. */
export function anInvoice(overrides: Partial<InvoiceFacts> = {}): InvoiceFacts {
  return invoiceOver([], {
    ...{ id: "in_1", number: "LUMEN-0002", status: "open", billingReason: "subscription_cycle" },
    ...{ created: end, total: 4500, amountPaid: 0, paidAt: null },
    hostedInvoiceUrl: "https://invoice.stripe.com/i/acct_1/test_1",
    ...overrides,
  });
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
