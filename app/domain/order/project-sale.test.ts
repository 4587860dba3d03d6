import fc from "fast-check";
import { expect, test } from "vitest";
import type { CheckoutSessionFacts, PaymentFacts, SessionLine } from "#app/domain/order/checkout-session.ts";
import {
  type KnownSale,
  maxUnitsPerSale,
  type PolicyMap,
  type PolicyTerms,
  projectSale,
} from "#app/domain/order/project-sale.ts";

const created = new Date("2026-11-21T10:00:00Z");
const expiresAt = new Date("2026-11-22T10:00:00Z");
const chargedAt = new Date("2026-11-21T10:04:00Z");
const now = new Date("2026-11-21T10:05:00Z");
const dayMs = 86_400_000;
const minutesLater = (minutes: number, from = created) => new Date(from.getTime() + minutes * 60_000);

function policy(overrides: Partial<PolicyTerms> = {}): PolicyTerms {
  return {
    id: "pol_1",
    productId: "prod_1",
    productName: "Lumen",
    keyPrefix: "LUMEN",
    slug: "lumen-perpetual",
    term: "perpetual",
    termDays: null,
    deviceLimit: 3,
    updatesDays: null,
    graceDays: 7,
    leaseSeconds: null,
    entitlements: {},
    seats: "keys",
    ...overrides,
  };
}

function line(overrides: Partial<SessionLine> = {}): SessionLine {
  return {
    id: "li_1",
    description: "Lumen",
    quantity: 1,
    amountTotal: 9900,
    priceId: "price_1",
    lookupKey: null,
    policySlug: null,
    ...overrides,
  };
}

const paidByCard: PaymentFacts = {
  id: "pi_1",
  status: "succeeded",
  chargeId: "ch_1",
  chargedAt,
  failureMessage: null,
  charged: null,
};

function session(overrides: Partial<CheckoutSessionFacts> = {}): CheckoutSessionFacts {
  return {
    id: "cs_test_1",
    livemode: false,
    mode: "payment",
    status: "complete",
    paymentStatus: "paid",
    created,
    expiresAt,
    amountTotal: 9900,
    currency: "usd",
    email: "buyer@example.com",
    name: null,
    stripeCustomerId: null,
    clientReferenceId: null,
    metadata: {},
    paymentLinkId: null,
    subscriptionId: null,
    payment: paidByCard,
    lines: [line()],
    ...overrides,
  };
}

function mapOf(overrides: Partial<PolicyMap> = {}): PolicyMap {
  return {
    orderLines: new Map(),
    sessionSlug: null,
    byPriceId: new Map([["price_1", policy()]]),
    byLookupKey: new Map(),
    bySlug: new Map(),
    ...overrides,
  };
}

const unknown: KnownSale = { awaitingPaymentAt: null, paidAt: null, hasOwner: true };
const project = (facts: Partial<CheckoutSessionFacts>, known: Partial<KnownSale> = {}, at = now) =>
  projectSale(session(facts), mapOf(), { ...unknown, ...known }, at);

const payment = (status: string): PaymentFacts => ({ ...paidByCard, status, chargedAt: null });

test("the state of a sale follows from what Stripe holds, and only paid and free ones give licenses", () => {
  const table: [facts: Partial<CheckoutSessionFacts>, state: string, licenses: number][] = [
    [{}, "paid", 1],
    [{ paymentStatus: "no_payment_required", payment: null, amountTotal: 0, currency: null }, "paid", 1],
    [{ paymentStatus: "unpaid", payment: payment("processing") }, "awaiting-payment", 0],
    [{ paymentStatus: "unpaid", payment: payment("requires_action") }, "awaiting-payment", 0],
    [{ paymentStatus: "unpaid", payment: null }, "awaiting-payment", 0],
    [{ paymentStatus: "unpaid", payment: payment("requires_payment_method") }, "payment-failed", 0],
    [{ paymentStatus: "unpaid", payment: payment("canceled") }, "payment-failed", 0],
    // A word Stripe may add some day is not money.
    [{ paymentStatus: "promised" }, "awaiting-payment", 0],
    [{ status: "open", paymentStatus: "unpaid", payment: null }, "open", 0],
    [{ status: "open", paymentStatus: "paid" }, "open", 0],
    [{ status: "expired", paymentStatus: "unpaid", payment: null }, "expired", 0],
    [{ status: "expired", paymentStatus: "paid" }, "expired", 0],
    [{ mode: "subscription" }, "open", 0],
    [{ mode: "setup", paymentStatus: "no_payment_required" }, "open", 0],
    [{ mode: "subscription", status: "expired" }, "expired", 0],
  ];
  for (const [facts, state, licenses] of table) {
    const projection = project(facts);
    expect(projection.state, JSON.stringify(facts)).toBe(state);
    expect(projection.licenses, JSON.stringify(facts)).toHaveLength(licenses);
    expect(projection.paidAt !== null, JSON.stringify(facts)).toBe(state === "paid");
  }
});

