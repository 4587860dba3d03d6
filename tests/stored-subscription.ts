import type { SubscriptionFacts } from "#app/domain/subscription/subscription.ts";

const monthMs = 30 * 86_400_000;

/** What Stripe would hold of a running monthly subscription: one item, its first invoice paid. */
export function subscriptionFacts(id: string, overrides: Partial<SubscriptionFacts> = {}): SubscriptionFacts {
  const start = new Date(Date.UTC(2026, 10, 3, 10));
  const end = new Date(start.getTime() + monthMs);
  const item = {
    ...{ id: `si_${id}`, description: "Team license", quantity: 3, metered: false, priceId: "price_team" },
    ...{ lookupKey: null, policySlug: null, unitAmount: 1500, currency: "usd" },
    ...{ interval: "month", intervalCount: 1, periodStart: start, periodEnd: end },
  };
  const line = {
    ...{ id: `il_${id}`, itemId: item.id, priceId: item.priceId, proration: false },
    ...{ quantity: 3, amount: 4500, periodStart: start, periodEnd: end },
  };
  const payment = {
    ...{ id: `pi_${id}`, amount: 4500, currency: "usd" },
    ...{ refunds: [], disputes: [], fraudWarnings: [] },
  };
  return {
    ...{ id, livemode: false, status: "active", created: start, metadata: {} },
    stripeCustomer: { id: `cus_${id}`, email: null, name: null, deleted: false },
    ...{ trialStart: null, trialEnd: null, cancelAt: null, cancelAtPeriodEnd: false },
    ...{ endedAt: null, endedBecause: null, pausedBecause: null, pauseCollection: null },
    collectionMethod: "charge_automatically",
    items: [item],
    invoices: [
      {
        ...{ id: `in_${id}`, number: "LK-0001", status: "paid", billingReason: "subscription_create" },
        ...{ created: start, total: 4500, amountPaid: 4500, currency: "usd", attemptCount: 1 },
        ...{ nextPaymentAttempt: null, dueDate: null, paidAt: start, hostedInvoiceUrl: null },
        ...{ finalizationError: null, requiresAction: false, lines: [line], payments: [payment] },
      },
    ],
    ...overrides,
  };
}

/** One in trouble: its renewal is overdue, and of the first payment some was refunded and the rest is disputed. */
export function troubledSubscriptionFacts(id: string, now: Date): SubscriptionFacts {
  const facts = subscriptionFacts(id);
  const [item, paid, payment] = [facts.items[0], facts.invoices[0], facts.invoices[0]?.payments[0]];
  if (!item || !paid || !payment) throw new Error("the plain subscription has an item and a paid invoice");
  const later = (days: number) => new Date(now.getTime() + days * 86_400_000);
  return {
    ...facts,
    status: "past_due",
    stripeCustomer: { ...facts.stripeCustomer, email: "billing@example.com" },
    trialEnd: later(-60),
    cancelAt: later(20),
    pauseCollection: { behavior: "keep_as_draft", resumesAt: later(9) },
    items: [item, { ...item, id: `si_${id}_2`, description: "", quantity: null, metered: true }],
    invoices: [
      {
        ...paid,
        ...{ id: `in_${id}_3`, number: null, status: "draft", billingReason: "manual", paidAt: null },
        finalizationError: "The customer's location is not recognized.",
        payments: [],
      },
      {
        ...paid,
        ...{ id: `in_${id}_2`, number: "LK-0002", status: "open", billingReason: "subscription_cycle" },
        ...{ attemptCount: 2, nextPaymentAttempt: later(2), paidAt: null, requiresAction: true },
        payments: [],
      },
      {
        ...paid,
        payments: [
          {
            ...payment,
            refunds: [
              { id: `re_${id}`, amount: 1000, status: "succeeded", chargeId: `ch_${id}`, created: now },
              { id: `re_${id}_2`, amount: 500, status: "failed", chargeId: `ch_${id}`, created: now },
            ],
            disputes: [
              {
                ...{ id: `dp_${id}`, amount: 3500, status: "needs_response", caseType: "chargeback" },
                ...{ reason: "product_not_received", created: now, evidenceDueBy: later(7) },
              },
            ],
            fraudWarnings: [
              { id: `issfr_${id}`, actionable: true, fraudType: "made_with_stolen_card", created: now },
            ],
          },
        ],
      },
    ],
  };
}
