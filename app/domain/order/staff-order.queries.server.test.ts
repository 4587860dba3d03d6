import { expect, test } from "vitest";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import { getOrderForStaff } from "#app/domain/order/staff-order.queries.server.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { aLicense, anOrder, aPolicy } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();

const minute = (n: number) => new Date(Date.UTC(2026, 10, 21, 10, n));

async function aStory() {
  const policy = await aPolicy();
  const order = await anOrder({
    stripeSessionId: "cs_story",
    createdAt: minute(0),
    browserNonceHash: "secret",
  });
  await db().orderLine.create({
    data: {
      id: "line_1",
      orderId: order.id,
      quantity: 2,
      amount: 9900,
      description: "Two keys",
      policyId: policy.id,
    },
  });
  await db().orderLine.create({
    data: { id: "line_2", orderId: order.id, quantity: 1, description: "Unknown" },
  });
  const license = await aLicense({ policyId: policy.id, orderId: order.id });
  await db().stripeSource.create({
    data: {
      id: "cs_story",
      kind: "checkout_session",
      livemode: false,
      orderId: order.id,
      dirtySeq: 2,
      syncedSeq: 1,
    },
  });
  await db().stripeEvent.create({
    data: {
      dedupeKey: "evt_1",
      eventId: "evt_1",
      type: "checkout.session.completed",
      sourceId: "cs_story",
      livemode: false,
      created: minute(1),
      receivedAt: minute(1),
      processedAt: minute(2),
      payload: "{}",
    },
  });
  await inTransaction(async (tx) => {
    await recordAudit(tx, {
      now: minute(2),
      actor: { type: "stripe", label: "Stripe" },
      event: "license.issued",
      target: { type: "license", id: license.id },
      licenseId: license.id,
      orderId: order.id,
      cause: "evt_1",
    });
    await queueEmail(tx, {
      now: minute(3),
      kind: "license-issued",
      causeKey: order.id,
      recipient: "buyer@example.com",
      props: { orderId: order.id },
      orderId: order.id,
    });
  });
  return { order, license };
}

test("one order comes with lines, licenses, its sources at Stripe and all that happened, newest first", async () => {
  const { order, license } = await aStory();
  await anOrder();
  const shown = await getOrderForStaff({ orderId: order.id, now: minute(9) });
  expect(shown).toMatchObject({
    number: order.number,
    status: "paid",
    customer: { id: order.customerId },
    licenses: [{ id: license.id, status: "unused" }],
    sources: [{ id: "cs_story", waiting: true }],
  });
  expect(shown?.lines.map(({ mappedTo }) => mappedTo)).toEqual([
    expect.stringMatching(/^Product .*: Policy/),
    null,
  ]);
  expect(shown?.timeline.map(({ kind, title, about }) => [kind, title, about?.type])).toEqual([
    ["email", expect.stringMatching(/^Email waiting for .+: License keys$/), "email"],
    ["license", "License issued", "license"],
    ["event", "Stripe event processed: checkout.session.completed", "event"],
  ]);
  expect(JSON.stringify(shown)).not.toContain("secret");
  expect(JSON.stringify(shown)).not.toContain(license.keyHmac);
});

test("an unknown order is null", async () => {
  expect(await getOrderForStaff({ orderId: "ord_nothing", now: minute(9) })).toBeNull();
  expect(await getOrderForStaff({ orderId: "ord_\u0000", now: minute(9) })).toBeNull();
});
