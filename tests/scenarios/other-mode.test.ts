import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { replayEvent } from "#app/domain/webhook-inbox/replay-event.server.ts";
import { db } from "#app/infra/db.server.ts";
import { getEnv, setRuntimeEnv } from "#app/infra/env.server.ts";
import { aStaffMember } from "#tests/factories.ts";
import { openShop, tick, webhookSecret, work } from "#tests/scenarios/sale-harness.ts";
import type { StoredEvent } from "#tests/stripe-stand-in/stored-types.ts";

// A Stripe account whose objects say they are live, and a shop with a test key: whatever comes is kept, ignored and
// told to staff, and nothing is sold.
const shop = await openShop({ livemode: true });
const { standIn } = shop;

/** A sale made with the vendor's live key. */
function aLiveSale(): { sessionId: string; events: StoredEvent[] } {
  standIn.takePending();
  const { id } = standIn.createSession({
    line_items: [{ price: shop.perpetual.stripePriceId, quantity: 2 }],
  });
  standIn.pay(id, { email: "live@example.com" });
  return { sessionId: id, events: standIn.takePending() };
}

const alerts = () => db().alert.findMany({ where: { kind: "mode-mismatch" }, orderBy: { createdAt: "asc" } });

async function expectNothingSold(): Promise<void> {
  expect(await db().license.count()).toBe(0);
  expect(await db().order.count()).toBe(0);
  expect(await db().email.count()).toBe(0);
  expect(await db().customer.count()).toBe(0);
}

async function staffActor() {
  const { id, name, role } = await aStaffMember();
  return { type: "staff" as const, id, label: `${name} (${role})` };
}

test("S86 live events with a test key are answered 200, kept, ignored and told to staff once", async () => {
  const { sessionId, events } = aLiveSale();
  expect(events.length).toBeGreaterThan(2);
  const asked = standIn.requests().length;
  for (const event of [...events, ...events])
    for (const { status } of await standIn.deliver(event.id)) expect(status).toBe(200);
  await work();
  expect(standIn.requests()).toHaveLength(asked);
  const rows = await db().stripeEvent.findMany();
  expect(rows.map(({ eventId }) => eventId).sort()).toEqual(events.map(({ id }) => id).sort());
  for (const row of rows) {
    expect(row).toMatchObject({ livemode: true, deliveries: 2, processedAt: null, failedAt: null });
    expect(row.ignoredAt).toBeInstanceOf(Date);
    expect(row.note).toBe("A live event, but the configured Stripe key is a test key.");
    expect(row.payload).toContain(row.objectId ?? sessionId);
  }
  expect(await db().stripeSource.count()).toBe(0);
  const [alert, ...others] = await alerts();
  expect(others).toEqual([]);
  expect(alert?.message).toContain("Stripe delivers live events here, but STRIPE_SECRET_KEY is a test key");
  await expectNothingSold();
});

test("S86 the regular checks leave live sales alone as well, and staff cannot replay them", async () => {
  const { events } = aLiveSale();
  await tick();
  await tick(new Date(Date.now() + 26 * 3_600_000));
  await expectNothingSold();
  expect(await db().stripeEvent.count({ where: { processedAt: { not: null } } })).toBe(0);
  const completed = events.find(({ type }) => type === "checkout.session.completed");
  await standIn.deliver(completed?.id ?? "");
  const replay = replayEvent({
    dedupeKey: completed?.id ?? "",
    actor: await staffActor(),
    submission: randomUUID(),
    now: new Date(),
  });
  await expect(replay).rejects.toThrow("other mode");
});

test("S86 a hint that claims test mode about a live object is acted on and then ignored", async () => {
  const { sessionId, events } = aLiveSale();
  const completed = events.find(({ type }) => type === "checkout.session.completed");
  const { body, headers } = standIn.signedRequest(
    { ...completed, livemode: false },
    { secret: webhookSecret },
  );
  expect((await fetch(shop.webhookUrl, { method: "POST", body, headers })).status).toBe(200);
  await work();
  const row = await db().stripeEvent.findUniqueOrThrow({ where: { dedupeKey: completed?.id ?? "" } });
  expect(row.note).toContain("other mode");
  expect(row.ignoredAt).toBeInstanceOf(Date);
  expect(await db().stripeSource.findUniqueOrThrow({ where: { id: sessionId } })).toMatchObject({
    failCount: 0,
    nextCheckAt: null,
  });
  await expectNothingSold();
});

test("S86 the reverse: test events with a live key are answered 200, kept, ignored and told to staff once", async () => {
  const env = getEnv();
  setRuntimeEnv({ ...env, stripeSecretKey: "sk_live_latchkey" });
  const asked = standIn.requests().length;
  const ids = ["evt_testmode1", "evt_testmode2", "evt_testmode1"];
  for (const id of ids) {
    const event = {
      id,
      object: "event",
      type: "checkout.session.completed",
      api_version: "2026-10-28.endive",
      created: Math.floor(Date.now() / 1000),
      livemode: false,
      data: { object: { object: "checkout.session", id: "cs_test_1" } },
    };
    const { body, headers } = standIn.signedRequest(event, { secret: webhookSecret });
    expect((await fetch(shop.webhookUrl, { method: "POST", body, headers })).status).toBe(200);
  }
  await work();
  setRuntimeEnv(env);
  expect(standIn.requests()).toHaveLength(asked);
  const rows = await db().stripeEvent.findMany({
    where: { dedupeKey: { in: ids } },
    orderBy: { dedupeKey: "asc" },
  });
  expect(rows.map(({ deliveries }) => deliveries)).toEqual([2, 1]);
  for (const row of rows) expect(row.note).toBe("A test event, but the configured Stripe key is a live key.");
  const told = (await alerts()).filter(({ message }) => message.includes("Stripe delivers test events here"));
  expect(told).toHaveLength(1);
  await expectNothingSold();
});
