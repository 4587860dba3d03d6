import { expect, test } from "vitest";
import {
  getSubscriptionForCustomer,
  listSubscriptionsForCustomer,
} from "#app/domain/subscription/portal-subscription.queries.server.ts";
import { subscriptionSnapshot } from "#app/domain/subscription/subscription-snapshot.server.ts";
import { db } from "#app/infra/db.server.ts";
import { aCustomer, aLicense } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";
import { subscriptionFacts } from "#tests/stored-subscription.ts";

await useTestRuntime();

const now = new Date();
const inDays = (days: number) => new Date(now.getTime() + days * 86_400_000);

async function aSeat(customerId: string, sourceId: string, ordinal: number) {
  return aLicense({
    ...{ customerId, sourceId, itemKey: `si_${sourceId}`, ordinal, term: "subscription" },
    ...{ paidUntil: inDays(20), graceUntil: inDays(22) },
  });
}

const store = (id: string, snapshot: object) =>
  db().stripeSource.create({ data: { id, kind: "subscription", livemode: false, snapshot } });

test("each subscription is told once, by a key that has a seat", async () => {
  const { id: customerId } = await aCustomer();
  const [without] = [await aSeat(customerId, "sub_told", 0), await aSeat(customerId, "sub_told", 1)];
  await db().licenseHold.create({
    data: { id: "hold_1", licenseId: without.id, cause: "released:sub_told", reason: "Fewer seats." },
  });
  await store("sub_told", subscriptionSnapshot(subscriptionFacts("sub_told")));
  const told = await listSubscriptionsForCustomer({ customerId, now });
  expect(told).toMatchObject([{ id: "sub_told", notice: null }]);
  const own = await getSubscriptionForCustomer({ licenseId: without.id, customerId, now });
  expect(own?.notice?.title).toMatch(/no seat/);
});

test("what Stripe has not told of yet, or an older version wrote, is left out", async () => {
  const { id: customerId } = await aCustomer();
  const unknown = await aSeat(customerId, "sub_unknown", 0);
  await aSeat(customerId, "sub_old", 0);
  await store("sub_old", { id: "sub_old", shape: "of another version" });
  expect(await listSubscriptionsForCustomer({ customerId, now })).toEqual([]);
  expect(await getSubscriptionForCustomer({ licenseId: unknown.id, customerId, now })).toBeNull();
});

test("somebody else's subscription is unknown, like that of a license bought once or an id that is none", async () => {
  const [ada, bob] = [await aCustomer(), await aCustomer()];
  const seat = await aSeat(ada.id, "sub_ada", 0);
  await store("sub_ada", subscriptionSnapshot(subscriptionFacts("sub_ada")));
  const once = await aLicense({ customerId: bob.id });
  for (const licenseId of [seat.id, once.id, "lic_none", "\u0000"])
    expect(await getSubscriptionForCustomer({ licenseId, customerId: bob.id, now })).toBeNull();
  expect(await listSubscriptionsForCustomer({ customerId: bob.id, now })).toEqual([]);
});
