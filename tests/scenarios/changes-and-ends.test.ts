import { expect, test } from "vitest";
import { db } from "#app/infra/db.server.ts";
import { scenario } from "#tests/scenarios/life-harness.ts";
import { inOrder } from "#tests/scenarios/life-operators.ts";
import { after, dayMs, hourMs, openLifeShop, type PlanName, t0, t1, t2 } from "#tests/scenarios/life-shop.ts";
import { playOnce, type Stage } from "#tests/scenarios/life-stage.ts";
import { choose, newestPayment } from "#tests/scenarios/payment-acts.ts";

// Seats, plans, cancellations and pauses of a subscription that runs (stripe.md 3.4, S65 to S81).
const shop = await openLifeShop();
const issued = { "license-issued": 1 };
const day = (count: number) => after(t0, count * dayMs);
/** The renewal's draft is finalized and charged an hour after the period began. */
const charged = after(t1, 2 * hourMs);

async function subscribe(s: Stage, quantity = 3, plan: PlanName = "monthly") {
  const purchase = await s.at(t0, () => s.buy(plan, { quantity }));
  if (!purchase) throw new Error("Nothing was bought.");
  return purchase;
}

async function itemOf(s: Stage, subscriptionId: string): Promise<string> {
  const { data } = await s.stripe.subscriptionItems.list({ subscription: subscriptionId });
  if (!data[0]) throw new Error(`${subscriptionId} has no item.`);
  return data[0].id;
}

async function setQuantity(s: Stage, subscriptionId: string, quantity: number): Promise<void> {
  const id = await itemOf(s, subscriptionId);
  await s.stripe.subscriptions.update(subscriptionId, { items: [{ id, quantity }] });
}

/**
 * Where a subscription has ended and nobody heard of it before, it gives no license (I4), not even an expired one. With
 * only its start heard of, it is played with the subsets.
 */
const unheard = ["lose"] as const;

const keysOf = async (s: Stage) => (await s.licenses()).map(({ keyHmac }) => keyHmac).sort();

/** Does `change` at that moment; whoever had keys by then has the same ones after it. */
async function keepingKeys(s: Stage, instant: Date, change: () => Promise<unknown>): Promise<void> {
  const before = await keysOf(s);
  await s.at(instant, change);
  if (before.length > 0) expect(await keysOf(s)).toEqual(before);
}

scenario(shop, "S65", "quantity 3 to 5", {
  play: async (s) => {
    const { subscriptionId } = await subscribe(s);
    await s.at(day(10), () => setQuantity(s, subscriptionId, 5));
  },
  end: {
    licenses: 5,
    working: 5,
    code: "VALID",
    paidUntil: t1,
    holds: [],
    mails: { ...issued, "seats-changed": 1 },
    audit: { "license.issued": 5 },
    alerts: [],
  },
  perm: true,
  each: true,
});

scenario(shop, "S65", "quantity 3 to 5, by setting when it is paid", {
  play: async (s) => {
    await choose({ seatsFollow: "whenPaid" });
    const { subscriptionId } = await subscribe(s);
    await s.at(day(10), () => setQuantity(s, subscriptionId, 5));
    await s.expect({ licenses: 3, working: 3, mails: issued });
    await s.at(charged);
  },
  end: {
    licenses: 5,
    working: 5,
    paidUntil: t2,
    mails: { ...issued, "seats-changed": 1 },
    alerts: [],
  },
});

scenario(shop, "S66", "quantity 5 to 3 to 4", {
  play: async (s) => {
    const { subscriptionId } = await subscribe(s, 5);
    await keepingKeys(s, day(10), () => setQuantity(s, subscriptionId, 3));
    await s.expect({ licenses: 5, working: 3, holds: ["released"] });
    await keepingKeys(s, day(12), () => setQuantity(s, subscriptionId, 4));
  },
  end: {
    licenses: 5,
    working: 4,
    paidUntil: t1,
    holds: ["released"],
    mails: { ...issued, "seats-changed": 2 },
    audit: { "license.issued": 5, "license.released": 2, "license.restored": 1 },
    alerts: [],
  },
  each: true,
  also: (_stage, { licenses }) => {
    expect(licenses.map(({ holds }) => holds.length)).toEqual([0, 0, 0, 0, 1]);
  },
  // Whoever first hears of it when there are four has no fifth key to keep.
  skip: ["lose"],
});

