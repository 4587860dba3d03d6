import { afterAll, expect, test } from "vitest";
import { listOwnedPlans } from "#app/domain/license/portal-license.queries.server.ts";
import type { SubscriptionFacts } from "#app/domain/subscription/subscription.ts";
import { subscriptionSnapshot } from "#app/domain/subscription/subscription-snapshot.server.ts";
import { cookieName } from "#app/http/cookies.server.ts";
import { db } from "#app/infra/db.server.ts";
import { sha256Hex } from "#app/infra/secrets.server.ts";
import { loader } from "#app/routes/storefront/checkout-return.tsx";
import { loader as homeLoader } from "#app/routes/storefront/home.tsx";
import { productStructuredData } from "#app/routes/storefront/product-structured-data.ts";
import { aCustomer, aLicense, anOrder, aPolicy, aPrice, aProduct } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";
import { subscriptionFacts } from "#tests/stored-subscription.ts";
import { startStripeStandIn } from "#tests/stripe-stand-in/server.ts";

const standIn = await startStripeStandIn({ deliver: "manual" });
afterAll(() => standIn.stop());
await useTestRuntime({ stripeApiBase: standIn.apiBase });

const context = { requestId: "request-1", nonce: "nonce", clientAddress: "127.0.0.1" };
const ask = (query: string, cookie?: string) =>
  loader({
    request: new Request(
      `http://localhost:3000/checkout/return${query}`,
      cookie ? { headers: { Cookie: cookie } } : {},
    ),
    params: {},
    context,
  });

test.each(["", "?session_id=", "?session_id=cs_test_none", "?session_id=%00", "?session_id=../../x"])(
  "a return without a purchase (%s) is not found",
  async (query) => {
    const answer = await ask(query);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({ state: "unknown" });
  },
);

test("the key is shown to the browser that paid; another one learns only that the sale is complete", async () => {
  const order = await anOrder({ stripeSessionId: "cs_test_paid", browserNonceHash: sha256Hex("nonce-1") });
  await aLicense({ orderId: order.id, customerId: order.customerId ?? "" });
  const mine = await (await ask("?session_id=cs_test_paid", `${cookieName("checkout")}=nonce-1`)).json();
  expect(mine).toMatchObject({ state: "ready", mine: true, orderNumber: order.number, email: order.email });
  const foreign = await ask("?session_id=cs_test_paid", `${cookieName("checkout")}=nonce-2`);
  expect(foreign.status).toBe(200);
  expect(await foreign.json()).toEqual({ state: "ready", mine: false, orderNumber: order.number });
});

const dayMs = 86_400_000;

/** A paid order of a subscription that Stripe told of, with its keys; the browser that bought holds `nonce-1`. */
async function aSubscriptionOrder(id: string, facts: Partial<SubscriptionFacts>, keys: number) {
  const order = await anOrder({
    stripeSessionId: `cs_test_${id}`,
    stripeSubscriptionId: `sub_${id}`,
    browserNonceHash: sha256Hex("nonce-1"),
    fulfilledAt: keys > 0 ? new Date() : null,
  });
  const stored = subscriptionFacts(`sub_${id}`, facts);
  for (let ordinal = 0; ordinal < keys; ordinal++)
    await aLicense({
      orderId: order.id,
      customerId: order.customerId ?? "",
      ...{ term: "subscription", sourceId: stored.id, itemKey: stored.items[0]?.id ?? "", ordinal },
      paidUntil: new Date(Date.now() + 30 * dayMs),
    });
  const source = { kind: "subscription", livemode: false, snapshot: subscriptionSnapshot(stored) };
  await db().stripeSource.create({ data: { id: stored.id, ...source, syncedSeq: 1 } });
  await db().stripeSource.create({
    data: { id: `cs_test_${id}`, kind: "checkout_session", livemode: false, syncedSeq: 1 },
  });
  return order;
}

const asBuyer = async (id: string) =>
  (await ask(`?session_id=cs_test_${id}`, `${cookieName("checkout")}=nonce-1`)).json();

async function readyFor(id: string) {
  const page = await asBuyer(id);
  if (page.state !== "ready" || !page.mine) throw new Error(`The page is ${page.state}.`);
  return page;
}

test("a subscription shows each of its keys and when it renews", async () => {
  await aSubscriptionOrder("seats", {}, 3);
  const page = await readyFor("seats");
  expect(page.renewed).toBe(false);
  expect(page.licenses).toHaveLength(3);
  expect(page.subscription).toEqual({
    trialEnd: null,
    next: expect.stringMatching(/^Renews \d+ \w+ \d{4} for \$45\.00 per month$/),
  });
});

