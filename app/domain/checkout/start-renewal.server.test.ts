import { afterAll, expect, test } from "vitest";
import { getCheckoutReturn } from "#app/domain/checkout/checkout-return.server.ts";
import { getRenewalOffer, startRenewal } from "#app/domain/checkout/start-renewal.server.ts";
import { db } from "#app/infra/db.server.ts";
import { stripe } from "#app/infra/stripe.server.ts";
import { aCustomer, aLicense, aPolicy, aPrice } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";
import { startStripeStandIn } from "#tests/stripe-stand-in/server.ts";

const standIn = await startStripeStandIn({ deliver: "manual" });
afterAll(() => standIn.stop());
await useTestRuntime({ stripeApiBase: standIn.apiBase });

const dayMs = 86_400_000;
const now = new Date();
const inDays = (days: number) => new Date(now.getTime() + days * dayMs);

/** A license of a year that ends in 20 days, and the plan's price at Stripe. */
async function aDatedLicense(changes: { seats?: number; paidUntil?: Date } = {}) {
  const policy = await aPolicy({ term: "days", termDays: 365 });
  const atStripe = await stripe().prices.create({
    currency: "usd",
    unit_amount: 2900,
    product_data: { name: policy.name },
  });
  const price = await aPrice({ policyId: policy.id, stripePriceId: atStripe.id, amount: 2900 });
  const customer = await aCustomer();
  const license = await aLicense({
    policyId: policy.id,
    customerId: customer.id,
    paidUntil: inDays(20),
    ...changes,
  });
  return { customer, license, price, asked: { licenseId: license.id, customerId: customer.id } };
}

const nonce = "n".repeat(43);
const renew = (asked: { licenseId: string; customerId: string }) =>
  startRenewal({ ...asked, browserNonce: nonce, now });
const ordersOf = (licenseId: string) => db().order.findMany({ where: { renewsLicenseId: licenseId } });
const sessionOf = async (orderId: string) =>
  (await db().order.findUniqueOrThrow({ where: { id: orderId } })).stripeSessionId ?? "";

test("a renewal is paid on Stripe's page and prolongs the same key; the return page says until when", async () => {
  const { license, asked } = await aDatedLicense();
  const { orderId, redirectTo } = await renew(asked);
  expect(redirectTo).toContain("/checkout/cs_test_");
  const sessionId = await sessionOf(orderId);
  const session = await stripe().checkout.sessions.retrieve(sessionId);
  expect(session.metadata).toEqual({ order: orderId, renews: license.id });
  expect(session.amount_total).toBe(2900);
  standIn.pay(sessionId, { email: "ada@example.com" });
  const visit = { sessionId, browserNonce: null, customerId: asked.customerId, now: new Date() };
  expect(await getCheckoutReturn(visit)).toMatchObject({
    state: "ready",
    mine: true,
    renewed: true,
    subscription: null,
    licenses: [{ id: license.id, validUntil: inDays(20 + 365).toISOString() }],
  });
  expect(await db().license.count({ where: { customerId: asked.customerId } })).toBe(1);
  expect(await db().license.findUniqueOrThrow({ where: { id: license.id } })).toMatchObject({
    keyHmac: license.keyHmac,
    paidUntil: inDays(20 + 365),
  });
});

test("clicking twice, also at the same moment, leads to one order and one payment page", async () => {
  const { license, asked } = await aDatedLicense();
  const answers = await Promise.all([renew(asked), renew(asked), renew(asked)]);
  const again = await renew(asked);
  expect(new Set([...answers, again].map(({ redirectTo }) => redirectTo)).size).toBe(1);
  expect(await ordersOf(license.id)).toHaveLength(1);
});

test("who has renewed can renew once more, by another order", async () => {
  const { license, asked } = await aDatedLicense();
  const first = await renew(asked);
  await db().order.update({ where: { id: first.orderId }, data: { paidAt: now } });
  const second = await renew(asked);
  expect(second.orderId).not.toBe(first.orderId);
  expect(await ordersOf(license.id)).toHaveLength(2);
});

test("while the money of a renewal is on its way no other one is sold", async () => {
  const { asked } = await aDatedLicense();
  const { orderId } = await renew(asked);
  await db().order.update({ where: { id: orderId }, data: { awaitingPaymentAt: now } });
  await expect(renew(asked)).rejects.toMatchObject({
    code: "INVALID",
    publicMessage: expect.stringMatching(/on its way/),
  });
});

test("a key for several units is renewed for all of them", async () => {
  const { asked } = await aDatedLicense({ seats: 3 });
  const { orderId } = await renew(asked);
  expect(await db().orderLine.findMany({ where: { orderId } })).toMatchObject([
    { quantity: 3, amount: 8700 },
  ]);
});

test("nobody renews or learns of somebody else's license", async () => {
  const { license } = await aDatedLicense();
  const stranger = await aCustomer();
  const asked = { licenseId: license.id, customerId: stranger.id };
  expect(await getRenewalOffer({ ...asked, now })).toBeNull();
  await expect(renew(asked)).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(renew({ ...asked, licenseId: "lic_\u0000" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect(await ordersOf(license.id)).toEqual([]);
});

test("what cannot be renewed is refused with its reason and leaves no order", async () => {
  const { license, price, asked } = await aDatedLicense();
  await db().license.update({ where: { id: license.id }, data: { revokedAt: now } });
  await expect(renew(asked)).rejects.toMatchObject({ publicMessage: expect.stringMatching(/revoked/) });
  await db().license.update({ where: { id: license.id }, data: { revokedAt: null } });
  await db().price.update({ where: { id: price.id }, data: { archivedAt: now } });
  await expect(renew(asked)).rejects.toMatchObject({ publicMessage: expect.stringMatching(/not on sale/) });
  expect(await getRenewalOffer({ ...asked, now })).toMatchObject({ ok: false });
  expect(await ordersOf(license.id)).toEqual([]);
});

test("when Stripe does not answer the buyer is told, and trying again goes on with the same order", async () => {
  const { license, asked } = await aDatedLicense();
  standIn.faults.next(10, { status: 500, match: /POST \/v1\/checkout\/sessions/ });
  await expect(renew(asked)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  standIn.faults.clear();
  const { orderId } = await renew(asked);
  expect((await ordersOf(license.id)).map(({ id }) => id)).toEqual([orderId]);
});
