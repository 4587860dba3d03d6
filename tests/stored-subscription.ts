import type { SubscriptionFacts } from "#app/domain/subscription/subscription.ts";
import {
  aDispute,
  aLine,
  anInvoice,
  anItem,
  aPayment,
  aRefund,
  aSubscription,
  daysAfter,
} from "#tests/subscription-builders.ts";

/** What Stripe would hold of a running monthly subscription: one item, its first invoice paid. */
export function subscriptionFacts(id: string, overrides: Partial<SubscriptionFacts> = {}): SubscriptionFacts {
  const start = new Date(Date.UTC(2026, 10, 3, 10));
  const end = daysAfter(start, 30);
  const [itemId, priceId] = [`si_${id}`, "price_team"];
  const line = aLine(start, end, { id: `il_${id}`, itemId, priceId });
  const payments = [aPayment({ id: `pi_${id}`, amount: 4500 })];
  return aSubscription({
    id,
    created: start,
    stripeCustomer: { id: `cus_${id}`, email: null, name: null, deleted: false },
    items: [anItem({ id: itemId, description: "Team license", priceId, periodStart: start, periodEnd: end })],
    invoices: [anInvoice([line], { id: `in_${id}`, number: "LK-0001", payments })],
    ...overrides,
  });
}

/** One in trouble: its renewal is overdue, and of the first payment some was refunded and the rest is disputed. */
export function troubledSubscriptionFacts(id: string, now: Date): SubscriptionFacts {
  const facts = subscriptionFacts(id);
  const [item, paid, payment] = [facts.items[0], facts.invoices[0], facts.invoices[0]?.payments[0]];
  if (!item || !paid || !payment) throw new Error("the plain subscription has an item and a paid invoice");
  const later = (days: number) => daysAfter(now, days);
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
              aRefund({ id: `re_${id}`, amount: 1000, chargeId: `ch_${id}`, created: now }),
              aRefund({
                id: `re_${id}_2`,
                amount: 500,
                status: "failed",
                chargeId: `ch_${id}`,
                created: now,
              }),
            ],
            disputes: [
              aDispute("needs_response", {
                ...{ id: `dp_${id}`, amount: 3500, reason: "product_not_received" },
                ...{ created: now, evidenceDueBy: later(7) },
              }),
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
