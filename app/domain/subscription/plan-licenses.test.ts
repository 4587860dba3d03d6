import fc from "fast-check";
import { expect, test } from "vitest";
import { worksUntil } from "#app/domain/license/assess-license.ts";
import type { SettledLicense } from "#app/domain/license/settle-license.ts";
import { planLicenses } from "#app/domain/subscription/plan-licenses.ts";
import {
  maxUnitsPerSubscription,
  projectSubscription,
} from "#app/domain/subscription/project-subscription.ts";
import type { SubscriptionFacts } from "#app/domain/subscription/subscription.ts";
import {
  aLine,
  anInvoice,
  anItem,
  aProration,
  aRefund,
  aSettledLicense,
  aSubscription,
  carriedOut,
  daysAfter,
  hoursAfter,
  knobs,
  monthly,
  owedFor,
  paidFor,
  policiesByPrice,
  policyTerms,
  rolledOver,
  type SyncOptions,
  synced,
  T0,
  T1,
  T2,
} from "#tests/subscription-builders.ts";

const seats = (quantity: number, overrides: Partial<SubscriptionFacts> = {}) =>
  aSubscription({ items: [anItem({ quantity })], ...overrides });
const keys = (licenses: readonly SettledLicense[]) => licenses.map(({ id }) => id).sort();
const working = (licenses: readonly SettledLicense[]) =>
  keys(licenses.filter(({ holds, revokedAt }) => holds.length === 0 && !revokedAt));
const holdsOf = (licenses: readonly SettledLicense[]) => licenses.map(({ holds }) => holds);

function planOf(
  facts: SubscriptionFacts,
  licenses: readonly SettledLicense[],
  { policies = monthly, settings = knobs(), now = T0 }: SyncOptions = {},
) {
  return planLicenses(facts.id, licenses, projectSubscription(facts, policies, settings, now), now);
}

test("S40: one license per seat, each in its own place, from the paid period and with its grace", () => {
  const { create, change } = planOf(seats(3), []);
  expect(change).toEqual([]);
  expect(create.map(({ itemKey, ordinal }) => [itemKey, ordinal])).toEqual([
    ["si_1", 0],
    ["si_1", 1],
    ["si_1", 2],
  ]);
  for (const license of create)
    expect(license).toMatchObject({
      seats: 1,
      deviceLimit: 3,
      issuedAt: T0,
      paidUntil: T1,
      graceUntil: hoursAfter(T1, 48),
      updatesUntil: null,
      holds: [],
    });
});

test("updates last from the start of the paid period", () => {
  const policies = policiesByPrice({ price_monthly: policyTerms({ updatesDays: 90 }) });
  expect(planOf(seats(1), [], { policies }).create[0]?.updatesUntil).toEqual(daysAfter(T0, 90));
});

test("S41, S42: before money and after the end nothing is made", () => {
  expect(synced(seats(3, { status: "incomplete" }))).toEqual([]);
  expect(synced(seats(3, { status: "canceled", endedAt: T0 }))).toEqual([]);
  expect(synced(seats(3, { invoices: [owedFor(T0, T1, "open")] }))).toEqual([]);
});

test("S22: refunded before anybody looked, the licenses are made on hold; by setting they are not made", () => {
  const refunded = seats(2, { invoices: [paidFor(T0, T1, { refunds: [aRefund({ amount: 4500 })] })] });
  expect(holdsOf(synced(refunded))).toEqual([["refund:ch_1"], ["refund:ch_1"]]);
  expect(synced(refunded, [], { settings: knobs({ onFullRefund: "revoke" }) })).toEqual([]);
});

test("S48: a renewal moves the end of every license and touches nothing else", () => {
  const plan = planOf(rolledOver(paidFor(T1, T2)), synced(seats(3)), { now: T1 });
  expect(plan.create).toEqual([]);
  expect(plan.change.map(({ event, columns }) => [event, columns])).toEqual(
    Array(3).fill(["license.renewed", { paidUntil: T2, graceUntil: hoursAfter(T2, 48) }]),
  );
});

