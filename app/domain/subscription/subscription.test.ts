import { expect, test } from "vitest";
import {
  failingInvoice,
  governingInvoice,
  isEnded,
  scheduledEnd,
} from "#app/domain/subscription/subscription.ts";
import {
  anItem,
  aSubscription,
  owedFor,
  paidFor,
  rolledOver,
  T0,
  T1,
  T2,
} from "#tests/subscription-builders.ts";

test("only canceled and incomplete_expired are the end", () => {
  const ended = (status: string) => isEnded(aSubscription({ status }));
  for (const status of ["canceled", "incomplete_expired"]) expect(ended(status), status).toBe(true);
  for (const status of ["incomplete", "trialing", "active", "past_due", "unpaid", "paused", "new word"])
    expect(ended(status), status).toBe(false);
});

test("S71, S72: a planned end is read from either place, and gone again when neither says so", () => {
  expect(scheduledEnd(aSubscription())).toBeNull();
  expect(scheduledEnd(aSubscription({ cancelAtPeriodEnd: true }))).toEqual(T1);
  expect(scheduledEnd(aSubscription({ cancelAt: T1 }))).toEqual(T1);
  expect(scheduledEnd(aSubscription({ cancelAt: T2, cancelAtPeriodEnd: true }))).toEqual(T2);
  const items = [anItem(), anItem({ id: "si_2", periodEnd: T2 })];
  expect(scheduledEnd(aSubscription({ cancelAtPeriodEnd: true, items }))).toEqual(T2);
  expect(scheduledEnd(aSubscription({ cancelAtPeriodEnd: true, items: [] }))).toBeNull();
  expect(scheduledEnd(aSubscription({ cancelAt: T1, status: "canceled" }))).toBeNull();
});

test("the governing invoice is the newest that is neither draft nor void", () => {
  const paid = paidFor(T0, T1);
  for (const [status, governs] of [
    ["draft", false],
    ["void", false],
    ["open", true],
    ["uncollectible", true],
    ["paid", true],
  ] as const) {
    const newest = owedFor(T1, T2, status);
    const found = governingInvoice(aSubscription({ invoices: [newest, paid] }));
    expect(found, status).toBe(governs ? newest : paid);
  }
  expect(governingInvoice(aSubscription({ invoices: [] }))).toBeNull();
});

test("an invoice is failing once a payment was tried in vain, except the first, which the buyer sees", () => {
  const open = (overrides: Parameters<typeof owedFor>[3]) => owedFor(T1, T2, "open", overrides);
  const failing = (invoice: ReturnType<typeof open>, status = "active") =>
    failingInvoice(rolledOver(invoice, { status })) !== null;
  expect(failing(open({ attemptCount: 1 }), "past_due")).toBe(true);
  expect(failing(open({ attemptCount: 1, nextPaymentAttempt: T2 }))).toBe(true);
  expect(failing(open({ attemptCount: 1, requiresAction: true }))).toBe(true);
  // S61: a delayed payment is under way.
  expect(failing(open({ attemptCount: 1, nextPaymentAttempt: null }))).toBe(false);
  expect(failing(open({ attemptCount: 0 }))).toBe(false);
  expect(failing(open({ attemptCount: 0 }), "past_due")).toBe(true);
  expect(failing(open({ attemptCount: 1 }), "canceled")).toBe(false);
  expect(failing(open({ attemptCount: 1, billingReason: "subscription_create" }))).toBe(false);
  // S70: a change waits for its payment; only where that made the subscription past due is something owed.
  const change = open({ attemptCount: 1, nextPaymentAttempt: T2, billingReason: "subscription_update" });
  expect(failing(change)).toBe(false);
  expect(failing(change, "past_due")).toBe(true);
  for (const status of ["draft", "paid", "void", "uncollectible"])
    expect(failing(owedFor(T1, T2, status, { attemptCount: 2 })), status).toBe(false);
});
