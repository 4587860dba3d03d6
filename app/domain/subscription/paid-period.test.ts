import fc from "fast-check";
import { expect, test } from "vitest";
import { paidPeriodOf, paidUnitsOf } from "#app/domain/subscription/paid-period.ts";
import type { SubscriptionFacts } from "#app/domain/subscription/subscription.ts";
import {
  aLine,
  anInvoice,
  anItem,
  aProration,
  aSubscription,
  daysAfter,
  knobs,
  owedFor,
  paidFor,
  rolledOver,
  T0,
  T1,
  T2,
  T3,
} from "#tests/subscription-builders.ts";

const period = (facts: SubscriptionFacts, settings = knobs(), itemId = facts.items[0]?.id) =>
  paidPeriodOf(facts, facts.items.find(({ id }) => id === itemId) ?? anItem(), settings);
const end = (facts: SubscriptionFacts) => period(facts)?.end ?? null;
const mid = daysAfter(T0, 10);

test("nothing is paid, so nothing is owed (I2)", () => {
  for (const status of ["draft", "open", "void", "uncollectible"])
    expect(period(aSubscription({ invoices: [owedFor(T0, T1, status)] })), status).toBeNull();
  expect(period(aSubscription({ invoices: [] }))).toBeNull();
});

test("S48: a paid renewal moves the end to the end of its line, and names the invoice", () => {
  expect(period(rolledOver(paidFor(T1, T2)))).toEqual({
    invoiceId: `in_${T1.getTime()}`,
    start: T1,
    end: T2,
  });
});

test.each(["draft", "open", "void", "uncollectible"])(
  "S49, S61, S62: a renewal that is %s moves nothing, whatever the item's period says (I3)",
  (status) => {
    expect(end(rolledOver(owedFor(T1, T2, status)))).toEqual(T1);
  },
);

test("S63: a proration pays for a change, never for a period", () => {
  const invoices = [anInvoice([aProration(mid, T2)], { created: mid }), paidFor(T0, T1)];
  expect(end(aSubscription({ invoices }))).toEqual(T1);
  expect(period(aSubscription({ invoices: [anInvoice([aProration(T0, T1)])] }))).toBeNull();
});

test("S69: the period that started last counts, also when it ends earlier; of two that start together the longer", () => {
  const yearly = anInvoice([aLine(T0, daysAfter(T0, 365))]);
  const monthly = anInvoice([aLine(mid, daysAfter(mid, 30))]);
  expect(end(aSubscription({ invoices: [monthly, yearly] }))).toEqual(daysAfter(mid, 30));
  const both = [anInvoice([aLine(T0, T1)]), yearly];
  expect(end(aSubscription({ invoices: both }))).toEqual(daysAfter(T0, 365));
  expect(end(aSubscription({ invoices: [...both].reverse() }))).toEqual(daysAfter(T0, 365));
});

test("S44, S45: a trial counts until its end; its $0 invoice adds nothing; the first paid period follows", () => {
  const free = anInvoice([aLine(T0, daysAfter(T0, 14), { amount: 0 })]);
  const trial = { status: "trialing", trialStart: T0, trialEnd: daysAfter(T0, 14), invoices: [free] };
  expect(period(aSubscription(trial))).toEqual({ invoiceId: null, start: T0, end: daysAfter(T0, 14) });
  // The end was moved after the invoice was written.
  expect(end(aSubscription({ ...trial, trialEnd: daysAfter(T0, 3) }))).toEqual(daysAfter(T0, 3));
  expect(end(aSubscription({ ...trial, trialEnd: daysAfter(T0, 20) }))).toEqual(daysAfter(T0, 20));
  const first = anInvoice([aLine(daysAfter(T0, 14), T2)]);
  expect(end(aSubscription({ ...trial, status: "active", invoices: [first, free] }))).toEqual(T2);
});

test("S64c: a renewal for nothing is a renewal", () => {
  const free = anInvoice([aLine(T1, T2, { amount: 0 })]);
  expect(end(rolledOver(free))).toEqual(T2);
});

test("S68: an item that took the place of another has its paid time", () => {
  const items = [anItem({ id: "si_2", priceId: "price_other" })];
  expect(end(aSubscription({ items }))).toEqual(T1);
  const renewed = anInvoice([aLine(T1, T2, { itemId: "si_2" })]);
  expect(end(aSubscription({ items, invoices: [renewed, paidFor(T0, T1)] }))).toEqual(T2);
});

test("an item added beside others runs with them: at once in good standing, else when it is paid", () => {
  const items = [anItem(), anItem({ id: "si_2" })];
  const invoices = [paidFor(T0, T1)];
  const added = (status: string, seatsFollow: "immediately" | "whenPaid", paid = false) =>
    period(
      aSubscription({
        status,
        items,
        invoices: paid ? [anInvoice([aProration(mid, T1, { itemId: "si_2" })]), ...invoices] : invoices,
      }),
      knobs({ seatsFollow }),
      "si_2",
    )?.end ?? null;
  expect(added("active", "immediately")).toEqual(T1);
  expect(added("past_due", "immediately")).toBeNull();
  expect(added("active", "whenPaid")).toBeNull();
  expect(added("active", "whenPaid", true)).toEqual(T1);
  expect(added("past_due", "immediately", true)).toEqual(T1);
});

test("an item added now is not taken for the heir of one that left a period ago", () => {
  const old = anInvoice([aLine(T0, T1), aLine(T0, T1, { itemId: "si_0" })]);
  const current = anInvoice([aLine(T1, T2)]);
  const facts = rolledOver(current, {
    items: [anItem(), anItem({ id: "si_2" })],
    invoices: [current, old],
  });
  expect(period(facts, knobs(), "si_2")?.end).toEqual(T2);
  expect(period(facts, knobs({ seatsFollow: "whenPaid" }), "si_2")).toBeNull();
});

