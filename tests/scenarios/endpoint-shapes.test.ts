import { expect, test } from "vitest";
import { db } from "#app/infra/db.server.ts";
import { inOrder } from "#tests/scenarios/life-operators.ts";
import { after, dayMs, hourMs, openLifeShop, t0, t1 } from "#tests/scenarios/life-shop.ts";
import { playOnce, type Stage } from "#tests/scenarios/life-stage.ts";
import type { LifeState } from "#tests/scenarios/life-state.ts";
import { newestPayment, sell } from "#tests/scenarios/payment-acts.ts";
import type { EndpointInput } from "#tests/stripe-stand-in/resources/webhook-endpoints.ts";

// However Stripe is told to write its events, the end is the same: only ids are read from them.
const shop = await openLifeShop();

/** A renewal (S48), a refunded sale (S21) and a refunded renewal, which is found by its invoice. */
async function life(stage: Stage): Promise<void> {
  const sale = await sell(stage, t0, "perpetual", 2);
  const renewed = await stage.at(t0, () => stage.buy("monthly", { quantity: 3 }));
  const refunded = await stage.at(t0, () => stage.buy("team", { quantity: 2 }));
  await stage.at(after(t1, 2 * hourMs));
  await stage.at(after(t1, dayMs), async () => {
    stage.standIn.refund(sale.paymentId);
    stage.standIn.refund(await newestPayment(stage, refunded?.subscriptionId ?? ""));
  });
  await stage.at(after(t1, 2 * dayMs), () =>
    stage.stripe.subscriptions.update(renewed?.subscriptionId ?? "", { cancel_at_period_end: true }),
  );
}

/** Plays the same life with only these endpoints. */
async function heardBy(...endpoints: Omit<EndpointInput, "url">[]): Promise<LifeState> {
  const { state } = await playOnce(
    shop,
    async (stage) => {
      for (const { id } of (await stage.stripe.webhookEndpoints.list()).data)
        await stage.stripe.webhookEndpoints.del(id);
      for (const endpoint of endpoints)
        shop.standIn.addEndpoint({ url: shop.webhookUrl, secret: shop.webhookSecret, ...endpoint });
      await life(stage);
    },
    inOrder(),
  );
  return state;
}

const rows = () => db().stripeEvent.findMany({ orderBy: { dedupeKey: "asc" } });
const usual = await heardBy({});

test("the life the endpoints are compared by has renewals, holds and an end that was announced", () => {
  expect(usual.licenses.map(({ plan, code, holds }) => [plan, code, ...holds])).toEqual([
    ["perpetual", "SUSPENDED", "refund"],
    ["perpetual", "SUSPENDED", "refund"],
    ["standard", "VALID"],
    ["standard", "VALID"],
    ["standard", "VALID"],
    ["team", "SUSPENDED", "refund"],
  ]);
  expect(usual.audit["license.renewed"]).toBe(4);
});

test("S87 an endpoint pinned to a version before basil leads to the same end as S48 and S21", async () => {
  const state = await heardBy({ apiVersion: "2024-06-20" });
  expect(state).toEqual(usual);
  const stored = await rows();
  expect(new Set(stored.map(({ apiVersion }) => apiVersion))).toEqual(new Set(["2024-06-20"]));
  const invoice = stored.find(({ type }) => type === "invoice.paid")?.payload ?? "";
  expect(invoice).toMatch(/"subscription": "sub_\w+"/);
  expect(invoice).not.toContain('"subscription_item_details"');
});

test("S88 thin events lead to the same end as S48", async () => {
  const state = await heardBy({ payload: "thin" });
  expect(state).toEqual(usual);
  const stored = await rows();
  for (const { payload } of stored) expect(payload).toContain('"object": "v2.core.event"');
  for (const { payload } of stored) expect(payload).not.toContain('"data"');
});

test("S88 both destinations at once: the same end, and one row for each snapshot event", async () => {
  const state = await heardBy({}, { payload: "thin" });
  expect(state).toEqual(usual);
  const stored = (await rows()).filter(({ dedupeKey }) => !dedupeKey.startsWith("evt_test_"));
  expect(stored.length).toBeGreaterThan(20);
  expect(new Set(stored.map(({ deliveries }) => deliveries))).toEqual(new Set([2]));
});
