import { expect, test } from "vitest";
import { CheckoutUnavailable, startCheckout } from "#app/domain/checkout/start-checkout.server.ts";
import { newId } from "#app/domain/ids.ts";
import { db } from "#app/infra/db.server.ts";
import { stripe } from "#app/infra/stripe.server.ts";
import { aCustomer } from "#tests/factories.ts";
import {
  checkOut,
  deliverInOrder,
  openShop,
  outcomeOf,
  takeEvents,
  work,
} from "#tests/scenarios/sale-harness.ts";
import type { FaultSpec } from "#tests/stripe-stand-in/faults.ts";

// What may go wrong between the button and the payment page, and between the payment page and the key.
const shop = await openShop();
const { standIn } = shop;

const request = (overrides: Partial<Parameters<typeof startCheckout>[0]> = {}) => ({
  priceId: shop.perpetual.price.id,
  quantity: 1,
  browserNonce: "a browser",
  now: new Date(),
  ...overrides,
});

/** The order whose checkout could not be opened, because every call to Stripe met this fault. */
async function refusedOrder(
  fault: FaultSpec,
  checkout: Parameters<typeof startCheckout>[0],
): Promise<string> {
  standIn.faults.next(100, fault);
  const error = await startCheckout(checkout).then(
    () => null,
    (reason: unknown) => reason,
  );
  standIn.faults.clear();
  if (!(error instanceof CheckoutUnavailable)) throw new Error(`Not refused: ${String(error)}`);
  return error.orderId;
}

const sessionsOf = (orderId: string) =>
  standIn.dump().sessions?.filter((session) => JSON.stringify(session).includes(orderId)) ?? [];

test("a customer whose Stripe customer was deleted can buy again at once", async () => {
  const buyer = await aCustomer();
  const gone = await stripe().customers.create({ email: buyer.email });
  await db().stripeCustomer.create({ data: { id: gone.id, customerId: buyer.id, livemode: false } });
  await stripe().customers.del(gone.id);
  const { sessionId } = await checkOut(shop, { customerId: buyer.id, email: buyer.email });
  standIn.pay(sessionId);
  await deliverInOrder(standIn, takeEvents(standIn));
  const outcome = await outcomeOf(sessionId);
  expect(outcome.licenses.map((license) => license.customerId)).toEqual([buyer.id, buyer.id]);
  // Whose the deleted one was stays known: its old purchases are still theirs.
  const bound = await db().stripeCustomer.findMany({ where: { customerId: buyer.id } });
  expect(bound.filter(({ deletedAt }) => deletedAt !== null).map(({ id }) => id)).toEqual([gone.id]);
  expect(bound.filter(({ deletedAt }) => deletedAt === null)).toHaveLength(1);
});

test("an answer that is lost costs neither a second order nor a second session", async () => {
  standIn.faults.next(1, { status: "reset", applied: true });
  const { orderId } = await startCheckout(request());
  expect(sessionsOf(orderId)).toHaveLength(1);
  const unreachable = await refusedOrder("reset", request());
  const again = await startCheckout(request({ orderId: unreachable }));
  expect(again.orderId).toBe(unreachable);
  expect(sessionsOf(unreachable)).toHaveLength(1);
});

test("trying again with another address is the same order with the new address", async () => {
  const { orderId } = await startCheckout(request({ email: "tpyo@example.com" }));
  // As if the process had died before it noted the session it had opened.
  await db().order.update({ where: { id: orderId }, data: { stripeSessionId: null } });
  const again = await startCheckout(request({ orderId, email: "typo@example.com" }));
  expect(again.orderId).toBe(orderId);
  expect(await db().order.findUniqueOrThrow({ where: { id: orderId } })).toMatchObject({
    email: "typo@example.com",
    stripeSessionId: expect.stringMatching(/^cs_/),
  });
});

test("whoever signs in before trying again owns what they buy", async () => {
  const buyer = await aCustomer();
  const orderId = await refusedOrder({ status: 500, stored: true }, request());
  await startCheckout(request({ orderId, customerId: buyer.id, email: buyer.email }));
  const order = await db().order.findUniqueOrThrow({ where: { id: orderId } });
  expect(order.customerId).toBe(buyer.id);
});

