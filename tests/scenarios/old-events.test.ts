import { expect, test } from "vitest";
import { db } from "#app/infra/db.server.ts";
import { inOrder, isRelevant } from "#tests/scenarios/life-operators.ts";
import { after, dayMs, hourMs, openLifeShop, t0, t1 } from "#tests/scenarios/life-shop.ts";
import { playOnce, type Stage } from "#tests/scenarios/life-stage.ts";
import { sell } from "#tests/scenarios/payment-acts.ts";

// An operator presses "Resend" in the Dashboard at events that are long acted on.
const shop = await openLifeShop();

/** Resends every event until then, the latest first, and looks whether anything moves. */
async function resendChangesNothing(stage: Stage, resentAt: Date, until: Date): Promise<void> {
  const old = stage.standIn
    .events()
    .filter((event) => isRelevant(event) && event.created * 1000 <= until.getTime());
  expect(old.length).toBeGreaterThan(2);
  await stage.at(resentAt);
  const before = await stage.state();
  const versions = (await stage.licenses()).map(({ version }) => version);
  await stage.at(resentAt, async () => {
    for (const event of [...old].reverse()) {
      const [answer] = await stage.standIn.deliver(event.id);
      expect(answer?.status).toBe(200);
    }
  });
  expect(await stage.state()).toEqual(before);
  expect((await stage.licenses()).map(({ version }) => version)).toEqual(versions);
  const ids = old.map(({ id }) => id);
  expect(await db().stripeEvent.count({ where: { dedupeKey: { in: ids }, deliveries: 2 } })).toBe(old.length);
  expect(await db().stripeEvent.count({ where: { processedAt: null, ignoredAt: null } })).toBe(0);
}

test("S95 resending the 20-day-old events of a sale that was refunded since brings nothing back and writes to nobody", async () => {
  const { state } = await playOnce(
    shop,
    async (stage) => {
      const { paymentId } = await sell(stage, t0, "perpetual", 2);
      await stage.at(after(t0, 5 * dayMs), () => stage.standIn.refund(paymentId));
      await resendChangesNothing(stage, after(t0, 25 * dayMs), after(t0, 5 * dayMs));
    },
    inOrder(),
  );
  expect(state.licenses.map(({ code }) => code)).toEqual(["SUSPENDED", "SUSPENDED"]);
});

test("S95 resending the 20-day-old events of a renewal does not revive a subscription that ended since", async () => {
  const { state } = await playOnce(
    shop,
    async (stage) => {
      const purchase = await stage.at(t0, () => stage.buy("monthly", { quantity: 3 }));
      const renewedAt = after(t1, 2 * hourMs);
      await stage.at(renewedAt);
      await stage.at(after(t1, 10 * dayMs), () =>
        stage.stripe.subscriptions.cancel(purchase?.subscriptionId ?? ""),
      );
      await resendChangesNothing(stage, after(renewedAt, 20 * dayMs), renewedAt);
    },
    inOrder(),
  );
  expect(state.licenses.map(({ code }) => code)).toEqual(["EXPIRED", "EXPIRED", "EXPIRED"]);
});