test("S65: seats that are added are new licenses that end with the others", () => {
  const five = synced(seats(5), synced(seats(3)));
  expect(five.map(({ ordinal, paidUntil }) => [ordinal, paidUntil])).toEqual(
    [0, 1, 2, 3, 4].map((n) => [n, T1]),
  );
});

test("S66: 5, 3, 4: the seat that comes back is the same key", () => {
  const five = synced(seats(5));
  const three = synced(seats(3), five);
  expect(working(three)).toEqual(["lic_si_1_0", "lic_si_1_1", "lic_si_1_2"]);
  expect(holdsOf(three).slice(3)).toEqual([["released:sub_1"], ["released:sub_1"]]);
  const four = synced(seats(4), three);
  expect(keys(four)).toEqual(keys(five));
  expect(working(four)).toEqual(["lic_si_1_0", "lic_si_1_1", "lic_si_1_2", "lic_si_1_3"]);
  expect(working(synced(seats(0), four))).toEqual([]);
  expect(keys(synced(seats(6), four))).toEqual([...keys(five), "lic_si_1_5"]);
});

test("seats that nobody uses go first, then revoked before them, then the highest numbers", () => {
  const used = { firstActivatedAt: T0 };
  const five = [
    aSettledLicense({ id: "unused", ordinal: 0 }),
    aSettledLicense({ id: "used", ordinal: 1, ...used }),
    aSettledLicense({ id: "revoked", ordinal: 2, revokedAt: T0, ...used }),
    aSettledLicense({ id: "used too", ordinal: 3, ...used }),
    aSettledLicense({ id: "unused too", ordinal: 4 }),
  ];
  expect(working(synced(seats(4), five))).toEqual(["unused", "unused too", "used", "used too"].sort());
  expect(working(synced(seats(3), five))).toEqual(["unused", "used", "used too"]);
  expect(working(synced(seats(2), five))).toEqual(["used", "used too"]);
  expect(working(synced(seats(1), five))).toEqual(["used"]);
  // One that went stays away although it is used meanwhile: nobody else loses a seat for it.
  const two = synced(seats(2), five).map((license) => ({ ...license, ...used }));
  expect(working(synced(seats(2), two))).toEqual(["used", "used too"]);
});

test("a shared license has one key, and its devices grow with the seats; none is released and comes back whole", () => {
  const policies = policiesByPrice({ price_monthly: policyTerms({ seats: "devices", deviceLimit: 5 }) });
  const shared = (quantity: number, before: SettledLicense[]) =>
    synced(seats(quantity), before, { policies });
  const three = shared(3, []);
  expect(three).toMatchObject([{ seats: 3, deviceLimit: 15, holds: [] }]);
  expect(shared(4, three)).toMatchObject([{ id: three[0]?.id, seats: 4, deviceLimit: 20 }]);
  const gone = shared(0, three);
  expect(gone).toMatchObject([{ holds: ["released:sub_1"] }]);
  expect(shared(2, gone)).toMatchObject([{ seats: 2, deviceLimit: 10, holds: [] }]);
  // What staff changed by hand is kept in proportion.
  const generous = [aSettledLicense({ seats: 3, deviceLimit: 30 })];
  expect(shared(4, generous)).toMatchObject([{ seats: 4, deviceLimit: 40 }]);
  const unlimited = [aSettledLicense({ seats: 3, deviceLimit: null })];
  expect(shared(4, unlimited)).toMatchObject([{ seats: 4, deviceLimit: null }]);
});

test("a price that left the catalog: what is there goes on, nothing new is made", () => {
  const policies = policiesByPrice({});
  const three = synced(seats(3));
  expect(synced(seats(3), three, { policies })).toEqual(three);
  expect(synced(seats(5), three, { policies })).toEqual(three);
  expect(working(synced(seats(2), three, { policies }))).toHaveLength(2);
  const shared = [aSettledLicense({ seats: 3, deviceLimit: 15 })];
  expect(synced(seats(3), shared, { policies })).toEqual(shared);
});