test("what was paid for is delivered although price, policy and product were archived meanwhile", async () => {
  const { sessionId } = await checkOut(shop, { priceId: shop.yearly.price.id });
  const archivedAt = new Date();
  await db().price.update({ where: { id: shop.yearly.price.id }, data: { archivedAt } });
  await db().policy.update({ where: { id: shop.yearly.policy.id }, data: { archivedAt } });
  await stripe().prices.update(shop.yearly.stripePriceId, { active: false });
  standIn.pay(sessionId);
  await deliverInOrder(standIn, takeEvents(standIn));
  const outcome = await outcomeOf(sessionId);
  expect(outcome.licenses.map((license) => license.policyId)).toEqual([
    shop.yearly.policy.id,
    shop.yearly.policy.id,
  ]);
});

test("metadata.slug may name an archived policy; a product's slug means a policy that is still sold", async () => {
  const price = await stripe().prices.create({
    currency: "usd",
    unit_amount: 700,
    product_data: { name: "Elsewhere" },
  });
  for (const [slug, policyId] of [
    ["lumen-yearly", shop.yearly.policy.id],
    ["lumen", shop.perpetual.policy.id],
  ] as const) {
    const session = standIn.createSession({
      line_items: [{ price: price.id, quantity: 1 }],
      metadata: { slug },
    });
    standIn.pay(session.id, { email: "archived@example.com" });
    await deliverInOrder(standIn, takeEvents(standIn));
    expect((await outcomeOf(session.id)).licenses.map((license) => license.policyId)).toEqual([policyId]);
  }
});

test("metadata.order that names an order with another session is a sale of its own", async () => {
  const first = await checkOut(shop);
  const copy = standIn.createSession({
    line_items: [{ price: shop.perpetual.stripePriceId, quantity: 1 }],
    metadata: { order: first.orderId },
  });
  standIn.pay(copy.id, { email: "copied@example.com" });
  await deliverInOrder(standIn, takeEvents(standIn));
  const copied = await outcomeOf(copy.id);
  expect(copied.order?.id).not.toBe(first.orderId);
  expect(copied.licenses.map((license) => license.customer?.email)).toEqual(["copied@example.com"]);
  expect((await outcomeOf(first.sessionId)).licenses).toHaveLength(0);
});

test("a sum too large for our columns does not keep the buyer from the key", async () => {
  const price = await stripe().prices.create({
    currency: "idr",
    unit_amount: 99_999_999,
    product_data: { name: "Lumen in rupiah" },
  });
  await db().price.create({
    data: {
      id: newId("price"),
      policyId: shop.perpetual.policy.id,
      stripePriceId: price.id,
      amount: 0,
      currency: "idr",
    },
  });
  const session = standIn.createSession({ line_items: [{ price: price.id, quantity: 30 }] });
  standIn.pay(session.id, { email: "rupiah@example.com" });
  await deliverInOrder(standIn, takeEvents(standIn));
  const outcome = await outcomeOf(session.id);
  expect(outcome.licenses).toHaveLength(30);
  expect(outcome.order).toMatchObject({ amountTotal: null, currency: "idr" });
});

test("the largest sale that is issued by itself is issued in one go", async () => {
  const session = standIn.createSession({
    line_items: [{ price: shop.perpetual.stripePriceId, quantity: 2_000 }],
  });
  standIn.pay(session.id, { email: "bulk@example.com" });
  const [completed] = takeEvents(standIn).filter((event) => event.type === "checkout.session.completed");
  await standIn.deliver(completed?.id ?? "");
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  expect(await db().license.count({ where: { sourceId: session.id } })).toBe(2_000);
  const order = await db().order.findUniqueOrThrow({ where: { stripeSessionId: session.id } });
  const issued = { orderId: order.id, event: "license.issued" };
  expect(await db().auditLog.count({ where: issued })).toBe(2_000);
  expect(seconds).toBeLessThan(12);
}, 120_000);

test("one unit more than that is left to staff", async () => {
  const session = standIn.createSession({
    line_items: [{ price: shop.perpetual.stripePriceId, quantity: 2_001 }],
  });
  standIn.pay(session.id, { email: "more@example.com" });
  await deliverInOrder(standIn, takeEvents(standIn));
  expect(await outcomeOf(session.id)).toMatchObject({
    licenses: [],
    alerts: ["too-many-units"],
    inStep: true,
  });
});
