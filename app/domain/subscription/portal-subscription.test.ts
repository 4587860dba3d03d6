import { expect, test } from "vitest";
import {
  describeSubscription,
  type SubscribedLicense,
  statusBeside,
} from "#app/domain/subscription/portal-subscription.ts";
import type { InvoiceFacts, SubscriptionFacts } from "#app/domain/subscription/subscription.ts";

const now = new Date("2026-11-21T12:00:00Z");
const day = (text: string) => new Date(`${text}T00:00:00Z`);
const item: SubscriptionFacts["items"][number] = {
  id: "si_1",
  description: "Signalbox",
  quantity: 3,
  metered: false,
  priceId: "price_1",
  lookupKey: null,
  policySlug: null,
  unitAmount: 1200,
  currency: "usd",
  interval: "month",
  intervalCount: 1,
  periodStart: day("2026-11-03"),
  periodEnd: day("2026-12-03"),
};
const subscription: SubscriptionFacts = {
  id: "sub_1",
  livemode: false,
  status: "active",
  created: day("2026-11-03"),
  stripeCustomer: { id: "cus_1", email: null, name: null, deleted: false },
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
  items: [item],
  invoices: [],
};
const owed: InvoiceFacts = {
  id: "in_1",
  number: null,
  status: "open",
  billingReason: "subscription_cycle",
  created: day("2026-11-20"),
  total: 3600,
  amountPaid: 0,
  currency: "usd",
  attemptCount: 1,
  nextPaymentAttempt: day("2026-11-24"),
  dueDate: null,
  paidAt: null,
  hostedInvoiceUrl: "https://invoice.stripe.com/i/1",
  finalizationError: null,
  requiresAction: false,
  lines: [],
  payments: [],
};
const license: SubscribedLicense = {
  itemKey: "si_1",
  paidUntil: day("2026-12-03"),
  graceUntil: day("2026-12-05"),
  extendedUntil: null,
  holds: [],
};
const overdue = { paidUntil: day("2026-11-20"), graceUntil: day("2026-11-27") };
const describe = (changes: Partial<SubscriptionFacts> = {}, about: Partial<SubscribedLicense> = {}) =>
  describeSubscription({ ...subscription, ...changes }, { ...license, ...about }, now);
const buttons = (described: ReturnType<typeof describe>) => described.actions.map(({ label }) => label);

test("one in good standing says when it renews and for how much, and needs nothing", () => {
  expect(describe()).toMatchObject({
    next: "Renews 3 Dec 2026 for $36.00 per month",
    price: "$12.00 per seat per month, before taxes and discounts",
    seats: 3,
    notice: null,
    invoiceUrl: null,
    ended: false,
  });
  expect(buttons(describe())).toEqual([
    "Change plan or seats",
    "Update payment method",
    "Invoices and billing",
    "Cancel subscription",
  ]);
});

test("while the renewal is being paid nothing is wrong", () => {
  const renewing = describe({}, { paidUntil: day("2026-11-21"), graceUntil: day("2026-11-23") });
  expect(renewing).toMatchObject({ next: "Renews now, the payment is on its way", notice: null });
  expect(statusBeside("grace", renewing)).toBe("active");
});

test("amounts that cannot be added up are not named", () => {
  const metered = { ...item, id: "si_2", metered: true, unitAmount: null, quantity: null };
  expect(describe({ items: [item, metered] })).toMatchObject({ next: "Renews 3 Dec 2026" });
  expect(describe({ items: [{ ...metered, id: "si_1" }] })).toMatchObject({ price: null, seats: null });
  const yearly = { ...item, id: "si_2", interval: "year" };
  expect(describe({ items: [item, yearly] }).next).toBe("Renews 3 Dec 2026");
});

test("a trial says until when it is free and what comes then", () => {
  const trial = { status: "trialing", trialStart: day("2026-11-20"), trialEnd: day("2026-12-04") };
  expect(describe(trial)).toMatchObject({
    next: "Free trial until 4 Dec 2026, then $36.00 per month",
    notice: null,
  });
  expect(describe({ ...trial, cancelAt: day("2026-12-04") })).toMatchObject({
    next: "Ends 4 Dec 2026, does not renew",
  });
});

test.each<[string, Partial<SubscriptionFacts>]>([
  ["flexible", { cancelAt: day("2026-12-03") }],
  ["classic", { cancelAtPeriodEnd: true }],
])("a %s cancellation to come says when, and that it can be kept", (_, changes) => {
  const ending = describe(changes, { graceUntil: null });
  expect(ending.next).toBe("Ends 3 Dec 2026, does not renew");
  expect(ending.notice).toMatchObject({ tone: "info", title: "Your subscription ends on 3 Dec 2026" });
  expect(ending.actions[0]).toEqual({ flow: "manage", label: "Keep it", primary: true });
  expect(buttons(ending)).not.toContain("Cancel subscription");
});