scenario(shop, "S67", "plan upgraded, same item", {
  play: async (s) => {
    const { subscriptionId } = await subscribe(s);
    await keepingKeys(s, day(10), async () => {
      const id = await itemOf(s, subscriptionId);
      await s.stripe.subscriptions.update(subscriptionId, {
        items: [{ id, price: s.shop.priceOf("pro").stripePriceId }],
      });
    });
    await s.expect({
      working: 3,
      paidUntil: t1,
      mails: { ...issued, "plan-changed": 1 },
      audit: { "license.plan-changed": 3 },
    });
    await s.at(charged);
  },
  end: {
    licenses: 3,
    working: 3,
    paidUntil: t2,
    mails: { ...issued, "plan-changed": 1 },
    audit: { "license.issued": 3, "license.plan-changed": 3, "license.renewed": 3 },
    alerts: [],
  },
  perm: true,
  each: true,
  also: (_stage, { licenses }) => expect(licenses.map(({ plan }) => plan)).toEqual(["pro", "pro", "pro"]),
});

scenario(shop, "S68", "plan replaced by a new item", {
  play: async (s) => {
    const { subscriptionId } = await subscribe(s);
    await keepingKeys(s, day(10), async () => {
      const id = await itemOf(s, subscriptionId);
      await s.stripe.subscriptions.update(subscriptionId, {
        items: [
          { id, deleted: true },
          { price: s.shop.priceOf("pro").stripePriceId, quantity: 3 },
        ],
      });
    });
    await s.expect({ licenses: 3, working: 3, paidUntil: t1 });
    await keepingKeys(s, charged, async () => undefined);
  },
  end: {
    licenses: 3,
    working: 3,
    paidUntil: t2,
    holds: [],
    mails: { ...issued, "plan-changed": 1 },
    audit: { "license.issued": 3, "license.plan-changed": 3 },
    alerts: [],
  },
  perm: true,
  each: true,
  also: async (stage, { licenses }) => {
    expect(licenses.map(({ plan }) => plan)).toEqual(["pro", "pro", "pro"]);
    const rows = await stage.licenses();
    const item = await itemOf(stage, rows[0]?.sourceId ?? "");
    expect(rows.map(({ itemKey }) => itemKey)).toEqual([item, item, item]);
  },
});

scenario(shop, "S69", "yearly to monthly", {
  play: async (s) => {
    const { subscriptionId } = await subscribe(s, 1, "yearly");
    await s.expect({ paidUntil: new Date("2028-01-10T09:00:00Z") });
    await keepingKeys(s, day(40), async () => {
      const id = await itemOf(s, subscriptionId);
      await s.stripe.subscriptions.update(subscriptionId, {
        items: [{ id, price: s.shop.priceOf("monthly").stripePriceId }],
      });
    });
  },
  end: {
    licenses: 1,
    working: 1,
    // A month from day 40 on, and not a year from the purchase on.
    paidUntil: new Date("2027-03-19T09:00:00Z"),
    mails: issued,
    audit: { "license.issued": 1, "license.shortened": 1 },
    alerts: [],
  },
  each: true,
});

scenario(shop, "S70", "pending update expires", {
  play: async (s) => {
    const { subscriptionId, customerId } = await subscribe(s);
    s.standIn.setCard(customerId, "declines");
    await s.at(day(5), async () => {
      const id = await itemOf(s, subscriptionId);
      const { pending_update } = await s.stripe.subscriptions.update(subscriptionId, {
        items: [{ id, quantity: 5 }],
        payment_behavior: "pending_if_incomplete",
        proration_behavior: "always_invoice",
      });
      expect(pending_update).not.toBeNull();
    });
    await s.expect({ licenses: 3, working: 3 });
    await s.at(day(7), async () => {
      const { pending_update } = await s.stripe.subscriptions.retrieve(subscriptionId);
      expect(pending_update).toBeNull();
    });
  },
  end: {
    licenses: 3,
    working: 3,
    code: "VALID",
    paidUntil: t1,
    holds: [],
    mails: issued,
    audit: { "license.issued": 3 },
    alerts: ["invoice-uncollectible"],
  },
  each: true,
});