test("a metered item runs while nothing is failing, else to the end of the last period billed", () => {
  const metered = (overrides: Partial<SubscriptionFacts>) =>
    end(
      rolledOver(paidFor(T0, T1), {
        items: [anItem({ metered: true, quantity: null, periodStart: T1, periodEnd: T2 })],
        ...overrides,
      }),
    );
  expect(metered({})).toEqual(T2);
  expect(metered({ status: "past_due" })).toEqual(T1);
  const failing = owedFor(T0, T1, "open", { billingReason: "subscription_cycle", nextPaymentAttempt: T2 });
  expect(metered({ invoices: [failing] })).toEqual(T1);
  // Stripe keeps it active; what was used is not going to be paid.
  expect(metered({ invoices: [owedFor(T0, T1, "uncollectible"), paidFor(T0, T1)] })).toEqual(T1);
  expect(metered({ invoices: [paidFor(T1, T2), owedFor(T0, T1, "uncollectible")] })).toEqual(T2);
  const endedAt = daysAfter(T1, 4);
  expect(metered({ status: "canceled", endedAt, endedBecause: "cancellation_requested" })).toEqual(endedAt);
  expect(metered({ status: "canceled", endedAt, endedBecause: "payment_failed" })).toEqual(T1);
});

test("S64b: by setting an invoice that was sent lets a terms customer begin, all of it as grace", () => {
  const sent = aSubscription({ collectionMethod: "send_invoice", invoices: [owedFor(T0, T1, "open")] });
  expect(period(sent)).toBeNull();
  const begun = period(sent, knobs({ sendInvoice: "onIssue" }));
  expect(begun).toEqual({ invoiceId: `in_${T0.getTime()}`, start: T0, end: T0 });
  const byCard = { ...sent, collectionMethod: "charge_automatically" };
  expect(period(byCard, knobs({ sendInvoice: "onIssue" }))).toBeNull();
  const two = { ...sent, invoices: [owedFor(T1, T2, "open"), owedFor(T0, T1, "open")] };
  expect(period(two, knobs({ sendInvoice: "onIssue" }))?.start).toEqual(T0);
});

test("units are what the money for this period covers, prorations included", () => {
  const units = (facts: SubscriptionFacts) => {
    const paid = period(facts);
    return paid && paidUnitsOf(facts, facts.items[0] ?? anItem(), paid);
  };
  expect(units(aSubscription())).toBe(3);
  const more = anInvoice([aProration(mid, T1, { quantity: 5 })]);
  expect(units(aSubscription({ invoices: [more, paidFor(T0, T1)] }))).toBe(5);
  const back = anInvoice([aProration(mid, T1, { quantity: 9, amount: -40 })]);
  expect(units(aSubscription({ invoices: [back, paidFor(T0, T1)] }))).toBe(3);
  const unpaid = { ...more, status: "open" };
  expect(units(aSubscription({ invoices: [unpaid, paidFor(T0, T1)] }))).toBe(3);
  const heir = [anItem({ id: "si_2" })];
  expect(units(aSubscription({ items: heir }))).toBe(3);
  // Seats of the year before the switch to a month are not seats of that month.
  const yearly = anInvoice([aLine(T0, T3, { quantity: 10 })]);
  const month = anInvoice([aLine(mid, daysAfter(mid, 30), { quantity: 2 })]);
  expect(units(aSubscription({ invoices: [month, yearly] }))).toBe(2);
});

const instant = fc.integer({ min: -40, max: 120 }).map((days) => daysAfter(T0, days));
const anyLine = fc
  .record({
    start: instant,
    days: fc.integer({ min: 1, max: 60 }),
    itemId: fc.constantFrom("si_1", "si_2", "si_gone", null),
    proration: fc.boolean(),
    amount: fc.constantFrom(0, 4500),
    quantity: fc.option(fc.integer({ min: 0, max: 5 })),
  })
  .map(({ start, days, ...line }) => aLine(start, daysAfter(start, days), line));
const anyInvoice = fc
  .record({
    lines: fc.array(anyLine, { maxLength: 3 }),
    status: fc.constantFrom("draft", "open", "paid", "paid", "paid", "void", "uncollectible"),
  })
  .map(({ lines, status }) => anInvoice(lines, { status }));

test("no period without a paid full line or a trial: each one found is one of those (I2, I3)", () => {
  fc.assert(
    fc.property(
      fc.array(anyInvoice, { maxLength: 5 }),
      fc.constantFrom("active", "trialing", "past_due", "unpaid", "paused", "canceled"),
      fc.option(fc.tuple(instant, fc.integer({ min: 0, max: 30 }))),
      (invoices, status, trial) => {
        const [trialStart, trialEnd] = trial ? [trial[0], daysAfter(trial[0], trial[1])] : [null, null];
        const items = [anItem(), anItem({ id: "si_2" })];
        const facts = aSubscription({ invoices, status, items, trialStart, trialEnd });
        const found = period(facts);
        if (!found) return;
        const paid = invoices
          .filter((invoice) => invoice.status === "paid")
          .flatMap(({ lines }) => lines.filter(({ proration }) => !proration))
          .map((line) => [line.periodStart.getTime(), line.periodEnd.getTime()]);
        const grounds = trialStart && trialEnd ? [...paid, [trialStart.getTime(), trialEnd.getTime()]] : paid;
        expect(grounds).toContainEqual([found.start.getTime(), found.end.getTime()]);
        const turned = { ...facts, invoices: [...invoices].reverse() };
        const again = period(turned);
        expect([again?.start, again?.end]).toEqual([found.start, found.end]);
      },
    ),
    { numRuns: 1_000 },
  );
});