test("S67: another plan on the same item: the same keys under the new terms, its grace at once", () => {
  const pro = policyTerms({
    ...{ id: "pol_pro", productId: "prod_2" },
    ...{ deviceLimit: 9, graceDays: 3, leaseSeconds: 900 },
  });
  const policies = policiesByPrice({ price_pro: pro });
  const items = [anItem({ priceId: "price_pro" })];
  const three = synced(seats(3));
  const after = synced(aSubscription({ items }), three, { policies });
  expect(keys(after)).toEqual(keys(three));
  for (const license of after)
    expect(license).toMatchObject({
      ...{ policyId: "pol_pro", productId: "prod_2" },
      ...{ deviceLimit: 9, graceDays: 3, leaseSeconds: 900 },
    });
  const late = rolledOver(owedFor(T1, T2, "open"), { status: "past_due", items });
  expect(synced(late, three, { policies, now: T1 })[0]?.graceUntil).toEqual(daysAfter(T1, 3));
});

test("S68: a plan replaced by a new item: the same keys move to it", () => {
  const three = synced(seats(3));
  const moved = synced(aSubscription({ items: [anItem({ id: "si_2" })] }), three);
  expect(keys(moved)).toEqual(keys(three));
  expect(moved.map(({ itemKey, ordinal }) => [itemKey, ordinal])).toEqual([0, 1, 2].map((n) => ["si_2", n]));
  const fewer = synced(aSubscription({ items: [anItem({ id: "si_2", quantity: 1 })] }), three);
  expect(working(fewer)).toHaveLength(1);
});

test("keys move to an item of their own product, whoever is asked first", () => {
  const policies = policiesByPrice({
    price_monthly: policyTerms(),
    price_b: policyTerms({ id: "pol_b", productId: "prod_b" }),
    price_c: policyTerms({ id: "pol_c", productId: "prod_c" }),
  });
  const before = [
    aSettledLicense({ id: "of b", itemKey: "si_b", productId: "prod_b", policyId: "pol_b" }),
    aSettledLicense({ id: "of 1", itemKey: "si_1" }),
  ];
  const items = [
    anItem({ id: "si_8", quantity: 1 }),
    anItem({ id: "si_9", quantity: 1, priceId: "price_c" }),
  ];
  const after = synced(aSubscription({ items }), before, { policies });
  expect(after.map(({ id, itemKey, policyId }) => [id, itemKey, policyId])).toEqual([
    ["of b", "si_9", "pol_c"],
    ["of 1", "si_8", "pol_monthly"],
  ]);
});

test("an item that is dropped from several keeps its keys for when it comes back", () => {
  const both = aSubscription({ items: [anItem(), anItem({ id: "si_2", quantity: 2 })] });
  const five = synced(both);
  expect(working(five)).toHaveLength(5);
  const three = synced(seats(3), five);
  expect(working(three)).toEqual(["lic_si_1_0", "lic_si_1_1", "lic_si_1_2"]);
  const back = synced(aSubscription({ items: [anItem(), anItem({ id: "si_3", quantity: 2 })] }), three);
  expect(keys(back)).toEqual(keys(five));
  expect(working(back)).toHaveLength(5);
});

test("an item that is not paid any more does not give its keys to another", () => {
  const both = { items: [anItem(), anItem({ id: "si_2", quantity: 1 })] };
  const four = synced(aSubscription(both));
  const late = { ...both, status: "past_due", items: [...both.items, anItem({ id: "si_3", quantity: 1 })] };
  const invoices = [paidFor(T0, T1), anInvoice([aProration(T0, T1, { itemId: "si_3", quantity: 1 })])];
  const after = synced(aSubscription({ ...late, invoices }), four);
  expect(after.map(({ itemKey, holds }) => [itemKey, holds]).slice(3)).toEqual([
    ["si_2", ["released:sub_1"]],
    ["si_3", []],
  ]);
});

