import { expect, test } from "vitest";
import { takeSweepTurn } from "#app/domain/stripe-sync/sweep-cursor.server.ts";
import { sweepReversals } from "#app/domain/stripe-sync/sweep-reversals.server.ts";
import { db } from "#app/infra/db.server.ts";
import { stripe } from "#app/infra/stripe.server.ts";
import { checkOut, openShop, work } from "#tests/scenarios/sale-harness.ts";

const shop = await openShop();
const { standIn } = shop;

async function aSyncedSale() {
  const { sessionId } = await checkOut(shop);
  standIn.pay(sessionId);
  for (const event of standIn.takePending()) await standIn.deliver(event.id);
  await work();
  const session = await stripe().checkout.sessions.retrieve(sessionId);
  return { sessionId, paymentId: String(session.payment_intent) };
}

const later = (days: number) => new Date(Date.now() + days * 86_400_000);
const isDue = async (id: string) => {
  const source = await db().stripeSource.findUniqueOrThrow({ where: { id } });
  return source.dirtySeq > source.syncedSeq;
};
const sweptAndSynced = async (now: Date) => {
  const marked = await sweepReversals(now);
  await work(now);
  return marked;
};

test("a refund nobody told of is found, and found once", async () => {
  const sale = await aSyncedSale();
  const other = await aSyncedSale();
  standIn.refund(sale.paymentId);
  standIn.takePending();
  expect(await sweepReversals(new Date())).toBe(1);
  expect(await isDue(sale.sessionId)).toBe(true);
  expect(await isDue(other.sessionId)).toBe(false);
  await work();
  expect(await db().licenseHold.count({ where: { license: { sourceId: sale.sessionId } } })).toBe(2);
  expect(await sweepReversals(new Date())).toBe(0);
});

test("a refund that failed and a dispute that moved since the last look are found again", async () => {
  const refunded = await aSyncedSale();
  const disputed = await aSyncedSale();
  const refund = standIn.refund(refunded.paymentId, { outcome: "pending" });
  const dispute = standIn.dispute(disputed.paymentId);
  expect(await sweptAndSynced(new Date())).toBe(2);
  expect(await sweepReversals(new Date())).toBe(0);
  standIn.settleRefund(refund.id, "failed");
  standIn.moveDispute(dispute.id, "won");
  standIn.takePending();
  expect(await sweptAndSynced(later(0.5))).toBe(2);
  for (const { sessionId } of [refunded, disputed])
    expect(await db().licenseHold.count({ where: { license: { sourceId: sessionId } } })).toBe(0);
});

test("an early fraud warning is found", async () => {
  const sale = await aSyncedSale();
  standIn.fraudWarning(sale.paymentId);
  standIn.takePending();
  expect(await sweptAndSynced(new Date())).toBe(1);
  expect(await db().alert.count({ where: { kind: "fraud-warning", sourceId: sale.sessionId } })).toBe(1);
  expect(await sweepReversals(new Date())).toBe(0);
});

test("a refund of a sale we never heard of is followed to it; one of another shop's is looked at once", async () => {
  const { sessionId } = await checkOut(shop);
  standIn.pay(sessionId);
  const { payment_intent } = await stripe().checkout.sessions.retrieve(sessionId);
  standIn.refund(String(payment_intent));
  const foreignPrice = await stripe().prices.create({
    currency: "usd",
    unit_amount: 500,
    product_data: { name: "Mug" },
  });
  const foreign = standIn.createSession({ line_items: [{ price: foreignPrice.id, quantity: 1 }] });
  standIn.pay(foreign.id);
  const sold = await stripe().checkout.sessions.retrieve(foreign.id);
  standIn.refund(String(sold.payment_intent));
  standIn.takePending();
  expect(await sweptAndSynced(new Date())).toBe(2);
  const holds = await db().licenseHold.count({ where: { license: { sourceId: sessionId } } });
  const working = await db().license.count({ where: { sourceId: sessionId, holds: { none: {} } } });
  expect({ holds: holds === 0 || holds === 2, working }).toEqual({ holds: true, working: 0 });
  expect(await db().order.count({ where: { stripeSessionId: foreign.id } })).toBe(0);
  expect(await sweepReversals(new Date())).toBe(0);
});

test("of many workers one sweeps, and the next when its time or the other's turn is over", async () => {
  const now = new Date("2027-05-01T00:00:00Z");
  const minutes = (count: number) => new Date(now.getTime() + count * 60_000);
  const day = 86_400_000;
  const turns = await Promise.all([1, 2, 3].map(() => takeSweepTurn("test", now, day)));
  expect(turns.filter(Boolean)).toHaveLength(1);
  expect(await takeSweepTurn("test", minutes(14), day)).toBe(false);
  expect(await takeSweepTurn("test", minutes(15), day)).toBe(true);
  await db().sweepCursor.create({ data: { name: "test", value: minutes(16).toISOString() } });
  expect(await takeSweepTurn("test", minutes(60), day)).toBe(false);
  expect(await takeSweepTurn("test", minutes(16 + 24 * 60), day)).toBe(true);
  // The clock was set back.
  expect(await takeSweepTurn("test", minutes(10), day)).toBe(true);
});