/** Canceled on day 10 for the end of the period; nothing changes until then. */
function canceledAtPeriodEnd(how: "classic" | "flexible") {
  return async (s: Stage) => {
    s.standIn.setBilling({ billingMode: how });
    const { subscriptionId } = await subscribe(s);
    await s.at(day(10), async () => {
      const { cancel_at, cancel_at_period_end } = await s.stripe.subscriptions.update(
        subscriptionId,
        how === "classic" ? { cancel_at_period_end: true } : { cancel_at: "max_period_end" },
      );
      expect([cancel_at, cancel_at_period_end]).toEqual([t1.getTime() / 1000, how === "classic"]);
    });
    await s.expect({
      working: 3,
      code: "VALID",
      paidUntil: t1,
      worksUntil: t1,
      mails: { ...issued, "cancel-scheduled": 1 },
    });
    await s.at(day(20));
    await s.expect({ working: 3 });
    await s.at(t1);
  };
}
const ended = {
  licenses: 3,
  working: 0,
  code: "EXPIRED",
  paidUntil: t1,
  worksUntil: t1,
  holds: [],
  mails: { ...issued, "cancel-scheduled": 1, "license-expired": 1 },
  audit: { "license.issued": 3, "license.revoked": 0, "subscription.ended": 1 },
  alerts: [],
} as const;

scenario(shop, "S71", "cancel at period end, classic billing", {
  play: canceledAtPeriodEnd("classic"),
  end: { ...ended, holds: [], alerts: [] },
  perm: true,
  each: true,
  skip: unheard,
});

scenario(shop, "S72", "cancel at period end, flexible billing", {
  play: canceledAtPeriodEnd("flexible"),
  end: { ...ended, holds: [], alerts: [] },
  perm: true,
  each: true,
  skip: unheard,
});

scenario(shop, "S73", "cancel, then undo", {
  play: async (s) => {
    const { subscriptionId } = await subscribe(s);
    await s.at(day(5), () => s.stripe.subscriptions.update(subscriptionId, { cancel_at: "max_period_end" }));
    await s.at(day(10), () => s.stripe.subscriptions.update(subscriptionId, { cancel_at: "" }));
    await s.expect({ working: 3, worksUntil: after(t1, 48 * hourMs) });
    await s.at(charged);
  },
  end: {
    licenses: 3,
    working: 3,
    code: "VALID",
    paidUntil: t2,
    mails: { ...issued, "cancel-scheduled": 1, "cancel-undone": 1 },
    alerts: [],
  },
  each: true,
});

scenario(shop, "S74", "cancel now", {
  play: async (s) => {
    const { subscriptionId } = await subscribe(s);
    await s.at(day(10), () => s.stripe.subscriptions.cancel(subscriptionId));
  },
  end: {
    licenses: 3,
    working: 0,
    code: "EXPIRED",
    paidUntil: day(10),
    holds: [],
    mails: { ...issued, "license-expired": 1 },
    audit: { "subscription.ended": 1, "license.revoked": 0 },
    alerts: [],
  },
  perm: true,
  each: true,
  skip: unheard,
});

scenario(shop, "S74", "cancel now, by setting with what was paid until its end", {
  play: async (s) => {
    await choose({ cancelNow: "paidThrough" });
    const { subscriptionId } = await subscribe(s);
    await s.at(day(10), () => s.stripe.subscriptions.cancel(subscriptionId));
    await s.expect({ working: 3, code: "VALID", paidUntil: t1, worksUntil: t1 });
    await s.at(t1);
  },
  end: {
    licenses: 3,
    working: 0,
    code: "EXPIRED",
    paidUntil: t1,
    mails: { ...issued, "license-expired": 1 },
    alerts: [],
  },
  skip: unheard,
});

scenario(shop, "S74", "cancel now, by setting the end of the licenses", {
  play: async (s) => {
    await choose({ onCancel: "revoke" });
    const { subscriptionId } = await subscribe(s);
    await s.at(day(10), () => s.stripe.subscriptions.cancel(subscriptionId));
  },
  end: {
    licenses: 3,
    working: 0,
    code: "REVOKED",
    audit: { "license.revoked": 3, "subscription.ended": 1 },
    alerts: [],
  },
  skip: unheard,
});

scenario(shop, "S75", "canceled by a dispute", {
  play: async (s) => {
    const { subscriptionId } = await subscribe(s);
    const paymentId = await newestPayment(s, subscriptionId);
    await s.at(day(10), () => s.standIn.dispute(paymentId, { cancelSubscription: true }));
  },
  end: {
    licenses: 3,
    working: 0,
    code: "SUSPENDED",
    paidUntil: day(10),
    holds: ["dispute"],
    mails: { ...issued, "license-suspended": 1 },
    audit: { "subscription.ended": 1, "license.suspended": 3 },
    alerts: ["dispute-opened"],
  },
  perm: true,
  each: true,
  also: async () => {
    const orders = await db().order.findMany({ select: { id: true } });
    const rows = await db().auditLog.findMany({
      where: { event: "subscription.ended", orderId: { in: orders.map(({ id }) => id) } },
    });
    expect(rows.map(({ reason }) => reason)).toEqual(["A payment was disputed."]);
  },
  skip: unheard,
});