test("S54: when the grace is over and nothing was paid, the license is held; the plan knows when", () => {
  const late = rolledOver(owedFor(T1, T2, "open"), { status: "past_due" });
  const graceEnd = daysAfter(T1, 7);
  const inGrace = planOf(late, synced(seats(3)), { now: daysAfter(T1, 1) });
  expect(inGrace.change.every(({ addHolds }) => addHolds.length === 0)).toBe(true);
  expect(inGrace.nextCheckAt).toEqual(graceEnd);
  const three = synced(late, synced(seats(3)), { now: daysAfter(T1, 1) });
  expect(working(synced(late, three, { now: new Date(graceEnd.getTime() - 1) }))).toHaveLength(3);
  const held = synced(late, three, { now: graceEnd });
  expect(holdsOf(held)).toEqual(Array(3).fill(["unpaid:sub_1"]));
  expect(synced(rolledOver(paidFor(T1, T2)), held, { now: daysAfter(T1, 9) })).toMatchObject(
    Array(3).fill({ holds: [], paidUntil: T2 }),
  );
});

test("S55, S56: unpaid holds at once, but not a license whose paid time covers now", () => {
  const three = synced(seats(3));
  const unpaid = rolledOver(owedFor(T1, T2, "open"), { status: "unpaid" });
  expect(holdsOf(synced(unpaid, three, { now: daysAfter(T1, 1) }))[0]).toEqual(["unpaid:sub_1"]);
  const caughtUp = rolledOver(paidFor(T1, T2), { status: "unpaid" });
  expect(working(synced(caughtUp, three, { now: daysAfter(T1, 1) }))).toHaveLength(3);
  expect(working(synced(caughtUp, three, { now: T2 }))).toEqual([]);
});

test("S58, S77: a pause holds every license until it is over", () => {
  const three = synced(seats(3));
  const paused = synced(seats(3, { status: "paused" }), three);
  expect(holdsOf(paused)).toEqual(Array(3).fill(["pause:sub_1"]));
  expect(synced(seats(3), paused)).toEqual(three);
});

test("S74, S57: canceled licenses end then, keep their number, and let what held them go", () => {
  const endedAt = daysAfter(T0, 5);
  const ended = synced(seats(1, { status: "canceled", endedAt }), synced(seats(3)), { now: endedAt });
  expect(ended).toHaveLength(3);
  for (const license of ended)
    expect(license).toMatchObject({ paidUntil: endedAt, graceUntil: null, holds: [] });
  const released = synced(seats(1), synced(seats(3)));
  const gone = synced(seats(3, { status: "canceled", endedAt }), released, { now: endedAt });
  expect(working(gone)).toHaveLength(1);
});

test("by setting a cancellation revokes for good, and nothing wakes them again (I4)", () => {
  const settings = knobs({ onCancel: "revoke" });
  const endedAt = daysAfter(T0, 5);
  const facts = seats(2, { status: "canceled", endedAt });
  const revoked = synced(facts, synced(seats(2)), { settings, now: endedAt });
  for (const license of revoked) expect(license.revokedAt).toEqual(endedAt);
  expect(synced(seats(2), revoked, { now: endedAt })).toEqual(revoked);
});

test("what staff decided outlasts every sync: a revocation, a hold, an extension", () => {
  const [first, second, third] = synced(seats(3));
  if (!first || !second || !third) throw new Error("Three seats were bought.");
  const extendedUntil = daysAfter(T2, 10);
  const decided = [
    { ...first, revokedAt: T0 },
    { ...second, holds: ["staff"] },
    { ...third, extendedUntil },
  ];
  const late = rolledOver(owedFor(T1, T2, "open"), { status: "unpaid" });
  const plan = planOf(late, decided, { now: daysAfter(T1, 1) });
  const after = carriedOut(decided, plan);
  expect(after[0]).toEqual(decided[0]);
  expect(after[1]?.holds).toEqual(["staff", "unpaid:sub_1"]);
  expect(after[2]).toMatchObject({ extendedUntil, holds: [] });
  expect(plan.nextCheckAt).toEqual(extendedUntil);
  expect(synced(late, after, { now: extendedUntil })[2]?.holds).toEqual(["unpaid:sub_1"]);
  const recovered = synced(rolledOver(paidFor(T1, T2)), after, { now: daysAfter(T1, 2) });
  expect(recovered[1]?.holds).toEqual(["staff"]);
});

