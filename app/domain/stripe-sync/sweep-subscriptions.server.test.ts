import { afterAll, expect, test } from "vitest";
import { SweepStopped } from "#app/domain/stripe-sync/sweep-cursor.server.ts";
import { sweepSubscriptions } from "#app/domain/stripe-sync/sweep-subscriptions.server.ts";
import { syncDueSources } from "#app/domain/stripe-sync/sync-due-sources.server.ts";
import { db } from "#app/infra/db.server.ts";
import { aPolicy, aPrice } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";
import { anInvoice, anItem, aSubscription, day, list, listenAsStripe, start } from "#tests/stripe-answers.ts";

const { apiBase, answers, asked, stop } = await listenAsStripe();
afterAll(stop);
await useTestRuntime({ stripeApiBase: apiBase });
const policy = await aPolicy({ slug: "lumen-seat", term: "subscription" });
await aPrice({ policyId: policy.id, stripePriceId: "price_1", interval: "month", intervalCount: 1 });

const now = new Date((start + day) * 1000);

/** What Stripe holds: each of these is listed, and can be read by itself. */
function stripeHolds(...subscriptions: Record<string, unknown>[]): void {
  answers.clear();
  const listed = subscriptions.map((each) => ({ ...each, latest_invoice: { id: "in_1", status: "paid" } }));
  answers.set("subscriptions", { body: list(listed) });
  for (const each of subscriptions) {
    answers.set(`subscriptions/${each.id}`, { body: each });
    answers.set(`invoices ${each.id}`, { body: list([anInvoice("in_1")]) });
  }
}

/** Sources are forgotten, so that each test begins with what it says. */
async function fresh(...subscriptions: Record<string, unknown>[]): Promise<void> {
  await db().stripeSource.deleteMany();
  stripeHolds(...subscriptions);
}

const sub = (more: object = {}) => aSubscription({ metadata: {}, ...more });
const foreignItem = (id: string) =>
  anItem(id, {
    price: {
      id: "price_mug",
      lookup_key: null,
      metadata: {},
      unit_amount: 5,
      currency: "usd",
      recurring: { interval: "month", interval_count: 1, usage_type: "licensed" },
    },
  });

test("a subscription of this shop that nobody told of is found, synced, and then in step", async () => {
  await fresh(sub());
  expect(await sweepSubscriptions(now)).toBe(1);
  await syncDueSources(now);
  expect(await db().license.count({ where: { sourceId: "sub_1", itemKey: "si_1" } })).toBe(3);
  const source = await db().stripeSource.findUniqueOrThrow({ where: { id: "sub_1" } });
  expect(source).toMatchObject({ stripeCustomerId: "cus_1", orderId: expect.stringMatching(/^ord_/) });
  expect(await db().stripePayment.findUnique({ where: { paymentIntentId: "pi_in_1" } })).toMatchObject({
    sourceId: "sub_1",
    invoiceId: "in_1",
    flaggedAt: null,
  });
  expect(await sweepSubscriptions(now)).toBe(0);
});

test("whatever moves a license is noticed", async () => {
  await fresh(sub());
  await sweepSubscriptions(now);
  await syncDueSources(now);
  const end = start + 30 * day;
  const changes: [name: string, change: object][] = [
    ["status", { status: "past_due" }],
    ["quantity", { items: list([anItem("si_1", { quantity: 5 })]) }],
    ["price", { items: list([anItem("si_1", { price: { id: "price_2", metadata: {} } })]) }],
    ["period", { items: list([anItem("si_1", { current_period_end: end + day })]) }],
    ["item replaced", { items: list([anItem("si_2")]) }],
    ["item added", { items: list([anItem("si_1"), anItem("si_2")]) }],
    ["cancellation, flexible", { cancel_at: end }],
    ["cancellation, classic", { cancel_at_period_end: true }],
    ["collection paused", { pause_collection: { behavior: "void", resumes_at: null } }],
    ["a new invoice", { latest_invoice: { id: "in_2", status: "draft" } }],
    ["the invoice's status", { latest_invoice: { id: "in_1", status: "void" } }],
    ["a new invoice, not expanded", { latest_invoice: "in_2" }],
  ];
  const listed = (change: object) => ({
    body: list([{ ...sub(), latest_invoice: { id: "in_1", status: "paid" }, ...change }]),
  });
  for (const [name, change] of changes) {
    answers.set("subscriptions", listed(change));
    expect(await sweepSubscriptions(now), name).toBe(1);
  }
  for (const same of [{}, { latest_invoice: "in_1" }, { latest_invoice: null }]) {
    answers.set("subscriptions", listed(same));
    expect(await sweepSubscriptions(now), JSON.stringify(same)).toBe(0);
  }
});

test("other subscriptions of the account, and ended ones nobody knew, are let be", async () => {
  await fresh(
    sub({ id: "sub_mug", items: list([foreignItem("si_mug")]) }),
    sub({ id: "sub_gone", status: "canceled", ended_at: start }),
  );
  expect(await sweepSubscriptions(now)).toBe(0);
  expect(await db().stripeSource.count()).toBe(0);
});

test("each way to say that a subscription is ours is understood", async () => {
  const order = await db().order.create({ data: { id: "ord_sweep", stripeSessionId: "cs_test_sweep" } });
  const item = (price: object) => {
    const foreign = foreignItem("si_9");
    return list([{ ...foreign, price: { ...(foreign as { price: object }).price, ...price } }]);
  };
  await fresh(
    sub({ id: "sub_a", items: item({}), metadata: { order: order.id } }),
    sub({ id: "sub_b", items: item({}), metadata: { slug: "lumen-seat" } }),
    sub({ id: "sub_c", items: item({ metadata: { license_policy: "lumen-seat" } }) }),
    sub({ id: "sub_d", items: item({ id: "price_1" }) }),
    sub({ id: "sub_e", items: item({ metadata: { license_policy: "nothing" } }) }),
  );
  await sweepSubscriptions(now);
  const marked = await db().stripeSource.findMany({ orderBy: { id: "asc" }, select: { id: true } });
  expect(marked.map(({ id }) => id)).toEqual(["sub_a", "sub_b", "sub_c", "sub_d"]);
});

test("the list is read page by page", async () => {
  await fresh();
  answers.set("subscriptions", { body: list([sub({ id: "sub_1" })], true) });
  answers.set("subscriptions after sub_1", { body: list([sub({ id: "sub_2" })]) });
  asked.length = 0;
  expect(await sweepSubscriptions(now)).toBe(2);
  expect(asked).toEqual(["subscriptions", "subscriptions after sub_1"]);
});

test("a list that breaks off is an error, and the sweep does not count as done", async () => {
  await fresh();
  await db().sweepCursor.deleteMany();
  answers.set("subscriptions", { body: { object: "list", data: [{ object: "subscription" }] } });
  await expect(sweepSubscriptions(now)).rejects.toThrow();
  expect(await db().sweepCursor.count()).toBe(0);
});

test("a process that is to end leaves the sweep after the page it is at, for another one to do", async () => {
  await fresh();
  await db().sweepCursor.deleteMany();
  answers.set("subscriptions", { body: list([sub({ id: "sub_1" })], true) });
  answers.set("subscriptions after sub_1", { body: list([sub({ id: "sub_2" })], true) });
  asked.length = 0;
  let pages = 0;
  await expect(sweepSubscriptions(now, () => ++pages > 1)).rejects.toThrow(SweepStopped);
  expect(asked).toHaveLength(2);
  expect(await db().stripeSource.count()).toBe(1);
  expect(await db().sweepCursor.count()).toBe(0);
});
