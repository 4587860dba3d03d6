import { afterAll, expect, test } from "vitest";
import { cookieName } from "#app/http/cookies.server.ts";
import { db } from "#app/infra/db.server.ts";
import { sha256Hex } from "#app/infra/secrets.server.ts";
import { loader } from "#app/routes/storefront/checkout-return.tsx";
import { loader as homeLoader } from "#app/routes/storefront/home.tsx";
import { productStructuredData } from "#app/routes/storefront/product-structured-data.ts";
import { aLicense, anOrder, aPolicy, aPrice, aProduct } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";
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