test("one license per unit, or one for all seats", () => {
  const lines = [line({ quantity: 3 })];
  const keys = projectSale(session({ lines }), mapOf(), unknown, now).licenses;
  expect(keys.map(({ itemKey, ordinal, deviceLimit }) => [itemKey, ordinal, deviceLimit])).toEqual([
    ["li_1", 0, 3],
    ["li_1", 1, 3],
    ["li_1", 2, 3],
  ]);
  const team = mapOf({ byPriceId: new Map([["price_1", policy({ seats: "devices", deviceLimit: 5 })]]) });
  expect(projectSale(session({ lines }), team, unknown, now).licenses).toMatchObject([
    { ordinal: 0, deviceLimit: 15 },
  ]);
  const unlimited = mapOf({
    byPriceId: new Map([["price_1", policy({ seats: "devices", deviceLimit: null })]]),
  });
  expect(projectSale(session({ lines }), unlimited, unknown, now).licenses).toMatchObject([
    { deviceLimit: null },
  ]);
});

test("a line of no units gives none, also for seats", () => {
  for (const seats of ["keys", "devices"]) {
    const policies = mapOf({ byPriceId: new Map([["price_1", policy({ seats })]]) });
    const sold = projectSale(session({ lines: [line({ quantity: 0 })] }), policies, unknown, now);
    expect(sold.licenses).toEqual([]);
  }
});

test("ends are counted from the moment the money arrived", () => {
  const terms = policy({ term: "days", termDays: 365, updatesDays: 30 });
  const policies = mapOf({ byPriceId: new Map([["price_1", terms]]) });
  const ends = (facts: Partial<CheckoutSessionFacts>, known: Partial<KnownSale> = {}) =>
    projectSale(session(facts), policies, { ...unknown, ...known }, now).licenses[0];
  const after = (from: Date, days: number) => new Date(from.getTime() + days * dayMs);
  expect(ends({})).toMatchObject({ paidUntil: after(chargedAt, 365), updatesUntil: after(chargedAt, 30) });
  const free = { paymentStatus: "no_payment_required", payment: null };
  expect(ends(free)?.paidUntil).toEqual(after(created, 365));
  expect(ends({}, { awaitingPaymentAt: created })?.paidUntil).toEqual(after(now, 365));
  expect(ends({ payment: payment("succeeded") })?.paidUntil).toEqual(after(now, 365));
  // Once noted, later runs give the same end.
  expect(ends({}, { paidAt: created, awaitingPaymentAt: now })?.paidUntil).toEqual(after(created, 365));
});

test("a line is sold under its frozen order line, else the session's slug, price, lookup key, price metadata", () => {
  const named = (id: string) => policy({ id });
  const all = {
    orderLines: new Map([["price_1", named("frozen")]]),
    sessionSlug: named("slug"),
    byPriceId: new Map([["price_1", named("price")]]),
    byLookupKey: new Map([["monthly", named("lookup")]]),
    bySlug: new Map([["meta", named("metadata")]]),
  };
  const one = [line({ lookupKey: "monthly", policySlug: "meta" })];
  const two = [...one, line({ id: "li_2", priceId: "price_2" })];
  const without = (...names: (keyof PolicyMap)[]): PolicyMap => ({
    ...all,
    ...Object.fromEntries(names.map((name) => [name, name === "sessionSlug" ? null : new Map()])),
  });
  const soldAs = (lines: SessionLine[], policies: PolicyMap) =>
    projectSale(session({ lines }), policies, unknown, now).lines.map(
      ({ policy: found }) => found?.id ?? null,
    );
  expect(soldAs(one, without())).toEqual(["frozen"]);
  expect(soldAs(one, without("orderLines"))).toEqual(["slug"]);
  // Beside a line that says what it is, the others are extras; where none does, the first is what was bought.
  expect(soldAs(two, without("orderLines"))).toEqual(["price", null]);
  expect(soldAs(two, without("orderLines", "byPriceId", "byLookupKey", "bySlug"))).toEqual(["slug", null]);
  expect(soldAs(one, without("orderLines", "sessionSlug"))).toEqual(["price"]);
  expect(soldAs(one, without("orderLines", "sessionSlug", "byPriceId"))).toEqual(["lookup"]);
  expect(soldAs(one, without("orderLines", "sessionSlug", "byPriceId", "byLookupKey"))).toEqual(["metadata"]);
  expect(soldAs(two, without("orderLines", "sessionSlug", "byPriceId", "byLookupKey", "bySlug"))).toEqual([
    null,
    null,
  ]);
  expect(soldAs([line({ priceId: null })], without("sessionSlug"))).toEqual([null]);
});