scenario(shop, "S75", "canceled by a dispute that is won later", {
  play: async (s) => {
    const { subscriptionId } = await subscribe(s);
    const paymentId = await newestPayment(s, subscriptionId);
    const opened = await s.at(day(10), () => s.standIn.dispute(paymentId, { cancelSubscription: true }));
    await s.at(day(60), () => s.standIn.moveDispute(opened?.id ?? "", "won"));
  },
  end: { licenses: 3, working: 0, code: "EXPIRED", paidUntil: day(10), holds: [] },
  also: (_stage, { mails }) => expect(mails).not.toHaveProperty("license-reinstated"),
  skip: unheard,
});

scenario(shop, "S76", "subscribe again", {
  play: async (s) => {
    const email = "again@example.com";
    const first = await s.at(t0, () => s.buy("monthly", { quantity: 3, email }));
    await s.at(day(10), () => s.stripe.subscriptions.cancel(first?.subscriptionId ?? ""));
    await s.at(day(12), () => s.buy("monthly", { quantity: 2, email }));
  },
  end: {
    licenses: 5,
    working: 2,
    holds: [],
    mails: { "license-issued": 2, "license-expired": 1 },
    audit: { "license.issued": 5 },
    alerts: [],
  },
  each: true,
  also: async (stage, { licenses }) => {
    expect(licenses.map(({ code }) => code).sort()).toEqual([
      "EXPIRED",
      "EXPIRED",
      "EXPIRED",
      "VALID",
      "VALID",
    ]);
    expect(new Set((await stage.licenses()).map(({ customerId }) => customerId)).size).toBe(1);
  },
  skip: unheard,
});

scenario(shop, "S77", "pause and resume on request", {
  play: async (s) => {
    const { subscriptionId } = await subscribe(s);
    await s.at(day(5), () => s.stripe.subscriptions.pause(subscriptionId, {}));
    await s.expect({ working: 0, code: "SUSPENDED", holds: ["pause"] });
    await s.at(day(10), () =>
      s.stripe.subscriptions.resume(subscriptionId, { billing_cycle_anchor: { type: "unchanged" } }),
    );
  },
  end: {
    licenses: 3,
    working: 3,
    code: "VALID",
    paidUntil: t1,
    holds: [],
    mails: { ...issued, "license-suspended": 1, "license-reinstated": 1 },
    audit: { "license.suspended": 3, "license.reinstated": 3 },
    alerts: [],
  },
  perm: true,
  each: true,
});

scenario(shop, "S77", "pause, and resume with a new period", {
  play: async (s) => {
    const { subscriptionId } = await subscribe(s);
    await s.at(day(5), () => s.stripe.subscriptions.pause(subscriptionId, {}));
    await s.at(day(50), () =>
      s.stripe.subscriptions.resume(subscriptionId, { billing_cycle_anchor: { type: "now" } }),
    );
  },
  end: {
    licenses: 3,
    working: 3,
    code: "VALID",
    paidUntil: new Date("2027-04-01T09:00:00Z"),
    holds: [],
    mails: { ...issued, "license-suspended": 1, "license-reinstated": 1 },
    alerts: [],
  },
  perm: true,
});

async function pauseCollection(s: Stage): Promise<void> {
  const { subscriptionId } = await subscribe(s);
  await s.at(day(10), () =>
    s.stripe.subscriptions.update(subscriptionId, { pause_collection: { behavior: "void" } }),
  );
  await s.expect({ working: 3, code: "VALID", paidUntil: t1 });
  await s.at(charged);
}

scenario(shop, "S78", "collection paused", {
  play: async (s) => {
    await pauseCollection(s);
    await s.expect({ working: 3, code: "GRACE", paidUntil: t1, worksUntil: after(t1, 7 * dayMs) });
    await s.at(after(t1, 8 * dayMs));
  },
  end: {
    licenses: 3,
    working: 0,
    code: "EXPIRED",
    paidUntil: t1,
    worksUntil: after(t1, 7 * dayMs),
    holds: [],
    audit: { "license.suspended": 0, "license.renewed": 0 },
  },
  each: true,
});

