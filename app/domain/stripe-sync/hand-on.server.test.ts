import { expect, test } from "vitest";
import { markSourceDirty } from "#app/domain/stripe-sync/claim-source.server.ts";
import { sourceOfId } from "#app/domain/stripe-sync/stripe-source.ts";
import { db } from "#app/infra/db.server.ts";
import { stripe } from "#app/infra/stripe.server.ts";
import { checkOut, openShop, work } from "#tests/scenarios/sale-harness.ts";

const shop = await openShop();
const { standIn } = shop;

/** Delivers what is pending, in its order, without the worker having its turn. */
async function deliverAll(wanted: RegExp = /./): Promise<void> {
  for (const event of standIn.takePending()) if (wanted.test(event.type)) await standIn.deliver(event.id);
}

async function aSyncedSale() {
  const { sessionId, orderId } = await checkOut(shop);
  standIn.pay(sessionId);
  await deliverAll();
  await work();
  const session = await stripe().checkout.sessions.retrieve(sessionId, { expand: ["payment_intent"] });
  const intent = session.payment_intent;
  if (typeof intent !== "object" || !intent) throw new Error("The session was not paid.");
  return { sessionId, orderId, paymentId: intent.id, chargeId: String(intent.latest_charge) };
}

const flaggedAt = async (paymentIntentId: string) =>
  (await db().stripePayment.findUnique({ where: { paymentIntentId } }))?.flaggedAt ?? null;

const openEvents = () => db().stripeEvent.count({ where: { processedAt: null, ignoredAt: null } });

async function snapshotOf(sourceId: string) {
  const { snapshot } = await db().stripeSource.findUniqueOrThrow({ where: { id: sourceId } });
  return snapshot as { payment: { refunds: { status: string }[]; fraudWarnings: unknown[] } };
}

test("a sale's own events flag nothing, a refund's flag its payment, and the sale's sync sees it", async () => {
  const sale = await aSyncedSale();
  expect(await flaggedAt(sale.paymentId)).toBeNull();
  standIn.refund(sale.paymentId);
  await deliverAll();
  await work();
  expect(await flaggedAt(sale.paymentId)).toBeInstanceOf(Date);
  expect((await snapshotOf(sale.sessionId)).payment.refunds).toMatchObject([{ status: "succeeded" }]);
  expect(await openEvents()).toBe(0);
  const refunds = await db().stripeEvent.findMany({
    where: { type: { in: ["charge.refunded", "refund.created"] } },
  });
  expect(refunds.map(({ sourceId }) => sourceId)).toEqual(refunds.map(() => sale.sessionId));
});

test("a refund that is heard of before its sale is remembered with the payment", async () => {
  const { sessionId } = await checkOut(shop);
  standIn.pay(sessionId);
  standIn.takePending();
  const session = await stripe().checkout.sessions.retrieve(sessionId);
  const paymentId = String(session.payment_intent);
  standIn.refund(paymentId);
  await deliverAll(/^refund\./);
  await work();
  expect(await flaggedAt(paymentId)).toBeInstanceOf(Date);
  expect(await db().stripePayment.findUnique({ where: { paymentIntentId: paymentId } })).toMatchObject({
    sourceId: sessionId,
  });
  expect(await db().license.count({ where: { sourceId: sessionId, holds: { none: {} } } })).toBe(0);
});

test("early fraud warnings are read once somebody said that there is one", async () => {
  const sale = await aSyncedSale();
  standIn.fraudWarning(sale.chargeId);
  expect((await snapshotOf(sale.sessionId)).payment.fraudWarnings).toEqual([]);
  await deliverAll();
  await work();
  expect((await snapshotOf(sale.sessionId)).payment.fraudWarnings).toHaveLength(1);
});

test("each thing that belongs to a payment is followed to its purchase by its bare id", async () => {
  const sale = await aSyncedSale();
  const refund = standIn.refund(sale.paymentId, { amount: 100 });
  const dispute = standIn.dispute(sale.chargeId);
  const warning = standIn.fraudWarning(sale.chargeId);
  const review = standIn.openReview(sale.paymentId);
  standIn.takePending();
  for (const id of [refund.id, dispute.id, warning.id, review.id, sale.chargeId, sale.paymentId]) {
    const before = await db().stripeSource.findUniqueOrThrow({ where: { id: sale.sessionId } });
    const source = sourceOfId(id);
    if (!source) throw new Error(`${id} is no source.`);
    await markSourceDirty({ ...source, livemode: false, cause: "test" });
    await work();
    const after = await db().stripeSource.findUniqueOrThrow({ where: { id: sale.sessionId } });
    expect(after.dirtySeq, id).toBe(before.dirtySeq + 1);
    expect(after.syncedSeq, id).toBe(after.dirtySeq);
  }
  expect(await flaggedAt(sale.paymentId)).toBeInstanceOf(Date);
});

test("what belongs to no purchase waits for a day and is then known to be none of ours", async () => {
  const made = standIn.createSession({ line_items: [{ price: shop.perpetual.stripePriceId, quantity: 1 }] });
  standIn.pay(made.id);
  standIn.takePending();
  const payload = {
    id: "evt_foreign",
    object: "event",
    type: "charge.refunded",
    api_version: "2026-10-28.endive",
    created: Math.floor(Date.now() / 1000),
    livemode: false,
    data: { object: { object: "charge", id: "ch_foreign", payment_intent: "pi_foreign" } },
  };
  const { headers, body } = standIn.signedRequest(payload, { secret: "whsec_scenarios" });
  expect((await fetch(shop.webhookUrl, { method: "POST", headers, body })).status).toBe(200);
  await work();
  const row = () => db().stripeEvent.findUniqueOrThrow({ where: { dedupeKey: "evt_foreign" } });
  expect(await row()).toMatchObject({ processedAt: null, ignoredAt: null });
  await work(new Date(Date.now() + 25 * 3_600_000));
  expect(await row()).toMatchObject({
    ignoredAt: expect.any(Date),
    note: "This belongs to no purchase of this shop.",
  });
  expect(await db().stripePayment.count({ where: { paymentIntentId: "pi_foreign" } })).toBe(0);
});
