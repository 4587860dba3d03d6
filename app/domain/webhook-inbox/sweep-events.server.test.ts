import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { fetchMissedEvents } from "#app/domain/webhook-inbox/fetch-missed-events.server.ts";
import { sweepEvents } from "#app/domain/webhook-inbox/sweep-events.server.ts";
import { db } from "#app/infra/db.server.ts";
import { aStaffMember } from "#tests/factories.ts";
import { checkOut, openShop, outcomeOf, work } from "#tests/scenarios/sale-harness.ts";

const shop = await openShop();
const { standIn } = shop;

/** Paid at Stripe, and nobody told us. */
async function aSilentSale(): Promise<string> {
  const { sessionId } = await checkOut(shop);
  standIn.pay(sessionId);
  standIn.takePending();
  return sessionId;
}

async function aRequest(submission: string = randomUUID()) {
  const { id, name } = await aStaffMember();
  return { actor: { type: "staff" as const, id, label: name }, submission, now: new Date() };
}

test("events that were never delivered are found, noted as such, and acted on; a second look finds none", async () => {
  const sessionId = await aSilentSale();
  expect(await sweepEvents(new Date())).toBeGreaterThan(0);
  const row = await db().stripeEvent.findFirstOrThrow({
    where: { type: "checkout.session.completed", objectId: sessionId },
  });
  expect(row).toMatchObject({
    note: "Found by the regular check; Stripe's delivery had not arrived.",
    deliveries: 1,
    processedAt: null,
    ignoredAt: null,
  });
  await work();
  expect((await outcomeOf(sessionId)).licenses).toHaveLength(2);
  expect(await db().stripeEvent.count({ where: { processedAt: null, ignoredAt: null } })).toBe(0);
  expect(await sweepEvents(new Date())).toBe(0);
});

test("an event that was delivered is left as it is, and one delivered after it was found is only counted", async () => {
  const { sessionId } = await checkOut(shop);
  standIn.pay(sessionId);
  const events = standIn.takePending();
  const completed = events.find(({ type }) => type === "checkout.session.completed");
  if (!completed) throw new Error("The sale was not completed.");
  await standIn.deliver(completed.id);
  await work();
  await sweepEvents(new Date());
  await work();
  const row = () => db().stripeEvent.findUniqueOrThrow({ where: { dedupeKey: completed.id } });
  expect(await row()).toMatchObject({ note: null, deliveries: 1 });
  await standIn.deliver(completed.id);
  await work();
  expect(await row()).toMatchObject({ note: null, deliveries: 2, processedAt: expect.any(Date) });
  expect((await outcomeOf(sessionId)).mails).toEqual({ "license-issued": 1 });
});

test("a sweep that is cut off begins again where the last whole one began", async () => {
  const cursor = () => db().sweepCursor.findUniqueOrThrow({ where: { name: "events" } });
  await sweepEvents(new Date());
  const { value } = await cursor();
  const sessionId = await aSilentSale();
  standIn.faults.next(5, { status: 500, match: /\/v1\/events/ });
  await expect(sweepEvents(new Date())).rejects.toThrow();
  standIn.faults.clear();
  expect((await cursor()).value).toBe(value);
  await sweepEvents(new Date());
  await work();
  expect((await outcomeOf(sessionId)).licenses).toHaveLength(2);
});

test("staff fetch what is missing; the same form again says the same and is recorded once", async () => {
  const sessionId = await aSilentSale();
  const request = await aRequest();
  const { message } = await fetchMissedEvents(request);
  expect(message).toMatch(/^\d+ missed events were fetched/);
  expect(await fetchMissedEvents(request)).toEqual({ message });
  expect(await db().auditLog.count({ where: { event: "webhook.fetched" } })).toBe(1);
  expect(await fetchMissedEvents(await aRequest())).toEqual({ message: "No event is missing." });
  await work();
  expect((await outcomeOf(sessionId)).licenses).toHaveLength(2);
});

test("when Stripe does not answer, staff are told and nothing is recorded", async () => {
  const before = await db().auditLog.count({ where: { event: "webhook.fetched" } });
  standIn.faults.next(10, { status: 500, match: /\/v1\/events/ });
  await expect(fetchMissedEvents(await aRequest())).rejects.toMatchObject({ code: "UNAVAILABLE" });
  standIn.faults.clear();
  expect(await db().auditLog.count({ where: { event: "webhook.fetched" } })).toBe(before);
});