scenario(shop, "S78", "collection paused, by setting without an end", {
  play: async (s) => {
    await choose({ onPauseCollection: "extend" });
    await pauseCollection(s);
  },
  end: { licenses: 3, working: 3, code: "VALID", paidUntil: t2, mails: issued },
});

scenario(shop, "S79", "two subscriptions of one customer, one canceled", {
  play: async (s) => {
    const { subscriptionId, customerId } = await subscribe(s);
    await s.at(day(2), async () => {
      const [card] = (await s.stripe.paymentMethods.list({ customer: customerId })).data;
      return s.stripe.subscriptions.create({
        customer: customerId,
        default_payment_method: card?.id ?? "",
        items: [{ price: s.shop.priceOf("yearly").stripePriceId }],
      });
    });
    await s.expect({ licenses: 4, working: 4 });
    await s.at(day(10), () => s.stripe.subscriptions.cancel(subscriptionId));
  },
  end: {
    licenses: 4,
    working: 1,
    holds: [],
    mails: { "license-issued": 2, "license-expired": 1 },
    alerts: [],
  },
  each: true,
  also: (_stage, { licenses }) => {
    const ends = licenses.map(({ code, paidUntil }) => `${code} ${paidUntil?.slice(0, 10)}`).sort();
    const canceled = `EXPIRED ${day(10).toISOString().slice(0, 10)}`;
    expect(ends).toEqual([canceled, canceled, canceled, "VALID 2028-01-12"]);
  },
  skip: unheard,
});

async function changeAddress(s: Stage): Promise<void> {
  const purchase = await s.at(t0, () => s.buy("monthly", { quantity: 3, email: "before@example.com" }));
  await s.at(day(10), () =>
    s.stripe.customers.update(purchase?.customerId ?? "", { email: "after@example.com" }),
  );
}

scenario(shop, "S80", "customer's address changes at Stripe", {
  play: changeAddress,
  end: { licenses: 3, working: 3, code: "VALID", paidUntil: t1, holds: [], mails: issued, alerts: [] },
  each: true,
  also: async () => {
    // Whose the licenses are and where the sign-in goes does not change by it.
    expect((await db().customer.findMany()).map(({ email }) => email)).toEqual(["before@example.com"]);
    expect((await db().email.findMany()).map(({ recipient }) => recipient)).toEqual(["before@example.com"]);
  },
});

test("S80 customer's address changes at Stripe: the billing contact follows and is recorded", async () => {
  await playOnce(shop, changeAddress, inOrder());
  const [contact] = await db().stripeCustomer.findMany();
  expect(contact?.email).toBe("after@example.com");
  const rows = await db().auditLog.findMany({
    where: { event: "customer.contact-changed", targetId: contact?.id ?? "" },
  });
  expect(rows.map(({ before, after: now }) => [before, now])).toMatchObject([
    [{ email: "before@example.com" }, { email: "after@example.com" }],
  ]);
});

async function deleteCustomer(s: Stage): Promise<void> {
  const { customerId } = await subscribe(s);
  await s.at(day(2), () => {
    const { id } = s.standIn.createSession({
      customer: customerId,
      line_items: [{ price: s.shop.priceOf("perpetual").stripePriceId, quantity: 1 }],
    });
    s.standIn.pay(id);
  });
  await s.expect({ licenses: 4, working: 4 });
  await s.at(day(10), () => s.stripe.customers.del(customerId));
}

scenario(shop, "S81", "customer deleted at Stripe", {
  play: deleteCustomer,
  end: {
    licenses: 4,
    working: 1,
    holds: [],
    mails: { "license-issued": 2, "license-expired": 1 },
  },
  each: true,
  also: (_stage, { licenses }) => {
    expect(licenses.map(({ plan, code }) => `${plan} ${code}`)).toEqual([
      "perpetual VALID",
      "standard EXPIRED",
      "standard EXPIRED",
      "standard EXPIRED",
    ]);
  },
  skip: unheard,
});

test("S81 customer deleted at Stripe: it is recorded once", async () => {
  await playOnce(shop, deleteCustomer, inOrder());
  const [contact] = await db().stripeCustomer.findMany();
  expect(contact?.deletedAt).toEqual(day(10));
  const events = await db().auditLog.findMany({
    where: { targetId: contact?.id ?? "" },
    select: { event: true },
  });
  expect(events.filter(({ event }) => event === "customer.deleted-at-stripe")).toHaveLength(1);
});