test("more than anybody means to buy is not issued by itself", () => {
  expect(synced(seats(maxUnitsPerSubscription + 500))).toHaveLength(maxUnitsPerSubscription);
});

const statuses = ["incomplete", "trialing", "active", "past_due", "unpaid", "paused", "canceled"];
const allPrices = policiesByPrice({
  price_monthly: policyTerms(),
  price_pro: policyTerms({ id: "pol_pro", deviceLimit: 9, graceDays: 2 }),
  price_team: policyTerms({ id: "pol_team", productId: "prod_2", seats: "devices" }),
});
const anySettings = fc.record({
  renewalSlackHours: fc.constantFrom(0, 48),
  onCancel: fc.constantFrom("expire" as const, "revoke" as const),
  cancelNow: fc.constantFrom("endedAt" as const, "paidThrough" as const),
  onFullRefund: fc.constantFrom("suspend" as const, "revoke" as const),
  onPauseCollection: fc.constantFrom("lapse" as const, "extend" as const),
  seatsFollow: fc.constantFrom("immediately" as const, "whenPaid" as const),
  sendInvoice: fc.constantFrom("onPaid" as const, "onIssue" as const),
});
const anyItems = fc.uniqueArray(
  fc
    .record({
      id: fc.constantFrom("si_1", "si_2", "si_3"),
      quantity: fc.integer({ min: 0, max: 4 }),
      priceId: fc.constantFrom("price_monthly", "price_pro", "price_team", "price_foreign"),
      month: fc.integer({ min: 0, max: 2 }),
    })
    .map(({ month, ...item }) =>
      anItem({ ...item, periodStart: daysAfter(T0, 30 * month), periodEnd: daysAfter(T0, 30 * (month + 1)) }),
    ),
  { selector: ({ id }) => id, minLength: 1, maxLength: 3 },
);
const anyInvoices = fc.array(
  fc
    .record({
      itemId: fc.constantFrom("si_1", "si_2", "si_3"),
      month: fc.integer({ min: 0, max: 2 }),
      status: fc.constantFrom("draft", "open", "paid", "paid", "void"),
      proration: fc.boolean(),
      refunded: fc.boolean(),
    })
    .map(({ itemId, month, status, proration, refunded }) => {
      const start = daysAfter(T0, 30 * month);
      const line = (proration ? aProration : aLine)(start, daysAfter(start, 30), { itemId });
      const { payments } = paidFor(start, T1, refunded ? { refunds: [aRefund({ amount: 4500 })] } : {});
      return anInvoice([line], { status, payments });
    }),
  { maxLength: 5 },
);
const anyFacts = fc
  .record({
    status: fc.constantFrom(...statuses),
    items: anyItems,
    invoices: anyInvoices,
    trialDays: fc.option(fc.integer({ min: 1, max: 40 })),
    endedDays: fc.integer({ min: 0, max: 90 }),
    cancelAtPeriodEnd: fc.boolean(),
    collectionMethod: fc.constantFrom("charge_automatically", "send_invoice"),
    pauseCollection: fc.constantFrom(null, { behavior: "void", resumesAt: null }),
  })
  .map(({ trialDays, endedDays, ...facts }) =>
    aSubscription({
      ...facts,
      trialStart: trialDays ? T0 : null,
      trialEnd: trialDays ? daysAfter(T0, trialDays) : null,
      endedAt: facts.status === "canceled" ? daysAfter(T0, endedDays) : null,
    }),
  );
