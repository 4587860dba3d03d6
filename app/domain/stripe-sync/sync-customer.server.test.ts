import { expect, test } from "vitest";
import { markSourceDirty } from "#app/domain/stripe-sync/claim-source.server.ts";
import { db } from "#app/infra/db.server.ts";
import { stripe } from "#app/infra/stripe.server.ts";
import { aCustomer } from "#tests/factories.ts";
import { openShop, work } from "#tests/scenarios/sale-harness.ts";

const shop = await openShop();
const { standIn } = shop;

async function deliverAll(): Promise<void> {
  for (const event of standIn.takePending()) await standIn.deliver(event.id);
  await work();
}

/** A customer of ours and the one at Stripe that is bound to them. */
async function aBoundCustomer(email: string) {
  const customer = await aCustomer({ email, name: "Ada" });
  const made = await stripe().customers.create({
    email,
    name: "Ada",
    metadata: { portal_user: customer.id },
  });
  await deliverAll();
  return { customer, stripeCustomerId: made.id };
}

const rowOf = (id: string) => db().stripeCustomer.findUnique({ where: { id } });
const auditOf = (targetId: string) =>
  db().auditLog.findMany({
    where: { targetId },
    orderBy: { seq: "asc" },
    select: { event: true, after: true },
  });

test("a customer made for one of ours is bound, and that alone is no change of contact", async () => {
  const { customer, stripeCustomerId } = await aBoundCustomer("ada@example.com");
  expect(await rowOf(stripeCustomerId)).toMatchObject({ customerId: customer.id, email: "ada@example.com" });
  expect(await auditOf(stripeCustomerId)).toEqual([]);
});

test("a customer of another business leaves no trace but the event", async () => {
  const made = await stripe().customers.create({
    email: "mug@example.com",
    metadata: { portal_user: "cust_no" },
  });
  await stripe().customers.update(made.id, { name: "Mug" });
  await deliverAll();
  expect(await rowOf(made.id)).toBeNull();
  const events = await db().stripeEvent.findMany({ where: { objectId: made.id } });
  expect(events.length).toBeGreaterThan(1);
  for (const event of events)
    expect(event).toMatchObject({
      ignoredAt: expect.any(Date),
      note: "This customer of the Stripe account has bought nothing here.",
    });
});

test("a new address at Stripe is the billing contact, recorded once, and moves nobody's sign-in", async () => {
  const { customer, stripeCustomerId } = await aBoundCustomer("grace@example.com");
  await stripe().customers.update(stripeCustomerId, { email: "billing@example.com" });
  await deliverAll();
  const hint = { sourceId: stripeCustomerId, kind: "customer" as const, livemode: false, cause: "again" };
  await markSourceDirty(hint);
  await work();
  expect(await rowOf(stripeCustomerId)).toMatchObject({ email: "billing@example.com", deletedAt: null });
  expect(await auditOf(stripeCustomerId)).toEqual([
    { event: "customer.contact-changed", after: { email: "billing@example.com", name: "Ada" } },
  ]);
  expect((await db().customer.findUniqueOrThrow({ where: { id: customer.id } })).email).toBe(
    "grace@example.com",
  );
});

test("a customer deleted at Stripe is noted once, and every purchase of theirs is looked at again", async () => {
  const { stripeCustomerId } = await aBoundCustomer("alan@example.com");
  for (const sourceId of ["cs_test_alan1", "cs_test_alan2", "cs_test_other"])
    await markSourceDirty({ sourceId, kind: "checkout_session", livemode: false, cause: "test" });
  await work();
  await db().stripeSource.updateMany({
    where: { id: { in: ["cs_test_alan1", "cs_test_alan2"] } },
    data: { stripeCustomerId },
  });
  const seqOf = async (id: string) => (await db().stripeSource.findUniqueOrThrow({ where: { id } })).dirtySeq;
  await stripe().customers.del(stripeCustomerId);
  await deliverAll();
  expect(await Promise.all(["cs_test_alan1", "cs_test_alan2", "cs_test_other"].map(seqOf))).toEqual([
    2, 2, 1,
  ]);
  await markSourceDirty({ sourceId: stripeCustomerId, kind: "customer", livemode: false, cause: "again" });
  await work();
  expect(await seqOf("cs_test_alan1")).toBe(2);
  expect((await rowOf(stripeCustomerId))?.deletedAt).toBeInstanceOf(Date);
  expect((await auditOf(stripeCustomerId)).map(({ event }) => event)).toEqual(["customer.deleted-at-stripe"]);
});

test("a price on sale that is archived in Stripe alerts staff until it is back; other prices are nobody's matter", async () => {
  const { stripePriceId } = shop.yearly;
  const alerts = () =>
    db().alert.findMany({ where: { kind: "price-vanished" }, select: { sourceId: true, resolvedAt: true } });
  const mug = await stripe().prices.create({
    currency: "usd",
    unit_amount: 5,
    product_data: { name: "Mug" },
  });
  await stripe().prices.update(mug.id, { active: false });
  await stripe().prices.update(stripePriceId, { active: false });
  await deliverAll();
  await markSourceDirty({ sourceId: stripePriceId, kind: "price", livemode: false, cause: "again" });
  await work();
  expect(await alerts()).toEqual([{ sourceId: stripePriceId, resolvedAt: null }]);
  await stripe().prices.update(stripePriceId, { active: true });
  await deliverAll();
  expect(await alerts()).toEqual([{ sourceId: stripePriceId, resolvedAt: expect.any(Date) }]);
});

test("events of the other mode are kept and ignored, and staff are told once a day for each mode", async () => {
  const live = (id: string) => ({
    id,
    object: "event",
    type: "checkout.session.completed",
    api_version: "2026-10-28.endive",
    created: Math.floor(Date.now() / 1000),
    livemode: true,
    data: { object: { object: "checkout.session", id: "cs_live_1" } },
  });
  for (const id of ["evt_live1", "evt_live2", "evt_live1"]) {
    const { headers, body } = standIn.signedRequest(live(id), { secret: "whsec_scenarios" });
    expect((await fetch(shop.webhookUrl, { method: "POST", headers, body })).status).toBe(200);
  }
  const rows = await db().stripeEvent.findMany({ where: { livemode: true }, orderBy: { dedupeKey: "asc" } });
  expect(rows.map(({ dedupeKey, deliveries }) => [dedupeKey, deliveries])).toEqual([
    ["evt_live1", 2],
    ["evt_live2", 1],
  ]);
  for (const row of rows) expect(row.ignoredAt).toBeInstanceOf(Date);
  expect(await db().stripeSource.count({ where: { id: "cs_live_1" } })).toBe(0);
  const alerts = await db().alert.findMany({ where: { kind: "mode-mismatch" } });
  expect(alerts).toHaveLength(1);
  expect(alerts[0]?.message).toContain(
    "Stripe delivers live events here, but STRIPE_SECRET_KEY is a test key",
  );
});
