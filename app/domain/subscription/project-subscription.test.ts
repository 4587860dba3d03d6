import { expect, test } from "vitest";
import type { Settings } from "#app/domain/setting/settings.ts";
import { graceEnd } from "#app/domain/subscription/plan-licenses.ts";
import {
  maxUnitsPerSubscription,
  projectSubscription,
} from "#app/domain/subscription/project-subscription.ts";
import type { SubscriptionFacts } from "#app/domain/subscription/subscription.ts";
import {
  aDispute,
  aLine,
  anInvoice,
  anItem,
  aProration,
  aRefund,
  aSubscription,
  daysAfter,
  hoursAfter,
  knobs,
  monthly,
  owedFor,
  paidFor,
  policiesByPrice,
  policyTerms,
  rolledOver,
  T0,
  T1,
  T2,
  T3,
} from "#tests/subscription-builders.ts";

const project = (facts: SubscriptionFacts, chosen: Partial<Settings> = {}, now = T0) =>
  projectSubscription(facts, monthly, knobs(chosen), now);

/** What a row of the table says of the one item: until when it is paid, until when it works, its units. */
function outcome(facts: SubscriptionFacts, chosen: Partial<Settings> = {}, now = T0) {
  const projection = project(facts, chosen, now);
  const [item] = projection.items;
  return {
    state: projection.state,
    paidUntil: item?.paidUntil ?? null,
    graceUntil: item ? graceEnd(item.paidUntil, item.grace, 7) : null,
    units: item?.units ?? null,
    holds: [...projection.holds, ...(item?.holds ?? [])].map(({ cause }) => cause),
    unpaidHold: projection.unpaidHold?.cause ?? null,
  };
}

const slack = hoursAfter(T1, 48);
const week = daysAfter(T1, 7);
const owed = owedFor(T1, T2, "open");
const trialEnd = daysAfter(T0, 14);
const trialInvoice = anInvoice([aLine(T0, trialEnd, { amount: 0 })]);
const onTrial = { status: "trialing", trialStart: T0, trialEnd, invoices: [trialInvoice] };
type Outcome = ReturnType<typeof outcome>;
const none: Partial<Outcome> = { state: "nothing", paidUntil: null, holds: [], unpaidHold: null };
const live: Partial<Outcome> = { state: "live", holds: [], unpaidHold: null, units: 3 };
const pause = { pauseCollection: { behavior: "void", resumesAt: null } };
const terms = { collectionMethod: "send_invoice" };
const due = daysAfter(T1, 30);

