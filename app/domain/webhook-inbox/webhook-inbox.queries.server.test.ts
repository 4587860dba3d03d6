import { expect, test } from "vitest";
import {
  getEvent,
  getOldestUnprocessed,
  listEvents,
  listFailedEvents,
} from "#app/domain/webhook-inbox/webhook-inbox.queries.server.ts";
import { inboxState, inboxStates } from "#app/domain/webhook-inbox/webhook-inbox.ts";
import { db } from "#app/infra/db.server.ts";
import type { Prisma } from "#app/infra/prisma-client/client.ts";
import { anOrder } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();

const minute = (n: number) => new Date(Date.UTC(2026, 10, 21, 10, n));

function anEvent(id: string, overrides: Partial<Prisma.StripeEventUncheckedCreateInput> = {}) {
  return db().stripeEvent.create({
    data: {
      dedupeKey: id,
      eventId: id,
      type: "checkout.session.completed",
      livemode: false,
      created: minute(0),
      receivedAt: minute(0),
      payload: `{"id":"${id}","data":{"object":{"id":"cs_1"}}}`,
      ...overrides,
    },
  });
}

const order = await anOrder({ stripeSessionId: "cs_1" });
await db().stripeSource.create({
  data: {
    id: "cs_1",
    kind: "checkout_session",
    livemode: false,
    orderId: order.id,
    dirtySeq: 3,
    syncedSeq: 3,
  },
});
for (let bits = 0; bits < 8; bits++)
  await anEvent(`evt_${bits}`, {
    ignoredAt: bits & 1 ? minute(30) : null,
    processedAt: bits & 2 ? minute(31) : null,
    failedAt: bits & 4 ? minute(32) : null,
    receivedAt: minute(Math.floor(bits / 2)),
    ...(bits === 2 ? { sourceId: "cs_1", objectId: "pi_1", type: "payment_intent.succeeded" } : {}),
  });
await anEvent("evt_thin_twin", { eventId: "evt_thin", receivedAt: minute(20), processedAt: minute(21) });

const keys = async (filter: Parameters<typeof listEvents>[0]) =>
  (await listEvents(filter)).rows.map(({ dedupeKey }) => dedupeKey);

test("filtering by a state gives exactly the events that are in it", async () => {
  const all = await db().stripeEvent.findMany();
  for (const state of inboxStates) {
    const expected = all.filter((event) => inboxState(event) === state).map(({ dedupeKey }) => dedupeKey);
    expect((await keys({ state })).sort(), state).toEqual(expected.sort());
  }
});

test("events are found by type and by the ids they carry", async () => {
  expect(await keys({ type: "payment_intent" })).toEqual(["evt_2"]);
  expect(await keys({ type: "payment%" })).toEqual([]);
  expect(await keys({ q: "evt_thin" })).toEqual(["evt_thin_twin"]);
  expect(await keys({ q: "pi_1" })).toEqual(["evt_2"]);
  expect(await keys({ q: "cs_1" })).toEqual(["evt_2"]);
  expect(await keys({ q: "evt_nothing" })).toEqual([]);
});

test("the list carries no payloads and shows each event once, page by page", async () => {
  const pages = [await listEvents({ limit: 2 })];
  for (let next = pages[0]?.next; next; next = pages.at(-1)?.next ?? null)
    pages.push(await listEvents({ limit: 2, after: next }));
  expect(pages.flatMap(({ rows }) => rows.map(({ dedupeKey }) => dedupeKey))).toEqual(await keys({}));
  expect(JSON.stringify(pages)).not.toContain("payload");
});

test("one event comes with its payload set out and the purchase it belongs to", async () => {
  const event = await getEvent({ dedupeKey: "evt_2" });
  expect(event).toMatchObject({
    state: "processed",
    source: { id: "cs_1", waiting: false, order: { id: order.id, number: order.number } },
  });
  expect(event?.payload).toContain('\n  "id": "evt_2"');
});

test("a payload that is not JSON is shown as it came", async () => {
  await anEvent("evt_odd", { payload: "{half", receivedAt: minute(40), ignoredAt: minute(41) });
  expect((await getEvent({ dedupeKey: "evt_odd" }))?.payload).toBe("{half");
});

test("an unknown event is null", async () => {
  expect(await getEvent({ dedupeKey: "evt_nothing" })).toBeNull();
  expect(await getEvent({ dedupeKey: "\u0000" })).toBeNull();
});

test("the oldest event that still needs something is found among those that do not", async () => {
  // Of the eight, only those neither ignored nor processed count: bits 0 (received at minute 0) and 4.
  expect(await getOldestUnprocessed()).toEqual(minute(0));
  await db().stripeEvent.update({ where: { dedupeKey: "evt_0" }, data: { processedAt: minute(50) } });
  expect(await getOldestUnprocessed()).toEqual(minute(2));
  expect(await listFailedEvents({ limit: 5 })).toMatchObject({
    events: [{ dedupeKey: "evt_4" }],
    more: false,
  });
  await db().stripeEvent.update({ where: { dedupeKey: "evt_4" }, data: { processedAt: minute(50) } });
  expect(await getOldestUnprocessed()).toBeNull();
  expect(await listFailedEvents({ limit: 5 })).toEqual({ events: [], more: false });
});
