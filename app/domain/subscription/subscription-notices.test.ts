import { expect, test } from "vitest";
import type { InvoiceFacts, SubscriptionFacts } from "#app/domain/subscription/subscription.ts";
import { subscriptionNotices } from "#app/domain/subscription/subscription-notices.ts";
import {
  aSubscription,
  daysAfter,
  hoursAfter,
  knobs,
  owedFor,
  paidFor,
  rolledOver,
  T0,
  T1,
  T2,
} from "#tests/subscription-builders.ts";

/** Kind and key of each mail that is owed. */
function owed(before: SubscriptionFacts | null, after: SubscriptionFacts, now = T0, settings = knobs()) {
  return subscriptionNotices(before, after, settings, now).notices.map(
    ({ kind, causeKey }) => `${kind} ${causeKey}`,
  );
}

const failed = (attemptCount: number, next: Date | null, overrides: Partial<InvoiceFacts> = {}) =>
  rolledOver(owedFor(T1, T2, "open", { id: "in_2", attemptCount, nextPaymentAttempt: next, ...overrides }), {
    status: "past_due",
  });

test("a subscription in good standing owes its owner no mail, seen first or again", () => {
  expect(owed(null, aSubscription())).toEqual([]);
  expect(owed(aSubscription(), rolledOver(paidFor(T1, T2)), T1)).toEqual([]);
});

test("a failed renewal is told once for each stage: the first attempt, those that follow, the last", () => {
  expect(owed(null, failed(1, daysAfter(T1, 3)))).toEqual(["renewal-failed in_2:first"]);
  expect(owed(failed(1, daysAfter(T1, 3)), failed(2, daysAfter(T1, 5)))).toEqual([
    "renewal-failed in_2:reminder",
  ]);
  expect(owed(failed(2, null), failed(3, daysAfter(T1, 7)))).toEqual(["renewal-failed in_2:reminder"]);
  expect(owed(failed(3, null), failed(4, null))).toEqual(["renewal-failed in_2:final"]);
});

test("a buyer whose first payment fails is in the checkout and gets no mail about it", () => {
  const invoice = owedFor(T0, T1, "open", { billingReason: "subscription_create", attemptCount: 1 });
  expect(owed(null, aSubscription({ status: "incomplete", invoices: [invoice] }))).toEqual([]);
});

test("who has to confirm a payment is asked to, instead of hearing that it failed", () => {
  expect(owed(null, failed(1, null, { requiresAction: true }))).toEqual(["payment-action-required in_2"]);
});

test("a recovery is told to whoever was seen failing, and to nobody else", () => {
  const paid = rolledOver({ ...paidFor(T1, T2), id: "in_2" });
  expect(owed(failed(1, null), paid, T1)).toEqual(["payment-recovered in_2"]);
  expect(owed(null, paid, T1)).toEqual([]);
  expect(owed(paid, paid, T1)).toEqual([]);
  expect(owed(failed(1, null), { ...paid, status: "canceled", endedAt: T1 }, T1)).toEqual([]);
});

test("where Stripe writes about payments itself, no mail about them is owed", () => {
  const settings = knobs({ dunningEmails: "stripe" });
  expect(owed(null, failed(1, null), T1, settings)).toEqual([]);
  expect(owed(null, failed(1, null, { requiresAction: true }), T1, settings)).toEqual([]);
  const planned = aSubscription({ cancelAt: T1 });
  expect(owed(aSubscription(), planned, T0, settings)).toHaveLength(1);
});

test("a planned end is told when it is set, when it moves and when it is undone", () => {
  const flexible = aSubscription({ cancelAt: T1 });
  const classic = aSubscription({ cancelAtPeriodEnd: true });
  const scheduled = `cancel-scheduled sub_1:${T1.toISOString()}`;
  expect(owed(aSubscription(), flexible)).toEqual([scheduled]);
  expect(owed(null, classic)).toEqual([scheduled]);
  expect(owed(flexible, classic)).toEqual([]);
  expect(owed(flexible, aSubscription({ cancelAt: T2 }))).toEqual([
    `cancel-scheduled sub_1:${T2.toISOString()}`,
  ]);
  expect(owed(flexible, aSubscription())).toEqual([`cancel-undone sub_1:${T1.toISOString()}`]);
  expect(owed(flexible, aSubscription({ status: "canceled", endedAt: T1, cancelAt: T1 }))).toEqual([]);
});

test("a trial's end is told three days before, unless it was that short or ends for good", () => {
  const trial = (days: number) =>
    aSubscription({ status: "trialing", trialStart: T0, trialEnd: daysAfter(T0, days), invoices: [] });
  const key = (days: number) => `trial-ending sub_1:${daysAfter(T0, days).toISOString()}`;
  expect(owed(null, trial(14), T0)).toEqual([]);
  expect(owed(null, trial(14), hoursAfter(T0, 11 * 24))).toEqual([key(14)]);
  expect(owed(null, trial(3), T0)).toEqual([]);
  expect(owed(null, { ...trial(14), cancelAt: daysAfter(T0, 14) }, daysAfter(T0, 12))).not.toContain(key(14));
  // S47: the event may come although the trial is over and paid.
  expect(owed(null, { ...trial(14), status: "active" }, daysAfter(T0, 12))).toEqual([]);
});

test("staff hear of a renewal that will never be paid, not of a first one that was given up", () => {
  const alertsOf = (facts: SubscriptionFacts) =>
    subscriptionNotices(null, facts, knobs(), T1).alerts.map(({ causeKey }) => causeKey);
  expect(alertsOf(rolledOver(owedFor(T1, T2, "void", { id: "in_2" })))).toEqual(["in_2"]);
  expect(alertsOf(rolledOver(owedFor(T1, T2, "uncollectible", { id: "in_2" })))).toEqual(["in_2"]);
  expect(alertsOf(rolledOver(owedFor(T1, T2, "open")))).toEqual([]);
  expect(alertsOf(aSubscription({ invoices: [owedFor(T0, T1, "void")] }))).toEqual([]);
});