test.each<[row: string, facts: SubscriptionFacts, expected: Partial<Outcome>]>([
  ["S41 incomplete", aSubscription({ status: "incomplete", invoices: [owedFor(T0, T1, "open")] }), none],
  ["incomplete, whatever it paid", aSubscription({ status: "incomplete" }), none],
  ["S41 incomplete_expired", aSubscription({ status: "incomplete_expired" }), none],
  [
    "S44 trialing",
    aSubscription(onTrial),
    { ...live, paidUntil: trialEnd, graceUntil: hoursAfter(trialEnd, 48) },
  ],
  ["S40 active and paid", aSubscription(), { ...live, paidUntil: T1, graceUntil: slack }],
  ["active, nothing paid yet", aSubscription({ invoices: [owedFor(T0, T1, "open")] }), none],
  ["S48 renewed", rolledOver(paidFor(T1, T2)), { ...live, paidUntil: T2, graceUntil: hoursAfter(T2, 48) }],
  ["S49 renewal draft", rolledOver(owedFor(T1, T2, "draft")), { ...live, paidUntil: T1, graceUntil: slack }],
  ["S49 renewal open", rolledOver(owed), { ...live, paidUntil: T1, graceUntil: slack }],
  ["S61 renewal voided", rolledOver(owedFor(T1, T2, "void")), { ...live, paidUntil: T1, graceUntil: slack }],
  ["S62 uncollectible", rolledOver(owedFor(T1, T2, "uncollectible")), { paidUntil: T1, graceUntil: slack }],
  [
    "S51 past_due",
    rolledOver(owed, { status: "past_due" }),
    { ...live, paidUntil: T1, graceUntil: week, unpaidHold: "unpaid:sub_1" },
  ],
  [
    "S55 unpaid",
    rolledOver(owed, { status: "unpaid" }),
    { ...live, paidUntil: T1, graceUntil: null, unpaidHold: "unpaid:sub_1" },
  ],
  [
    "S56 unpaid, the old invoice paid, a new draft",
    rolledOver(paidFor(T1, T2), {
      status: "unpaid",
      invoices: [owedFor(T2, T3, "draft"), paidFor(T1, T2), paidFor(T0, T1)],
    }),
    { ...live, paidUntil: T2, graceUntil: null, unpaidHold: "unpaid:sub_1" },
  ],
  [
    "S58, S77 paused",
    aSubscription({ status: "paused" }),
    { ...live, paidUntil: T1, holds: ["pause:sub_1"] },
  ],
  [
    "S46 paused at the end of a trial",
    aSubscription({ ...onTrial, status: "paused", pausedBecause: "trial_end_without_payment_method" }),
    { ...live, paidUntil: trialEnd, graceUntil: null, holds: ["pause:sub_1"] },
  ],
  [
    "S74 canceled at once",
    aSubscription({ status: "canceled", endedAt: daysAfter(T0, 5) }),
    { state: "ended", paidUntil: daysAfter(T0, 5), graceUntil: null, units: null },
  ],
  [
    "S57 canceled by dunning",
    rolledOver(owed, { status: "canceled", endedAt: daysAfter(T1, 9), endedBecause: "payment_failed" }),
    { state: "ended", paidUntil: T1, graceUntil: null, unpaidHold: null },
  ],
  [
    "S42 canceled, never paid",
    aSubscription({ status: "canceled", invoices: [] }),
    { ...none, state: "ended" },
  ],
  ["S78 collection paused", rolledOver(null, pause), { ...live, paidUntil: T1, graceUntil: week }],
  [
    "S71 to end at the period's end",
    aSubscription({ cancelAtPeriodEnd: true }),
    { paidUntil: T1, graceUntil: null },
  ],
  ["S72 the same, flexible", aSubscription({ cancelAt: T1 }), { ...live, paidUntil: T1, graceUntil: null }],
  ["to end in a year", aSubscription({ cancelAt: daysAfter(T0, 365) }), { paidUntil: T1, graceUntil: slack }],
  ["S64b sent, not paid", aSubscription({ ...terms, invoices: [owedFor(T0, T1, "open")] }), none],
  ["S64b terms, paid", aSubscription(terms), { ...live, paidUntil: T1, graceUntil: week }],
  ["S64b overdue", rolledOver(owed, { ...terms, status: "past_due" }), { paidUntil: T1, graceUntil: week }],
])("%s", (_, facts, expected) => {
  expect(outcome(facts)).toMatchObject(expected);
});

test.each<[row: string, chosen: Partial<Settings>, facts: SubscriptionFacts, expected: Partial<Outcome>]>([
  ["renewalSlackHours", { renewalSlackHours: 6 }, rolledOver(owed), { graceUntil: hoursAfter(T1, 6) }],
  [
    "S74 cancelNow",
    { cancelNow: "paidThrough" },
    aSubscription({ status: "canceled", endedAt: daysAfter(T0, 5) }),
    { state: "ended", paidUntil: T1, graceUntil: null },
  ],
  [
    "S78 onPauseCollection",
    { onPauseCollection: "extend" },
    rolledOver(null, pause),
    { paidUntil: T2, graceUntil: hoursAfter(T2, 48) },
  ],
  [
    "S64b sendInvoice, first invoice",
    { sendInvoice: "onIssue" },
    aSubscription({ ...terms, invoices: [owedFor(T0, T1, "open", { dueDate: due })] }),
    { ...live, paidUntil: T0, graceUntil: daysAfter(due, 7) },
  ],
  [
    "S64b sendInvoice, renewal",
    { sendInvoice: "onIssue" },
    rolledOver(owedFor(T1, T2, "open", { dueDate: due }), terms),
    { ...live, paidUntil: T1, graceUntil: daysAfter(due, 7) },
  ],
  [
    "S64b sendInvoice, overdue: the grace begins when it was due",
    { sendInvoice: "onIssue" },
    rolledOver(owedFor(T1, T2, "open", { dueDate: due }), { ...terms, status: "past_due" }),
    { ...live, paidUntil: T1, graceUntil: daysAfter(due, 7), unpaidHold: "unpaid:sub_1" },
  ],
  [
    "sendInvoice: an invoice more does not give more time",
    { sendInvoice: "onIssue" },
    rolledOver(null, {
      ...terms,
      status: "past_due",
      invoices: [
        owedFor(T2, T3, "open", { dueDate: daysAfter(T2, 30) }),
        owedFor(T1, T2, "open", { dueDate: due }),
        paidFor(T0, T1),
      ],
    }),
    { graceUntil: daysAfter(due, 7) },
  ],
])("by setting: %s", (_, chosen, facts, expected) => {
  expect(outcome(facts, chosen)).toMatchObject(expected);
});

