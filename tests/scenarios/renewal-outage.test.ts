import { expect, test } from "vitest";
import { db } from "#app/infra/db.server.ts";
import { only } from "#tests/scenarios/life-operators.ts";
import { after, hourMs, openLifeShop, t0, t1, t2 } from "#tests/scenarios/life-shop.ts";
import { playOnce } from "#tests/scenarios/life-stage.ts";
import type { LifeState } from "#tests/scenarios/life-state.ts";
import type { FaultSpec } from "#tests/stripe-stand-in/faults.ts";

// A renewal is told of, and one of the calls that ask Stripe about it fails: half an answer is no answer.
const shop = await openLifeShop();
const calls = {
  subscription: /GET .*\/subscriptions\/sub_\w+/,
  invoices: /GET .*\/invoices($|\?)/,
  refunds: /GET .*\/refunds/,
  disputes: /GET .*\/disputes/,
};

/** A renewal of three seats told of by one event, whose sync meets this fault; an hour later all is well. */
async function renew(fault: (FaultSpec & object) | null): Promise<Omit<LifeState, "alerts">> {
  const { state } = await playOnce(
    shop,
    async (stage) => {
      const purchase = await stage.at(t0, () => stage.buy("monthly", { quantity: 3 }));
      const before = (await stage.state()).licenses;
      await stage.at(after(t1, 2 * hourMs), () => {
        if (fault) stage.standIn.faults.next(1, fault);
      });
      const ofIt = { sourceId: purchase?.subscriptionId ?? "" };
      if (fault) {
        expect(stage.standIn.faults.pending(), "the fault was met").toBe(0);
        const { licenses } = await stage.state();
        expect(licenses.map(({ paidUntil }) => paidUntil)).toEqual(before.map(({ paidUntil }) => paidUntil));
        expect(licenses.map(({ holds }) => holds)).toEqual([[], [], []]);
        const failed = { ...ofIt, processedAt: null, failedAt: { not: null } };
        expect(await db().stripeEvent.count({ where: failed })).toBeGreaterThan(0);
      }
      await stage.at(after(t1, 3 * hourMs));
      expect(await db().stripeEvent.count({ where: { ...ofIt, processedAt: null } })).toBe(0);
      expect(await db().alert.count({ where: { resolvedAt: null } })).toBe(0);
    },
    only(["checkout.session.completed", "invoice.paid"]),
  );
  const { alerts: _, ...lasting } = state;
  return lasting;
}

const undisturbed = await renew(null);

test("the renewal that is disturbed extends three licenses", () => {
  expect(undisturbed.licenses.map(({ paidUntil }) => paidUntil)).toEqual(
    Array.from({ length: 3 }, () => t2.toISOString()),
  );
});

for (const [name, match] of Object.entries(calls))
  test(`S99 a 404 without an error key in answer to the ${name} of a renewal changes nothing until the next try`, async () => {
    expect(await renew({ status: "bare_404", match })).toEqual(undisturbed);
  });

test("S92 a renewal whose first call meets too many requests is extended at the next try", async () => {
  expect(await renew({ status: 429, match: calls.subscription })).toEqual(undisturbed);
});
