import { randomUUID } from "node:crypto";
import pg from "pg";
import { expect, test } from "vitest";
import { fulfillOrder } from "#app/domain/order/fulfill-order.server.ts";
import { claimSource, markSourceDirty } from "#app/domain/stripe-sync/claim-source.server.ts";
import { fetchCheckoutSession } from "#app/domain/stripe-sync/fetch-checkout-session.server.ts";
import { resyncSource } from "#app/domain/stripe-sync/resync-source.server.ts";
import { createSourceSyncer } from "#app/domain/stripe-sync/sync-due-sources.server.ts";
import { syncSource } from "#app/domain/stripe-sync/sync-source.server.ts";
import { replayEvent } from "#app/domain/webhook-inbox/replay-event.server.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { aStaffMember } from "#tests/factories.ts";
import { checkOut, openShop, outcomeOf, takeEvents, work } from "#tests/scenarios/sale-harness.ts";
import type { StoredEvent } from "#tests/stripe-stand-in/stored-types.ts";

// What two things at the same moment may not do to a sale: each test holds one of them still where it hurts most.
const shop = await openShop();
const { standIn } = shop;

async function aPaidSale() {
  takeEvents(standIn);
  const sale = await checkOut(shop);
  standIn.pay(sale.sessionId);
  return { ...sale, events: takeEvents(standIn) };
}

function ofType(events: readonly StoredEvent[], type: string): StoredEvent {
  const event = events.find((candidate) => candidate.type === type);
  if (!event) throw new Error(`The sale caused no ${type}.`);
  return event;
}

const inboxRow = (event: StoredEvent) =>
  db().stripeEvent.findUniqueOrThrow({ where: { dedupeKey: event.id } });

async function claim(sourceId: string) {
  const claimed = await claimSource(sourceId, new Date());
  if (!claimed) throw new Error(`${sourceId} is not due or somebody else has it.`);
  return claimed;
}

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Waited in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Runs `body` while another connection holds these rows locked. */
async function whileLocked(sql: string, values: unknown[], body: () => Promise<void>): Promise<void> {
  const holder = new pg.Client({ connectionString: shop.env.databaseUrl });
  await holder.connect();
  try {
    await holder.query("BEGIN");
    await holder.query(sql, values);
    await body();
  } finally {
    await holder.query("ROLLBACK");
    await holder.end();
  }
}

