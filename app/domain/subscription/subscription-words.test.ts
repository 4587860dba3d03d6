import { expect, test } from "vitest";
import { disputeStatusWords, needsAnswer, refundStatusWords } from "#app/domain/payment/payment-words.ts";
import {
  billingReasonWords,
  endReasonWords,
  invoiceStatusWords,
  isSubscriptionStatus,
  itemWords,
  nextStepWords,
  priceWords,
  subscriptionChangeWords,
  subscriptionStatuses,
  subscriptionStatusWords,
} from "#app/domain/subscription/subscription-words.ts";
import { anInvoice } from "#tests/subscription-builders.ts";

const day = (month: number, date: number) => new Date(Date.UTC(2026, month - 1, date, 12));
const item = {
  ...{ id: "si_1", description: "Team license", quantity: 3, metered: false, priceId: "price_1" },
  ...{ lookupKey: null, policySlug: null, unitAmount: 1500, currency: "usd" },
  ...{ interval: "month", intervalCount: 1, periodStart: day(11, 3), periodEnd: day(12, 3) },
};
const running = {
  ...{ status: "active", items: [item], cancelAt: null, cancelAtPeriodEnd: false },
  ...{ endedAt: null, trialEnd: null, pauseCollection: null, invoices: [] },
};

test("every status has a label of its own and a sentence", () => {
  const labels = subscriptionStatuses.map((status) => subscriptionStatusWords(status).label);
  expect(new Set(labels).size).toBe(subscriptionStatuses.length);
  for (const status of subscriptionStatuses)
    expect(subscriptionStatusWords(status).meaning.length).toBeGreaterThan(30);
  expect(subscriptionStatusWords("half_open").label).toBe("Half open");
  expect(isSubscriptionStatus("active")).toBe(true);
  expect(isSubscriptionStatus("half_open")).toBe(false);
});

test("what happens next is told, scheduled ends of either billing mode included", () => {
  expect(nextStepWords(running)).toBe("Renews 3 Dec 2026");
  expect(nextStepWords({ ...running, cancelAt: day(12, 24) })).toBe("Ends 24 Dec 2026");
  expect(nextStepWords({ ...running, cancelAtPeriodEnd: true })).toBe("Ends 3 Dec 2026");
  expect(nextStepWords({ ...running, status: "trialing", trialEnd: day(11, 17) })).toBe(
    "Trial until 17 Nov 2026",
  );
  expect(nextStepWords({ ...running, status: "canceled", endedAt: day(11, 9) })).toBe("Ended 9 Nov 2026");
  expect(nextStepWords({ ...running, status: "paused" })).toBeNull();
  expect(nextStepWords({ ...running, pauseCollection: { behavior: "void", resumesAt: null } })).toBe(
    "Collection paused",
  );
  expect(nextStepWords({ ...running, items: [] })).toBeNull();
  expect(nextStepWords({ ...running, status: "unpaid" })).toBe("Waits for the payment");
  const owed = anInvoice([], {
    ...{ status: "open", billingReason: "subscription_cycle", attemptCount: 1 },
    nextPaymentAttempt: day(12, 6),
  });
  expect(nextStepWords({ ...running, status: "past_due", invoices: [owed] })).toBe("Next try 6 Dec 2026");
});

test("items and prices are told as they are sold", () => {
  expect(itemWords(item)).toBe("3 × Team license");
  expect(itemWords({ ...item, quantity: 1 })).toBe("Team license");
  expect(itemWords({ ...item, quantity: null, description: "" })).toBe("price_1");
  expect(priceWords(item)).toBe("$15.00 a month");
  expect(priceWords({ ...item, intervalCount: 3 })).toBe("$15.00 every 3 months");
  expect(priceWords({ ...item, metered: true })).toBe("$15.00 a month, by usage");
  expect(priceWords({ ...item, unitAmount: null })).toBeNull();
});

test("what Stripe calls things is told in words, and what it adds one day as it is", () => {
  expect(invoiceStatusWords("uncollectible")).toBe("Written off");
  expect(billingReasonWords("subscription_cycle")).toBe("Renewal");
  expect(billingReasonWords("something_new")).toBe("Something new");
  expect(billingReasonWords(null)).toBe("–");
  expect(endReasonWords("payment_disputed")).toBe("A payment was disputed");
  expect(refundStatusWords("failed")).toBe("Failed, the money came back");
  expect(disputeStatusWords("appeal_needs_response")).toBe("Appealed, needs your evidence");
  expect(disputeStatusWords("brand_new")).toBe("Brand new");
  expect(needsAnswer("warning_needs_response")).toBe(true);
  expect(needsAnswer("under_review")).toBe(false);
});

test("a step of a subscription lists what changed and nothing that stayed", () => {
  const before = { status: "past_due", endsAt: null, endedAt: null, collection: null, items: "3 × price_1" };
  expect(subscriptionChangeWords(before, { ...before, status: "active", items: "5 × price_1" })).toEqual([
    "Status: Payment overdue → Active",
    "Items: 3 × price_1 → 5 × price_1",
  ]);
  expect(subscriptionChangeWords(before, { ...before, endsAt: day(12, 3).toISOString() })).toEqual([
    "Ends: none → 3 Dec 2026",
  ]);
  expect(subscriptionChangeWords(before, before)).toEqual([]);
  expect(subscriptionChangeWords(null, before)).toEqual([]);
});