const staffActs = fc.record({
  revoke: fc.nat({ max: 6 }),
  hold: fc.nat({ max: 6 }),
  extend: fc.nat({ max: 6 }),
  use: fc.nat({ max: 6 }),
});
const aStep = fc.record({ facts: anyFacts, days: fc.integer({ min: 0, max: 60 }), acts: staffActs });
const aLife = fc.array(aStep, { minLength: 1, maxLength: 6 });

function staffDecided(licenses: SettledLicense[], acts: { [act: string]: number }, now: Date) {
  return licenses.map((license, index) => ({
    ...license,
    ...(index === acts.revoke && { revokedAt: license.revokedAt ?? now }),
    ...(index === acts.hold && { holds: [...new Set([...license.holds, "staff"])] }),
    ...(index === acts.extend && { extendedUntil: daysAfter(now, 20) }),
    ...(index === acts.use && { firstActivatedAt: now }),
  }));
}

test("whatever life a subscription had, a plan that was carried out leaves nothing to do, and each place one license", () => {
  fc.assert(
    fc.property(aLife, anySettings, (life, chosen) => {
      const options = { policies: allPrices, settings: knobs(chosen) };
      let licenses: SettledLicense[] = [];
      let now = T0;
      for (const { facts, days, acts } of life) {
        now = daysAfter(now, days);
        const before = licenses;
        licenses = synced(facts, licenses, { ...options, now });
        const again = planOf(facts, licenses, { ...options, now });
        expect([again.create, again.change]).toEqual([[], []]);
        const places = licenses.map(({ itemKey, ordinal }) => `${itemKey}|${ordinal}`);
        expect(new Set(places).size).toBe(places.length);
        // Keys stay with their buyer, and what people decided stays decided.
        expect(keys(licenses)).toEqual(expect.arrayContaining(keys(before)));
        for (const was of before) {
          const is = licenses.find(({ id }) => id === was.id);
          expect(is?.extendedUntil).toEqual(was.extendedUntil);
          expect(is?.holds.includes("staff")).toBe(was.holds.includes("staff"));
          if (was.revokedAt) expect(is?.revokedAt).toEqual(was.revokedAt);
        }
        for (const { seats: size, deviceLimit } of licenses) {
          expect(size).toBeGreaterThan(0);
          expect(Number.isInteger(deviceLimit)).toBe(true);
        }
        licenses = staffDecided(licenses, acts, now);
      }
    }),
    { numRuns: 1_000 },
  );
});

test("no license works before a paid or trial period, or after all of them but for its grace (I2, I3)", () => {
  fc.assert(
    fc.property(anyFacts, fc.integer({ min: 0, max: 120 }), (facts, days) => {
      const now = daysAfter(T0, days);
      const made = synced(facts, [], { policies: allPrices, now });
      const paid = facts.invoices
        .filter(({ status }) => status === "paid")
        .flatMap(({ lines }) => lines.filter(({ proration }) => !proration));
      const ends = [...paid.map(({ periodEnd }) => periodEnd), ...(facts.trialEnd ? [facts.trialEnd] : [])];
      const starts = [
        ...paid.map(({ periodStart }) => periodStart),
        ...(facts.trialStart ? [facts.trialStart] : []),
      ];
      if (ends.length === 0) expect(made).toEqual([]);
      const last = Math.max(...ends.map((end) => end.getTime()));
      for (const license of made) {
        const until = worksUntil(license)?.getTime() ?? Number.POSITIVE_INFINITY;
        expect(license.paidUntil?.getTime()).toBeLessThanOrEqual(last);
        expect(until).toBeLessThanOrEqual(last + 7 * 86_400_000);
        expect(Math.min(...starts.map((start) => start.getTime()))).toBeLessThanOrEqual(
          license.paidUntil?.getTime() ?? 0,
        );
      }
    }),
    { numRuns: 1_000 },
  );
});