test("a payment that failed says until when the license works and asks for a payment method first", () => {
  const failed = describe({ status: "past_due", invoices: [owed] }, overdue);
  expect(failed.next).toBe("Renewal due since 20 Nov 2026");
  expect(failed.notice).toEqual({
    tone: "warning",
    title: "The payment for your renewal failed",
    text: "Your license works until 27 Nov 2026. Update your payment method, so that it goes on. We try again on 24 Nov 2026.",
  });
  expect(failed.invoiceUrl).toBe("https://invoice.stripe.com/i/1");
  expect(failed.actions[0]).toMatchObject({ flow: "payment-method", primary: true });
  expect([statusBeside("grace", failed), statusBeside("grace", null)]).toEqual(["grace", "grace"]);
});

test("after the grace the words no longer promise anything", () => {
  const over = describe(
    { status: "past_due", invoices: [owed] },
    { paidUntil: day("2026-11-01"), graceUntil: day("2026-11-08"), holds: ["unpaid:sub_1"] },
  );
  expect(over.notice).toMatchObject({
    tone: "error",
    text: expect.stringMatching(/on hold until it is paid/),
  });
});

test("what staff granted on top counts for how long it works", () => {
  const granted = describe(
    { status: "past_due", invoices: [owed] },
    { ...overdue, extendedUntil: day("2027-01-15") },
  );
  expect(granted.notice?.text).toContain("works until 15 Jan 2027");
});

test("a bank that asks for a confirmation is named, with the way to it", () => {
  const asks = describe({ invoices: [{ ...owed, requiresAction: true }] }, overdue);
  expect(asks.notice).toMatchObject({ title: "Your bank asks you to confirm the payment" });
  expect(asks.invoiceUrl).toBe("https://invoice.stripe.com/i/1");
  const odd = describe({ invoices: [{ ...owed, hostedInvoiceUrl: "javascript:alert(1)" }] }, overdue);
  expect(odd.invoiceUrl).toBeNull();
});

test("an unpaid subscription says that paying brings the license back", () => {
  const unpaid = describe(
    { status: "unpaid", invoices: [owed] },
    { paidUntil: day("2026-11-01"), graceUntil: null },
  );
  expect(unpaid).toMatchObject({
    next: "Not paid",
    notice: { tone: "error", text: expect.stringMatching(/works again as soon as/) },
    invoiceUrl: "https://invoice.stripe.com/i/1",
  });
});

test.each([
  ["trial_end_without_payment_method", /trial ended without a way to pay/],
  ["first_payment_failure", /first payment failed/],
  ["final_payment_failure", /could not be collected/],
  ["pause_requested", /when you resume/],
  [null, /when the subscription goes on/],
])("a pause (%s) says why and what to do", (pausedBecause, words) => {
  const paused = describe({ status: "paused", pausedBecause });
  expect(paused.notice).toMatchObject({ tone: "warning", text: expect.stringMatching(words) });
  expect(paused.actions[0]).toMatchObject({ flow: "payment-method", primary: true });
});

test("paused billing says until when, and how long the license works", () => {
  const paused = describe({ pauseCollection: { behavior: "void", resumesAt: day("2027-01-03") } });
  expect(paused.next).toBe("Billing is paused until 3 Jan 2027");
  expect(paused.notice?.text).toContain("works until 5 Dec 2026");
});

test("one that ended says when and why, offers invoices and to subscribe again", () => {
  const ended = describe(
    { status: "canceled", endedAt: day("2026-11-10"), endedBecause: "payment_failed" },
    { paidUntil: day("2026-11-10"), graceUntil: null },
  );
  expect(ended).toMatchObject({ next: "Ended 10 Nov 2026", ended: true, invoiceUrl: null });
  expect(ended.notice?.text).toBe(
    "The renewal could not be collected. You can subscribe again at any time; you then get a new key.",
  );
  expect(buttons(ended)).toEqual(["Invoices and billing"]);
  const paidOn = describe({ status: "canceled", endedAt: day("2026-11-10") }, { graceUntil: null });
  expect(paidOn.notice?.text).toContain("This license works until 3 Dec 2026.");
});

test("a key without a seat keeps the promise that it comes back", () => {
  const released = describe({}, { holds: ["released:sub_1"] });
  expect(released.notice).toMatchObject({
    title: "This key has no seat at the moment",
    text: expect.stringMatching(/has 3 seats now.*this same key works again/),
  });
  expect(released.actions[0]).toMatchObject({ flow: "change", primary: true });
});

test("plans that Stripe's pages cannot change are not offered to be changed", () => {
  const change = "Change plan or seats";
  expect(buttons(describe({ collectionMethod: "send_invoice" }))).not.toContain(change);
  expect(buttons(describe({ items: [item, { ...item, id: "si_2" }] }))).not.toContain(change);
});