test("a single payment never buys a subscription's policy, which would have no end", () => {
  const policies = mapOf({ byPriceId: new Map([["price_1", policy({ term: "subscription" })]]) });
  const projection = projectSale(session(), policies, unknown, now);
  expect(projection.licenses).toEqual([]);
  expect(projection.alerts.map((alert) => alert.kind)).toEqual(["unmapped-price"]);
});

test("what cannot be delivered is an alert: no policy, nobody to receive it, too many units", () => {
  const lines = [line(), line({ id: "li_2", priceId: "price_foreign" })];
  expect(project({ lines })).toMatchObject({
    licenses: [{ itemKey: "li_1" }],
    alerts: [{ kind: "unmapped-price", causeKey: "li_2" }],
  });
  expect(project({}, { hasOwner: false })).toMatchObject({
    state: "paid",
    paidAt: chargedAt,
    licenses: [],
    alerts: [{ kind: "no-email", causeKey: "cs_test_1" }],
  });
  const most = [line({ quantity: maxUnitsPerSale - 1 }), line({ id: "li_2" })];
  expect(project({ lines: most })).toMatchObject({ alerts: [] });
  expect(project({ lines: most }).licenses).toHaveLength(maxUnitsPerSale);
  expect(project({ lines: [...most, line({ id: "li_3" })] })).toMatchObject({
    licenses: [],
    alerts: [{ kind: "too-many-units", causeKey: "cs_test_1" }],
  });
  expect(project({ status: "open", lines, paymentStatus: "unpaid" }, { hasOwner: false }).alerts).toEqual([]);
});

test("an unfinished sale is looked at again in time, a finished one never", () => {
  const open = { status: "open", paymentStatus: "unpaid", payment: null };
  const marks: [at: Date, next: Date][] = [
    [created, minutesLater(15)],
    [minutesLater(15), minutesLater(60)],
    [minutesLater(59), minutesLater(60)],
    [minutesLater(61), minutesLater(5, expiresAt)],
    // Stripe should have said expired by now: daily, so that it costs little.
    [minutesLater(6, expiresAt), minutesLater(6 + 24 * 60, expiresAt)],
  ];
  for (const [at, next] of marks) expect(project(open, {}, at).nextCheckAt).toEqual(next);
  const waiting = { paymentStatus: "unpaid", payment: payment("processing") };
  expect(project(waiting).nextCheckAt).toEqual(minutesLater(6 * 60, now));
  expect(project(waiting, {}, new Date(created.getTime() + 29.7 * dayMs)).nextCheckAt).not.toBeNull();
  expect(project(waiting, {}, new Date(created.getTime() + 30 * dayMs)).nextCheckAt).toBeNull();
  const failed = { paymentStatus: "unpaid", payment: payment("canceled") };
  expect(project(failed).nextCheckAt).toEqual(minutesLater(6 * 60, now));
  expect(project({}).nextCheckAt).toBeNull();
  expect(project({ status: "expired" }).nextCheckAt).toBeNull();
  expect(project({ ...open, mode: "subscription" }).nextCheckAt).toEqual(minutesLater(15, created));
  expect(project({ mode: "subscription" }).nextCheckAt).toBeNull();
});