test("onCancel: canceled licenses are revoked once their time is over, and somebody looks then", () => {
  const canceled = aSubscription({ status: "canceled", endedAt: daysAfter(T0, 5) });
  const revoke = { onCancel: "revoke", cancelNow: "paidThrough" } as const;
  const before = project(canceled, revoke, daysAfter(T0, 6));
  expect(before.items[0]?.revokedBecause).toBeNull();
  expect(before.nextCheckAt).toEqual(T1);
  expect(project(canceled, revoke, T1).items[0]?.revokedBecause).toBe("The subscription was canceled.");
  expect(project(canceled, { onCancel: "revoke" }, daysAfter(T0, 5)).items[0]?.revokedBecause).not.toBeNull();
  expect(project(canceled, {}, T2).items[0]?.revokedBecause).toBeNull();
});

test("S65: more seats at once in good standing; otherwise, or by setting, those that were paid", () => {
  const five = [anItem({ quantity: 5 })];
  const units = (facts: Partial<SubscriptionFacts>, chosen: Partial<Settings> = {}) =>
    outcome(aSubscription({ items: five, ...facts }), chosen).units;
  expect(units({})).toBe(5);
  expect(units({}, { seatsFollow: "whenPaid" })).toBe(3);
  expect(units({ status: "past_due" })).toBe(3);
  const proration = anInvoice([aProration(daysAfter(T0, 9), T1, { quantity: 5 })]);
  const paid = { invoices: [proration, paidFor(T0, T1)] };
  expect(units(paid, { seatsFollow: "whenPaid" })).toBe(5);
  expect(units({ ...paid, status: "past_due" })).toBe(5);
  expect(units({ items: [anItem({ quantity: 2 })], status: "past_due" })).toBe(2);
  const metered = { items: [anItem({ metered: true, quantity: null })] };
  expect(units(metered)).toBe(1);
  expect(units({ ...metered, status: "past_due", invoices: [paidFor(T0, T0)] })).toBe(1);
});

const refunded = { refunds: [aRefund({ amount: 4500 })] };

test("S35, S36: a refund holds while the period it paid for is the one that counts", () => {
  expect(outcome(aSubscription({ invoices: [paidFor(T0, T1, refunded)] })).holds).toEqual(["refund:ch_1"]);
  const renewed = { invoices: [paidFor(T1, T2), paidFor(T0, T1, refunded)] };
  expect(outcome(rolledOver(null, renewed)).holds).toEqual([]);
  const current = { invoices: [paidFor(T1, T2, refunded), paidFor(T0, T1)] };
  expect(outcome(rolledOver(null, current))).toMatchObject({ paidUntil: T2, holds: ["refund:ch_1"] });
});

test("S35: a dispute about an old period holds nothing; S75: one about the current stays when it ends", () => {
  const disputed = { disputes: [aDispute("needs_response")] };
  const old = { invoices: [paidFor(T1, T2), paidFor(T0, T1, disputed)] };
  expect(outcome(rolledOver(null, old)).holds).toEqual([]);
  const canceled = aSubscription({
    status: "canceled",
    endedAt: daysAfter(T0, 5),
    endedBecause: "payment_disputed",
    invoices: [paidFor(T0, T1, disputed)],
  });
  expect(outcome(canceled)).toMatchObject({ state: "ended", holds: ["dispute:dp_1"] });
});