/** Whether any statement of this database waits for a lock. */
async function somebodyWaits(): Promise<boolean> {
  const rows = await db().$queryRaw<unknown[]>`
    SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  return rows.length > 0;
}

async function staffActor() {
  const { id, name, role } = await aStaffMember();
  return { type: "staff" as const, id, label: `${name} (${role})` };
}

test("S97 two workers at one source: one fetch at a time, and no hint is lost", async () => {
  const { sessionId, events } = await aPaidSale();
  const completed = ofType(events, "checkout.session.completed");
  await standIn.deliver(completed.id);
  const latencyMs = 150;
  standIn.faults.next(20, { latencyMs, match: /GET .*checkout\/sessions\/cs_\w+$/ });
  const before = standIn.requests().length;
  const workers = [1, 2].map(() => createSourceSyncer(() => undefined));
  const turn = async () => (await Promise.all(workers.map((worker) => worker.start(new Date())))).flat();
  for (let hint = 0; hint < 6; hint++) {
    await turn();
    await standIn.deliver(completed.id, { asNewEventId: true });
    await turn();
    await new Promise((resolve) => setTimeout(resolve, latencyMs / 3));
  }
  await Promise.all(workers.map((worker) => worker.idle()));
  standIn.faults.clear();
  await work();
  const asked = standIn.requests().slice(before);
  const fetches = asked.filter(({ path }) => path.split("?")[0]?.endsWith(`/${sessionId}`));
  expect(fetches.length).toBeGreaterThan(1);
  fetches.slice(1, -1).forEach(({ at }, index) => {
    expect(at - (fetches[index]?.at ?? at)).toBeGreaterThanOrEqual(latencyMs);
  });
  const outcome = await outcomeOf(sessionId);
  expect(outcome).toMatchObject({ mails: { "license-issued": 1 }, inStep: true });
  expect(outcome.licenses).toHaveLength(2);
  expect(await db().stripeEvent.count({ where: { sourceId: sessionId, processedAt: null } })).toBe(0);
});

test("an event that comes while its sale is being fetched is not closed by that fetch", async () => {
  const { sessionId, events } = await aPaidSale();
  const completed = ofType(events, "checkout.session.completed");
  await standIn.deliver(completed.id);
  const claimed = await claim(sessionId);
  standIn.faults.next(1, { latencyMs: 400, match: /line_items/ });
  const syncing = syncSource(claimed, new Date());
  await until("the lines are asked for", () => standIn.faults.pending() === 0);
  await standIn.deliver(completed.id, { asNewEventId: true });
  expect(await syncing).toBe("synced");
  const open = await db().stripeEvent.findMany({ where: { sourceId: sessionId, processedAt: null } });
  expect(open.length).toBeGreaterThan(0);
  await work();
  expect(await db().stripeEvent.count({ where: { sourceId: sessionId, processedAt: null } })).toBe(0);
  expect((await outcomeOf(sessionId)).licenses).toHaveLength(2);
});

test("S97 a worker whose lease ran out during a slow fetch writes nothing", async () => {
  const { sessionId, events } = await aPaidSale();
  await standIn.deliver(ofType(events, "checkout.session.completed").id);
  const slow = await claim(sessionId);
  await db()
    .$executeRaw`UPDATE stripe_source SET lease_until = now() - interval '1 second' WHERE id = ${sessionId}`;
  const fast = await claim(sessionId);
  expect(await syncSource(slow, new Date())).toBe("lease-lost");
  expect((await outcomeOf(sessionId)).licenses).toHaveLength(0);
  expect(await syncSource(fast, new Date())).toBe("synced");
  const outcome = await outcomeOf(sessionId);
  expect(outcome.licenses).toHaveLength(2);
  expect(outcome.mails).toEqual({ "license-issued": 1 });
});

test("a worker whose lease ran out does not touch the lease of the next one when its fetch fails", async () => {
  const { sessionId, events } = await aPaidSale();
  await standIn.deliver(ofType(events, "checkout.session.completed").id);
  const slow = await claim(sessionId);
  await db()
    .$executeRaw`UPDATE stripe_source SET lease_until = now() - interval '1 second' WHERE id = ${sessionId}`;
  const fast = await claim(sessionId);
  standIn.faults.next(1, { status: 429, match: /checkout\/sessions/ });
  await syncSource(slow, new Date());
  expect(await db().stripeSource.findUniqueOrThrow({ where: { id: sessionId } })).toMatchObject({
    leaseToken: fast.leaseToken,
    failCount: 0,
  });
  expect(await syncSource(fast, new Date())).toBe("synced");
});

test("a payment's event ends processed although its sale is synced while the hint is handed on", async () => {
  const { sessionId, events } = await aPaidSale();
  const succeeded = ofType(events, "payment_intent.succeeded");
  await standIn.deliver(succeeded.id);
  const paymentId = (await inboxRow(succeeded)).sourceId ?? "";
  const claimed = await claim(paymentId);
  let handingOn: Promise<unknown> = Promise.resolve();
  await whileLocked("SELECT 1 FROM stripe_source WHERE id = $1 FOR UPDATE", [paymentId], async () => {
    handingOn = syncSource(claimed, new Date());
    await until("handing on waits", somebodyWaits);
    await work();
  });
  expect(await handingOn).toBe("handed-on");
  await work();
  expect(await inboxRow(succeeded)).toMatchObject({ sourceId: sessionId, processedAt: expect.any(Date) });
  expect((await outcomeOf(sessionId)).licenses).toHaveLength(2);
});

test("a replayed event ends processed although its sale is synced at the same moment", async () => {
  const { sessionId, events } = await aPaidSale();
  const completed = ofType(events, "checkout.session.completed");
  await standIn.deliver(completed.id);
  await work();
  const actor = await staffActor();
  let replaying: Promise<unknown> = Promise.resolve();
  await whileLocked(
    "SELECT 1 FROM stripe_event WHERE dedupe_key = $1 FOR UPDATE",
    [completed.id],
    async () => {
      replaying = replayEvent({ dedupeKey: completed.id, actor, submission: randomUUID(), now: new Date() });
      await until("the replay waits", somebodyWaits);
      await work();
    },
  );
  await replaying;
  await work();
  expect((await inboxRow(completed)).processedAt).toBeInstanceOf(Date);
  expect((await outcomeOf(sessionId)).audit["license.issued"]).toBe(2);
});

test("an event that an older version could not place is placed and processed by its replay", async () => {
  const { sessionId, events } = await aPaidSale();
  const completed = ofType(events, "checkout.session.completed");
  await standIn.deliver(completed.id);
  await work();
  await db().stripeEvent.update({
    where: { dedupeKey: completed.id },
    data: { sourceId: null, processedAt: null, ignoredAt: new Date(), note: "This kind asks nothing." },
  });
  const actor = await staffActor();
  await replayEvent({ dedupeKey: completed.id, actor, submission: randomUUID(), now: new Date() });
  await work();
  expect(await inboxRow(completed)).toMatchObject({
    sourceId: sessionId,
    processedAt: expect.any(Date),
    ignoredAt: null,
    note: null,
  });
});

test("asking for the same sync twice with one form is one record", async () => {
  const { sessionId } = await aPaidSale();
  const request = {
    sourceId: sessionId,
    actor: await staffActor(),
    submission: randomUUID(),
    now: new Date(),
  };
  await Promise.all([resyncSource(request), resyncSource(request)]);
  await work();
  expect(await db().auditLog.count({ where: { event: "webhook.replayed", targetId: sessionId } })).toBe(1);
  expect((await outcomeOf(sessionId)).licenses).toHaveLength(2);
});

test("a sale that is paid stays so when Stripe once answers with an older state", async () => {
  const { sessionId, events } = await aPaidSale();
  await standIn.deliver(ofType(events, "checkout.session.completed").id);
  await work();
  const paid = await fetchCheckoutSession(sessionId);
  if (!paid) throw new Error("The stand-in lost the session.");
  const before = await outcomeOf(sessionId);
  const older = [
    { ...paid, paymentStatus: "unpaid", payment: paid.payment && { ...paid.payment, status: "processing" } },
    { ...paid, paymentStatus: "unpaid", payment: paid.payment && { ...paid.payment, status: "canceled" } },
    { ...paid, paymentStatus: "unpaid", status: "open", payment: null },
    { ...paid, paymentStatus: "unpaid", status: "expired", payment: null },
  ];
  for (const session of older)
    await inTransaction((tx) => fulfillOrder(tx, { session, cause: "a stale read", now: new Date() }));
  const after = await outcomeOf(sessionId);
  expect(after.mails).toEqual({ "license-issued": 1 });
  expect(after.audit).toEqual(before.audit);
  expect(after.licenses).toEqual(before.licenses);
  expect(after.order).toMatchObject({ awaitingPaymentAt: null, paymentFailedAt: null, expiredAt: null });
});

test("a sale that fails for long is one open alert, whatever hints come meanwhile", async () => {
  const { sessionId } = await aPaidSale();
  for (let hour = 0; hour < 6; hour++) {
    const now = new Date(Date.now() + hour * 3_600_000);
    const hint = { sourceId: sessionId, kind: "checkout_session" as const, livemode: false, cause: "sweep" };
    await markSourceDirty(hint);
    standIn.faults.next(1, { status: 429, match: /checkout\/sessions/ });
    await work(now);
  }
  expect(await db().alert.count({ where: { sourceId: sessionId, kind: "fulfillment-failed" } })).toBe(1);
  await work(new Date(Date.now() + 24 * 3_600_000));
  expect((await outcomeOf(sessionId)).licenses).toHaveLength(2);
  const alerts = await db().alert.findMany({ where: { sourceId: sessionId } });
  expect(alerts.map((alert) => alert.resolvedAt !== null)).toEqual([true]);
});

test("a session of ours that Stripe does not know is asked for again, a stranger's is not", async () => {
  const { orderId } = await checkOut(shop);
  const own = {
    sourceId: "cs_test_ours",
    kind: "checkout_session" as const,
    livemode: false,
    cause: "staff",
  };
  await markSourceDirty(own);
  await db().stripeSource.update({ where: { id: own.sourceId }, data: { orderId } });
  await markSourceDirty({ ...own, sourceId: "cs_test_strangers" });
  const nextCheck = async (id: string) =>
    (await db().stripeSource.findUniqueOrThrow({ where: { id } })).nextCheckAt;
  await work();
  expect(await nextCheck(own.sourceId)).toBeInstanceOf(Date);
  expect(await nextCheck("cs_test_strangers")).toBeNull();
  await work(new Date(Date.now() + 31 * 24 * 3_600_000));
  expect(await nextCheck(own.sourceId)).toBeNull();
});
