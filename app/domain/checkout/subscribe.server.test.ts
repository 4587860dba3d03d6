import { afterAll, expect, test } from "vitest";
import { getCheckoutReturn } from "#app/domain/checkout/checkout-return.server.ts";
import { noteBackFromBilling, openBillingPortal } from "#app/domain/checkout/open-billing-portal.server.ts";
import { startCheckout } from "#app/domain/checkout/start-checkout.server.ts";
import { getSubscriptionForCustomer } from "#app/domain/subscription/portal-subscription.queries.server.ts";
import { db } from "#app/infra/db.server.ts";
import { stripe } from "#app/infra/stripe.server.ts";
import { aPolicy, aPrice } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";
import { startStripeStandIn } from "#tests/stripe-stand-in/server.ts";

const standIn = await startStripeStandIn({ deliver: "manual" });
afterAll(() => standIn.stop());
await useTestRuntime({ stripeApiBase: standIn.apiBase });

const browserNonce = "n".repeat(43);

async function aMonthlyPrice(terms: { seats?: "keys" | "devices"; trialDays?: number } = {}) {
  const policy = await aPolicy({ term: "subscription", deviceLimit: 2, seats: terms.seats ?? "keys" });
  const atStripe = await stripe().prices.create({
    ...{ currency: "usd", unit_amount: 1500, recurring: { interval: "month" } },
    product_data: { name: policy.name },
  });
  return aPrice({
    ...{ policyId: policy.id, stripePriceId: atStripe.id, amount: 1500 },
    ...{ interval: "month", intervalCount: 1, trialDays: terms.trialDays ?? null, maxQuantity: 10 },
  });
}

/** Subscribes and comes back, without any webhook; the return page does it all. */
async function subscribe(priceId: string, quantity: number) {
  const { orderId } = await startCheckout({
    ...{ priceId, quantity, browserNonce, now: new Date() },
    email: `buyer-${priceId}@example.com`,
  });
  const order = await db().order.findUniqueOrThrow({ where: { id: orderId } });
  const sessionId = order.stripeSessionId ?? "";
  standIn.pay(sessionId, { email: order.email ?? "" });
  const visit = { sessionId, browserNonce, customerId: null, now: new Date() };
  const page = await getCheckoutReturn(visit);
  if (page.state !== "ready" || !page.mine) throw new Error(`The return page says ${page.state}.`);
  return { orderId, sessionId, page };
}

test("three seats give three keys on the return page, before any webhook has come", async () => {
  const price = await aMonthlyPrice();
  const { page } = await subscribe(price.id, 3);
  expect(new Set(page.licenses.map(({ key }) => key)).size).toBe(3);
  expect(page.subscription?.trialEnd).toBeNull();
  expect(page.subscription?.next).toMatch(/^Renews .* for \$45\.00 per month$/);
});

test("a plan that shares one key gives one key with all its seats", async () => {
  const price = await aMonthlyPrice({ seats: "devices" });
  const { page } = await subscribe(price.id, 3);
  expect(page.licenses).toMatchObject([{ seats: 3, deviceLimit: 6 }]);
});

test("a trial gives its keys at once and says until when it is free", async () => {
  const price = await aMonthlyPrice({ trialDays: 14 });
  const { page } = await subscribe(price.id, 1);
  expect(page.licenses).toHaveLength(1);
  expect(page.subscription?.next).toMatch(/^Free trial until .* then \$15\.00 per month$/);
});

test("what is changed on the billing pages shows when the customer is back", async () => {
  const price = await aMonthlyPrice();
  const { orderId, page } = await subscribe(price.id, 1);
  const order = await db().order.findUniqueOrThrow({ where: { id: orderId } });
  const about = {
    licenseId: page.licenses[0]?.id ?? "",
    customerId: order.customerId ?? "",
    now: new Date(),
  };
  const { redirectTo } = await openBillingPortal({ ...about, flow: "cancel" });
  expect(redirectTo).toContain("/billing-portal/");
  await stripe().subscriptions.update(order.stripeSubscriptionId ?? "", { cancel_at_period_end: true });
  expect(await noteBackFromBilling(about)).toBe(true);
  const told = await getSubscriptionForCustomer(about);
  expect(told?.next).toMatch(/^Ends .*, does not renew$/);
  expect(told?.actions[0]?.label).toBe("Keep it");
});