test("a price that is mapped to nothing is told, and so are too many units and an invoice that cannot be finalized", () => {
  const stuck = owedFor(T1, T2, "draft", { finalizationError: "The tax location is missing." });
  const facts = rolledOver(stuck, {
    items: [
      anItem({ priceId: "price_foreign" }),
      anItem({ id: "si_2", quantity: maxUnitsPerSubscription + 1 }),
    ],
  });
  const { alerts, items } = project(facts);
  expect(alerts.map(({ kind }) => kind)).toEqual([
    "unmapped-price",
    "too-many-units",
    "invoice-not-finalized",
  ]);
  for (const { message } of alerts) expect(message).toContain("sub_1");
  expect(items[0]?.policy).toBeNull();
  expect(project({ ...facts, status: "canceled" }).alerts).toEqual([]);
});

test("each item is sold under the policy of its own price", () => {
  const seat = policyTerms({ id: "pol_seat" });
  const addOn = policyTerms({ id: "pol_add_on" });
  const facts = aSubscription({ items: [anItem(), anItem({ id: "si_2", priceId: "price_add_on" })] });
  const policies = policiesByPrice({ price_monthly: seat, price_add_on: addOn });
  const { items } = projectSubscription(facts, policies, knobs(), T0);
  expect(items.map(({ itemKey, policy }) => [itemKey, policy?.id])).toEqual([
    ["si_1", "pol_seat"],
    ["si_2", "pol_add_on"],
  ]);
});

test("why it is paused is said in words", () => {
  const words = (pausedBecause: string | null) =>
    project(aSubscription({ status: "paused", pausedBecause })).holds[0]?.reason;
  expect(words("trial_end_without_payment_method")).toBe("The trial ended without a payment method.");
  expect(words("final_payment_failure")).toContain("last attempt");
  for (const other of [null, "system"]) expect(words(other)).toBe("The subscription is paused.");
});

test.each<[when: string, facts: SubscriptionFacts, now: Date, expected: Date]>([
  ["active: two hours after the period", aSubscription(), T0, hoursAfter(T1, 2)],
  [
    "a young draft: every two hours",
    rolledOver(owedFor(T1, T2, "draft")),
    hoursAfter(T1, 1),
    hoursAfter(T1, 3),
  ],
  ["an old draft: every day", rolledOver(owedFor(T1, T2, "draft")), daysAfter(T1, 2), daysAfter(T1, 3)],
  [
    "failing: soon after the next attempt",
    rolledOver(owedFor(T1, T2, "open", { nextPaymentAttempt: hoursAfter(T1, 5) }), { status: "past_due" }),
    hoursAfter(T1, 1),
    new Date(hoursAfter(T1, 5).getTime() + 600_000),
  ],
  ["a trial: three days before its end", aSubscription(onTrial), T0, daysAfter(trialEnd, -3)],
  ["then two hours after it", aSubscription(onTrial), daysAfter(trialEnd, -2), hoursAfter(trialEnd, 2)],
  ["paused: every day", aSubscription({ status: "paused" }), T0, daysAfter(T0, 1)],
  [
    "a planned end: soon after it",
    aSubscription({ cancelAt: daysAfter(T0, 2) }),
    T0,
    new Date(daysAfter(T0, 2).getTime() + 600_000),
  ],
  [
    "an open dispute: every day, also when all is over",
    aSubscription({
      status: "canceled",
      endedAt: T0,
      invoices: [paidFor(T0, T1, { disputes: [aDispute("under_review")] })],
    }),
    T0,
    daysAfter(T0, 1),
  ],
])("it is looked at again, %s", (_, facts, now, expected) => {
  expect(project(facts, {}, now).nextCheckAt).toEqual(expected);
});

test("what is over is never looked at again, what is alive always", () => {
  expect(project(aSubscription({ status: "canceled", endedAt: T0 })).nextCheckAt).toBeNull();
  expect(project(aSubscription({ status: "incomplete_expired", invoices: [] })).nextCheckAt).toBeNull();
  for (const status of ["active", "trialing", "past_due", "unpaid", "paused"]) {
    const next = project(aSubscription({ status }), {}, daysAfter(T3, 300)).nextCheckAt;
    expect(next?.getTime(), status).toBeGreaterThan(daysAfter(T3, 300).getTime());
  }
});

test("S64: a line that belongs to no item pays for no period", () => {
  const manual = anInvoice([aLine(T1, T2, { itemId: null })]);
  const beside = aSubscription({ invoices: [manual, paidFor(T0, T1)] });
  expect(outcome(beside)).toEqual(outcome(aSubscription()));
});