const instants = fc.date({
  min: new Date("2026-01-01T00:00:00Z"),
  max: new Date("2028-01-01T00:00:00Z"),
  noInvalidDate: true,
});
const words = (...known: string[]) => fc.oneof(fc.constantFrom(...known), fc.string({ maxLength: 8 }));
const anyLine = fc.record({
  id: fc.uuid(),
  description: fc.string(),
  quantity: fc.integer({ min: 0, max: 900 }),
  amountTotal: fc.integer(),
  priceId: fc.option(fc.constantFrom("price_1", "price_2", "price_3")),
  lookupKey: fc.option(fc.constantFrom("monthly", "foreign")),
  policySlug: fc.option(fc.constantFrom("lumen", "foreign")),
});
const anySession = fc.record({
  id: fc.constant("cs_test_1"),
  livemode: fc.boolean(),
  mode: words("payment", "payment", "payment", "subscription", "setup"),
  status: words("open", "complete", "complete", "expired"),
  paymentStatus: words("paid", "paid", "unpaid", "no_payment_required"),
  created: instants,
  expiresAt: instants,
  amountTotal: fc.option(fc.integer()),
  currency: fc.option(fc.constant("usd")),
  email: fc.option(fc.emailAddress()),
  name: fc.option(fc.string()),
  stripeCustomerId: fc.option(fc.constant("cus_1")),
  clientReferenceId: fc.option(fc.string()),
  metadata: fc.constant({}),
  paymentLinkId: fc.constant(null),
  subscriptionId: fc.option(fc.constant("sub_1")),
  payment: fc.option(
    fc.record({
      id: fc.constant("pi_1"),
      status: words("succeeded", "processing", "requires_payment_method", "canceled"),
      chargeId: fc.option(fc.constant("ch_1")),
      chargedAt: fc.option(instants),
      failureMessage: fc.option(fc.string()),
      charged: fc.constant(null),
    }),
  ),
  lines: fc.uniqueArray(anyLine, { selector: ({ id }) => id, maxLength: 4 }),
});
const anyPolicy = fc.record({
  id: fc.constantFrom("pol_1", "pol_2"),
  productId: fc.constant("prod_1"),
  productName: fc.constant("Lumen"),
  keyPrefix: fc.constant("LUMEN"),
  slug: fc.constant("lumen"),
  term: fc.constantFrom("perpetual", "days", "subscription"),
  termDays: fc.option(fc.integer({ min: 1, max: 4000 })),
  deviceLimit: fc.option(fc.integer({ min: 1, max: 100 })),
  updatesDays: fc.option(fc.integer({ min: 1, max: 4000 })),
  graceDays: fc.constant(7),
  leaseSeconds: fc.constant(null),
  entitlements: fc.constant({}),
  seats: fc.constantFrom("keys", "devices"),
});
const anyMap = fc
  .record({
    frozen: fc.option(anyPolicy),
    slug: fc.option(anyPolicy),
    price: fc.option(anyPolicy),
    lookup: fc.option(anyPolicy),
    metadata: fc.option(anyPolicy),
  })
  .map(
    ({ frozen, slug, price, lookup, metadata }): PolicyMap => ({
      orderLines: new Map(frozen ? [["price_1", frozen]] : []),
      sessionSlug: slug,
      byPriceId: new Map(price ? [["price_2", price]] : []),
      byLookupKey: new Map(lookup ? [["monthly", lookup]] : []),
      bySlug: new Map(metadata ? [["lumen", metadata]] : []),
    }),
  );
const anyKnown = fc.record({
  awaitingPaymentAt: fc.option(instants),
  paidAt: fc.option(instants),
  hasOwner: fc.boolean(),
});

test("whatever Stripe holds: no license without money, each slot once, never a term without its end", () => {
  fc.assert(
    fc.property(anySession, anyMap, anyKnown, instants, (facts, policies, known, at) => {
      const { licenses, paidAt, nextCheckAt, alerts } = projectSale(facts, policies, known, at);
      const money = facts.paymentStatus === "paid" || facts.paymentStatus === "no_payment_required";
      if (!money || facts.mode !== "payment" || facts.status !== "complete" || !known.hasOwner)
        expect(licenses).toEqual([]);
      if (licenses.length > 0) expect(paidAt).not.toBeNull();
      expect(licenses.length).toBeLessThanOrEqual(maxUnitsPerSale);
      expect(new Set(licenses.map(({ itemKey, ordinal }) => `${itemKey}|${ordinal}`)).size).toBe(
        licenses.length,
      );
      for (const license of licenses)
        expect(license.paidUntil === null).toBe(license.policy.term === "perpetual");
      expect(new Set(alerts.map(({ kind, causeKey }) => `${kind}|${causeKey}`)).size).toBe(alerts.length);
      if (nextCheckAt) expect(nextCheckAt.getTime()).toBeGreaterThan(at.getTime());
    }),
    { numRuns: 2_000 },
  );
});

test("pure: asked again it says the same, leaves its input alone, and the order of lines does not matter", () => {
  fc.assert(
    fc.property(anySession, anyMap, anyKnown, instants, (facts, policies, known, at) => {
      const before = structuredClone(facts);
      const first = projectSale(facts, policies, known, at);
      expect(projectSale(facts, policies, known, at)).toEqual(first);
      expect(facts).toEqual(before);
      // A slug names the first of several lines where nobody else says what was bought: there the order is Stripe's word.
      const bare = { ...policies, sessionSlug: null };
      const straight = projectSale(facts, bare, known, at);
      const turned = projectSale({ ...facts, lines: [...facts.lines].reverse() }, bare, known, at);
      const slots = (projection: typeof first) =>
        projection.licenses
          .map((license) =>
            JSON.stringify([license.itemKey, license.ordinal, license.policy.id, license.paidUntil]),
          )
          .sort();
      expect(slots(turned)).toEqual(slots(straight));
    }),
    { numRuns: 500 },
  );
});

test("once paid, later runs give the same licenses at any later time", () => {
  fc.assert(
    fc.property(anySession, anyMap, instants, instants, (facts, policies, at, later) => {
      const first = projectSale(facts, policies, unknown, at);
      const again = projectSale(facts, policies, { ...unknown, paidAt: first.paidAt }, later);
      if (first.paidAt) expect(again.licenses).toEqual(first.licenses);
    }),
    { numRuns: 500 },
  );
});
