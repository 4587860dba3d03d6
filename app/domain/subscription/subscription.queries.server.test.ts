import { expect, test } from "vitest";
import {
  countSubscriptions,
  getOrderAtStripe,
  hasSubscriptions,
  listSubscriptions,
} from "#app/domain/subscription/subscription.queries.server.ts";
import type { SubscriptionFacts } from "#app/domain/subscription/subscription.ts";
import { db } from "#app/infra/db.server.ts";
import { aCustomer, anOrder, aSubscription } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";
import { subscriptionFacts } from "#tests/stored-subscription.ts";

await useTestRuntime();

const minute = (n: number) => new Date(Date.UTC(2026, 10, 21, 10, n));
const none = await hasSubscriptions();

const olga = await aCustomer({ email: "olga_100%@mail.example" });
const bought: { id: string; orderId: string; number: number }[] = [];
const statuses = ["active", "past_due", "active", "trialing", "canceled"];
for (const [index, status] of statuses.entries()) {
  const facts: Partial<SubscriptionFacts> = { id: `sub_${index}`, status };
  const order = index === 1 ? { customerId: olga.id, email: "billing@acme.example" } : {};
  // Two share an instant, so that the id has to decide between them.
  const { id, order: placed } = await aSubscription({
    ...facts,
    order,
    createdAt: minute(Math.floor(index / 2)),
  });
  bought.push({ id, orderId: placed.id, number: placed.number });
}
// Another thing sold from the same Stripe account: it has no order here.
await db().stripeSource.create({
  data: { id: "sub_foreign", kind: "subscription", livemode: false, createdAt: minute(9) },
});

const found = async (request: Parameters<typeof listSubscriptions>[0]) =>
  (await listSubscriptions(request)).rows.map(({ id }) => id);

test("subscriptions bought here are listed newest first with what staff want to see", async () => {
  expect(none).toBe(false);
  expect(await hasSubscriptions()).toBe(true);
  const { rows } = await listSubscriptions({});
  expect(rows.map(({ id }) => id)).toEqual(["sub_4", "sub_3", "sub_2", "sub_1", "sub_0"]);
  expect(rows[3]).toMatchObject({
    status: "past_due",
    items: ["3 × Team license"],
    nextStep: "Waits for the payment",
    order: { id: bought[1]?.orderId, number: bought[1]?.number },
    customer: { id: olga.id, email: olga.email },
  });
});

test("they are found by status, address, order and id, and by nothing else", async () => {
  expect(await found({ status: "active" })).toEqual(["sub_2", "sub_0"]);
  expect(await found({ status: "paused" })).toEqual([]);
  for (const q of ["OLGA_100%", "billing@ACME", "sub_1", `#${bought[1]?.number}`, "cus_sub_1", olga.id])
    expect([q, await found({ q })]).toEqual([q, ["sub_1"]]);
  expect(await found({ q: bought[2]?.orderId })).toEqual(["sub_2"]);
  expect(await found({ q: "sub_1", status: "active" })).toEqual([]);
  for (const q of ["sub_foreign", "%", "#99999999999", "x\u0000' OR 1=1"])
    expect([q, await found({ q })]).toEqual([q, q === "%" ? ["sub_1"] : []]);
});

test("paging down and up again shows each once", async () => {
  const pages = [await listSubscriptions({ limit: 2 })];
  for (let next = pages[0]?.next; next; next = pages.at(-1)?.next ?? null)
    pages.push(await listSubscriptions({ limit: 2, after: next }));
  expect(pages.flatMap(({ rows }) => rows.map(({ id }) => id))).toEqual(await found({}));
  const up = await listSubscriptions({ limit: 2, before: pages[2]?.previous ?? "" });
  expect(up.rows).toEqual(pages[1]?.rows);
});

test("the overview's numbers are those of the filtered lists", async () => {
  for (const { status, count } of await countSubscriptions())
    expect([status, count]).toEqual([status, (await found({ status })).length]);
});

test("one that was never fetched is listed as such", async () => {
  const order = await anOrder({ stripeSubscriptionId: "sub_new" });
  await db().stripeSource.create({
    data: {
      ...{ id: "sub_new", kind: "subscription", livemode: false, orderId: order.id },
      createdAt: minute(20),
    },
  });
  const { rows } = await listSubscriptions({ limit: 1 });
  expect(rows[0]).toMatchObject({ id: "sub_new", status: null, items: [], nextStep: null });
  await db().stripeSource.delete({ where: { id: "sub_new" } });
});

test("an order's snapshots give back the subscription, or the payment of a single sale", async () => {
  const { subscription, payments } = await getOrderAtStripe(["sub_0", "cs_unknown"]);
  expect(subscription).toEqual(subscriptionFacts("sub_0"));
  expect(payments).toMatchObject([{ id: "pi_sub_0", amount: 4500, invoice: "LK-0001" }]);
  const refunded = {
    ...{ id: "pi_1", amount: 9900, currency: "usd", disputes: [], fraudWarnings: [] },
    refunds: [
      { id: "re_1", amount: 9900, status: "succeeded", chargeId: "ch_1", created: minute(1).toISOString() },
    ],
  };
  await db().stripeSource.create({
    data: {
      ...{ id: "cs_1", kind: "checkout_session", livemode: false },
      snapshot: { status: "complete", paymentStatus: "paid", payment: refunded },
    },
  });
  expect(await getOrderAtStripe(["cs_1"])).toMatchObject({
    subscription: null,
    payments: [{ id: "pi_1", invoice: null, refunds: [{ id: "re_1", created: minute(1) }] }],
  });
  // Of an older version, before payments were kept.
  await db().stripeSource.update({
    where: { id: "cs_1" },
    data: { snapshot: { status: "complete", paymentStatus: "paid" } },
  });
  expect(await getOrderAtStripe(["cs_1"])).toEqual({ subscription: null, payments: [] });
});