test("a trial shows until when it is free", async () => {
  const trialEnd = new Date(Date.now() + 14 * dayMs);
  await aSubscriptionOrder("trial", { status: "trialing", trialStart: new Date(), trialEnd }, 1);
  expect((await readyFor("trial")).subscription).toEqual({
    trialEnd: trialEnd.toISOString(),
    next: expect.stringMatching(/^Free trial until/),
  });
});

test("a paid subscription whose keys are still being made says so and not that something is wrong", async () => {
  const { id } = await aSubscriptionOrder("waiting", {}, 0);
  await db().stripeSource.update({
    where: { id: "sub_waiting" },
    data: { dirtySeq: 2, leaseToken: "elsewhere", leaseUntil: new Date(Date.now() + 60_000) },
  });
  expect(await asBuyer("waiting")).toEqual({ state: "processing" });
  // In step and still without a key: a person has been told, and waiting longer would not help.
  await db().stripeSource.update({ where: { id: "sub_waiting" }, data: { syncedSeq: 2 } });
  expect(await asBuyer("waiting")).toMatchObject({ state: "ready", licenses: [] });
  await db().order.delete({ where: { id } });
}, 15_000);

test("a renewal shows the same key with its new end", async () => {
  const license = await aLicense({ term: "days", paidUntil: new Date("2028-12-03T00:00:00Z") });
  await anOrder({
    stripeSessionId: "cs_test_renewal",
    customerId: license.customerId,
    renewsLicenseId: license.id,
    browserNonceHash: sha256Hex("nonce-1"),
  });
  expect(await asBuyer("renewal")).toMatchObject({
    renewed: true,
    licenses: [{ id: license.id, validUntil: "2028-12-03T00:00:00.000Z" }],
  });
});

test("a customer is told of the plans they have; others, and those whose subscription has ended, are not", async () => {
  const [policy, dated] = [await aPolicy({ term: "subscription" }), await aPolicy({ term: "days" })];
  const customer = await aCustomer();
  const common = { customerId: customer.id, paidUntil: new Date(Date.now() + dayMs) };
  const seat = { sourceId: "sub_running", itemKey: "si_1", ordinal: 0 };
  const license = await aLicense({ ...common, ...seat, policyId: policy.id });
  const year = await aLicense({ ...common, policyId: dated.id });
  const owned = (at: number) =>
    listOwnedPlans({ customerId: customer.id, now: new Date(Date.now() + at * dayMs) });
  const renewable = { [dated.id]: { licenseId: year.id, how: "dated" } };
  expect(await owned(0)).toEqual({
    [policy.id]: { licenseId: license.id, how: "subscription" },
    ...renewable,
  });
  expect(await owned(2)).toEqual(renewable);
  expect(await listOwnedPlans({ customerId: "cust_other", now: new Date() })).toEqual({});
});

test("the pricing page offers what is on sale and only that", async () => {
  const policy = await aPolicy({ productId: (await aProduct({ name: "Lumen" })).id, name: "Pro" });
  const price = await aPrice({ policyId: policy.id, amount: 7900 });
  await aPrice({ policyId: policy.id, archivedAt: new Date() });
  await aPrice({ policyId: policy.id, stripePriceId: null });
  await aPolicy({ name: "Without a price" });
  const request = new Request("http://localhost:3000/");
  const shown = await (await homeLoader({ request, params: {}, context })).json();
  expect(shown.shop.open).toBe(true);
  expect(shown.products).toMatchObject([
    { name: "Lumen", plans: [{ name: "Pro", prices: [{ id: price.id }] }] },
  ]);
  expect(shown.products[0]?.plans[0]?.prices).toHaveLength(1);
  await db().product.updateMany({ data: { archivedAt: new Date() } });
  expect((await (await homeLoader({ request, params: {}, context })).json()).products).toEqual([]);
});

test("search engines read the price in whole units of the currency, and for how long each payment is good", () => {
  const oneTime = { amount: 1200, currency: "jpy", interval: null };
  const monthly = { amount: 900, currency: "eur", interval: "month" };
  const plans = [{ name: "Pro", prices: [oneTime, monthly] }];
  expect(productStructuredData({ name: "Lumen", description: "", plans }, "https://shop.example")).toEqual({
    "@context": "https://schema.org",
    "@type": "Product",
    name: "Lumen",
    offers: [
      {
        "@type": "Offer",
        name: "Pro",
        price: "1200",
        priceCurrency: "JPY",
        availability: "https://schema.org/InStock",
        url: "https://shop.example",
      },
      {
        "@type": "Offer",
        name: "Pro",
        price: "9.00",
        priceCurrency: "EUR",
        priceSpecification: {
          "@type": "UnitPriceSpecification",
          price: "9.00",
          priceCurrency: "EUR",
          billingDuration: "P1M",
        },
        availability: "https://schema.org/InStock",
        url: "https://shop.example",
      },
    ],
  });
});
