import type { LoaderFunctionArgs } from "@remix-run/node";
import { expect, test } from "vitest";
import { getCheckoutReturn } from "#app/domain/checkout/checkout-return.server.ts";
import { db } from "#app/infra/db.server.ts";
import { stripe } from "#app/infra/stripe.server.ts";
import { loader } from "#app/routes/storefront/checkout-return.tsx";
import { aCustomer } from "#tests/factories.ts";
import { checkOut, openShop, outcomeOf, takeEvents, work } from "#tests/scenarios/sale-harness.ts";

// The page a buyer comes back to, asked by buyers, strangers and people who cannot wait.
const shop = await openShop();
const { standIn } = shop;

function visit(sessionId: string, by: { browserNonce?: string; customerId?: string; now?: Date } = {}) {
  return getCheckoutReturn({
    sessionId,
    browserNonce: by.browserNonce ?? null,
    customerId: by.customerId ?? null,
    now: by.now ?? new Date(),
  });
}

const requestsDuring = async (body: () => Promise<unknown>) => {
  const before = standIn.requests().length;
  await body();
  return standIn.requests().length - before;
};

test("an id that is none, or of the other mode, is refused without asking Stripe and leaves nothing", async () => {
  const ids = [
    "",
    "cs_",
    "cs_test_../x",
    "cs_live_a1",
    "pi_123",
    `cs_test_${"a".repeat(300)}`,
    "cs_test_a\u0000",
  ];
  const asked = await requestsDuring(async () => {
    for (const id of ids) expect(await visit(id)).toEqual({ state: "unknown" });
  });
  expect(asked).toBe(0);
  expect(await db().stripeSource.count()).toBe(0);
});

test("an id Stripe does not know leaves nothing", async () => {
  expect(await visit("cs_test_nobodyknowsme")).toEqual({ state: "unknown" });
  expect(await db().stripeSource.count({ where: { id: "cs_test_nobodyknowsme" } })).toBe(0);
});

test("a sale of something else in the same Stripe account is unknown here", async () => {
  const foreign = await stripe().prices.create({
    currency: "usd",
    unit_amount: 500,
    product_data: { name: "Mug" },
  });
  const session = standIn.createSession({ line_items: [{ price: foreign.id, quantity: 1 }] });
  standIn.pay(session.id);
  expect(await visit(session.id)).toEqual({ state: "unknown" });
});

test("keys are for the browser that bought and the signed-in owner only", async () => {
  const owner = await aCustomer();
  const stranger = await aCustomer();
  const { sessionId, browserNonce } = await checkOut(shop, { customerId: owner.id, email: owner.email });
  standIn.pay(sessionId);
  expect(await visit(sessionId)).toMatchObject({ state: "ready", mine: false });
  for (const by of [{ browserNonce: "another browser" }, { customerId: stranger.id }, { browserNonce: "" }])
    expect(JSON.stringify(await visit(sessionId, by))).not.toMatch(/LUMEN|@/);
  expect(await visit(sessionId, { browserNonce })).toMatchObject({ state: "ready", mine: true });
  expect(await visit(sessionId, { customerId: owner.id })).toMatchObject({ state: "ready", mine: true });
});

test("a buyer who looks again and again while Stripe is down does not put the next try off", async () => {
  takeEvents(standIn);
  const { sessionId, browserNonce } = await checkOut(shop);
  standIn.pay(sessionId);
  standIn.faults.next(100, { status: 429 });
  for (let look = 0; look < 8; look++)
    expect(await visit(sessionId, { browserNonce })).toEqual({ state: "processing" });
  const source = await db().stripeSource.findUniqueOrThrow({ where: { id: sessionId } });
  expect(source.failCount).toBe(1);
  expect(source.retryAt?.getTime()).toBeLessThan(Date.now() + 10_000);
  standIn.faults.clear();
  expect(await visit(sessionId, { browserNonce })).toMatchObject({ state: "ready" });
  expect((await outcomeOf(sessionId)).mails).toEqual({ "license-issued": 1 });
});

test("a visit while the sale is being fetched is not answered by that older fetch", async () => {
  takeEvents(standIn);
  const { sessionId, browserNonce } = await checkOut(shop);
  // A timer looks at the sale just before the buyer pays; its answer is on the way when they come back.
  standIn.faults.next(1, { latencyMs: 500, match: /line_items/ });
  const timer = work(new Date(Date.now() + 16 * 60_000));
  const deadline = Date.now() + 5_000;
  while (standIn.faults.pending() > 0 && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 5));
  standIn.pay(sessionId);
  expect(await visit(sessionId, { browserNonce })).toMatchObject({ state: "ready", mine: true });
  await timer;
  expect((await outcomeOf(sessionId)).licenses).toHaveLength(2);
});

test("nobody waits longer than five seconds, whatever Stripe does", async () => {
  const session = standIn.createSession({
    line_items: [{ price: shop.perpetual.stripePriceId, quantity: 1 }],
  });
  standIn.pay(session.id);
  standIn.faults.next(2, "timeout");
  const started = Date.now();
  expect(await visit(session.id)).toEqual({ state: "processing" });
  expect(Date.now() - started).toBeLessThan(7_000);
  standIn.faults.clear();
}, 30_000);

test("a client that opens the page hundreds of times is told to wait, without a question to Stripe", async () => {
  const look = () =>
    loader({
      request: new Request("http://localhost:3000/checkout/return?session_id=cs_test_guess"),
      params: {},
      context: { requestId: "r", nonce: "n", clientAddress: "203.0.113.9" },
    } satisfies LoaderFunctionArgs);
  await db().rateLimit.deleteMany();
  expect((await look()).status).toBe(404);
  await db().rateLimit.updateMany({ data: { points: 300 } });
  const asked = await requestsDuring(async () => {
    const answer = await look().catch((thrown: unknown) => thrown);
    if (!(answer instanceof Response)) throw new Error(`Not a response: ${String(answer)}`);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(0);
  });
  expect(asked).toBe(0);
});
