import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { getCheckoutReturn } from "#app/domain/checkout/checkout-return.server.ts";
import { assessLicense } from "#app/domain/license/assess-license.ts";
import { reinstateLicense, revokeLicense, suspendLicense } from "#app/domain/license/license.server.ts";
import { licenseFacts } from "#app/domain/license/license-facts.ts";
import { replayEvent } from "#app/domain/webhook-inbox/replay-event.server.ts";
import { db } from "#app/infra/db.server.ts";
import { aStaffMember } from "#tests/factories.ts";
import {
  checkOut,
  deliverInOrder,
  openShop,
  outcomeOf,
  takeEvents,
  tick,
  work,
} from "#tests/scenarios/sale-harness.ts";
import type { StoredEvent } from "#tests/stripe-stand-in/stored-types.ts";

// What staff decided about a license outlives everything Stripe says about its sale afterwards.
const shop = await openShop();
const { standIn } = shop;
takeEvents(standIn);
const { id, email } = await aStaffMember();
const actor: Extract<Actor, { type: "staff" }> = { type: "staff", id, label: email };

type Sale = { sessionId: string; browserNonce: string };
type License = Awaited<ReturnType<typeof outcomeOf>>["licenses"][number];

function aChange(license: License) {
  return {
    licenseId: license.id,
    version: license.version,
    submission: randomUUID(),
    reason: "The key was passed on.",
    notifyCustomer: true,
    actor,
    now: new Date(),
    requestId: null,
  };
}

const decisions = {
  revoked: (license: License) => revokeLicense({ ...aChange(license), confirmation: license.keyLastGroup }),
  suspended: (license: License) => suspendLicense(aChange(license)),
};
type Decision = keyof typeof decisions;

const statusOf = (license: License) => assessLicense(licenseFacts(license), new Date()).status;

/** All a sale left behind that must not change any more, whatever is delivered. */
async function traceOf(sessionId: string) {
  const { licenses, mails, audit, alerts, inStep } = await outcomeOf(sessionId);
  return { licenses, mails, audit, alerts, inStep };
}

/** Everything that makes the shop look at the sale again: repeats, twins, the return page, the timers, a person. */
async function stirUp(sale: Sale, events: readonly StoredEvent[]): Promise<void> {
  await deliverInOrder(standIn, events);
  await deliverInOrder(standIn, events.toReversed());
  for (const event of events) {
    await standIn.deliver(event.id, { asNewEventId: true, copies: 2, concurrently: true });
    await work();
  }
  takeEvents(standIn);
  for (const browserNonce of [sale.browserNonce, null])
    await getCheckoutReturn({ ...sale, browserNonce, customerId: null, now: new Date() });
  await db().stripeSource.update({ where: { id: sale.sessionId }, data: { snapshot: {} } });
  await tick();
  await tick(new Date(Date.now() + 2 * 86_400_000));
  for (const event of events) {
    await replayEvent({ dedupeKey: event.id, actor, submission: randomUUID(), now: new Date() });
    await work();
  }
}

for (const decision of ["revoked", "suspended"] satisfies Decision[])
  test(`a license ${decision} by staff stays ${decision} through every event of its sale`, async () => {
    const { sessionId, browserNonce } = await checkOut(shop);
    standIn.pay(sessionId);
    const events = takeEvents(standIn);
    await deliverInOrder(standIn, events);
    const [first, second] = (await outcomeOf(sessionId)).licenses;
    if (!first || !second) throw new Error("The sale gave no licenses.");
    await decisions[decision](first);
    const decided = await traceOf(sessionId);
    expect(decided.licenses.map(statusOf)).toEqual([decision, "unused"]);
    expect(decided.mails).toEqual({ "license-issued": 1, "license-changed": 1 });
    await stirUp({ sessionId, browserNonce }, events);
    expect(await traceOf(sessionId)).toEqual(decided);
  }, 60_000);

for (const decision of ["revoked", "suspended"] satisfies Decision[])
  test(`a license ${decision} before the late events of a delayed payment stays ${decision}`, async () => {
    const { sessionId, browserNonce } = await checkOut(shop);
    standIn.pay(sessionId, { method: "delayed_success" });
    const early = takeEvents(standIn);
    standIn.settle(sessionId, "succeeded");
    const late = takeEvents(standIn);
    const [firstLate, ...rest] = late;
    if (!firstLate) throw new Error("Settling caused no events.");
    await deliverInOrder(standIn, [firstLate]);
    const issued = (await outcomeOf(sessionId)).licenses;
    for (const license of issued) await decisions[decision](license);
    const decided = await traceOf(sessionId);
    expect(decided.licenses.map(statusOf)).toEqual([decision, decision]);
    await deliverInOrder(standIn, [...rest, ...early]);
    await stirUp({ sessionId, browserNonce }, [...early, ...late]);
    expect(await traceOf(sessionId)).toEqual(decided);
  }, 60_000);

test("a decision made while the sale is being synced is not undone by that sync", async () => {
  const { sessionId, browserNonce } = await checkOut(shop);
  standIn.pay(sessionId);
  const events = takeEvents(standIn);
  await deliverInOrder(standIn, events);
  const [first, second] = (await outcomeOf(sessionId)).licenses;
  if (!first || !second) throw new Error("The sale gave no licenses.");
  // Stripe's answer, fetched before the decision, arrives after it.
  standIn.faults.next(1, { latencyMs: 400, match: /GET \/v1\/checkout\/sessions/ });
  await standIn.deliver(events[0]?.id ?? "");
  const syncing = work();
  await decisions.revoked(first);
  await decisions.suspended(second);
  await syncing;
  const decided = await traceOf(sessionId);
  expect(decided.licenses.map(statusOf)).toEqual(["revoked", "suspended"]);
  await stirUp({ sessionId, browserNonce }, events);
  expect(await traceOf(sessionId)).toEqual(decided);
}, 60_000);

test("a license that staff reinstated is not suspended again", async () => {
  const { sessionId, browserNonce } = await checkOut(shop);
  standIn.pay(sessionId);
  const events = takeEvents(standIn);
  await deliverInOrder(standIn, events);
  const [first] = (await outcomeOf(sessionId)).licenses;
  if (!first) throw new Error("The sale gave no licenses.");
  await decisions.suspended(first);
  const [suspended] = (await outcomeOf(sessionId)).licenses;
  if (!suspended) throw new Error("The license is gone.");
  await reinstateLicense(aChange(suspended));
  const decided = await traceOf(sessionId);
  expect(decided.licenses.map(statusOf)).toEqual(["unused", "unused"]);
  await stirUp({ sessionId, browserNonce }, events);
  expect(await traceOf(sessionId)).toEqual(decided);
}, 60_000);

test("fifty deliveries and fifty return pages at the same moment, with two workers, give exactly the licenses and one mail", async () => {
  const { sessionId, browserNonce } = await checkOut(shop, { quantity: 3 });
  standIn.pay(sessionId);
  const events = takeEvents(standIn);
  let isOver = false;
  const workers = [1, 2].map(async () => {
    while (!isOver) {
      await work();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
  const deliveries = Array.from({ length: 50 }, (_, index) =>
    standIn.deliver(events[index % events.length]?.id ?? "", { asNewEventId: index % 10 === 9 }),
  );
  const pages = Array.from({ length: 50 }, (_, index) =>
    getCheckoutReturn({
      sessionId,
      browserNonce: index % 2 === 0 ? browserNonce : null,
      customerId: null,
      now: new Date(),
    }),
  );
  const [answers, shown] = await Promise.all([Promise.all(deliveries), Promise.all(pages)]);
  isOver = true;
  await Promise.all(workers);
  await work();
  expect(answers.flat().map((answer) => answer.status)).toEqual(Array.from({ length: 50 }, () => 200));
  expect(shown.map((page) => page.state)).toEqual(Array.from({ length: 50 }, () => "ready"));
  expect(shown.filter((page) => page.state === "ready" && page.mine)).toHaveLength(25);
  const outcome = await outcomeOf(sessionId);
  expect(outcome.licenses.map((license) => license.ordinal)).toEqual([0, 1, 2]);
  expect(new Set(outcome.licenses.map((license) => license.keyHmac)).size).toBe(3);
  expect(outcome.mails).toEqual({ "license-issued": 1 });
  expect(outcome.audit).toMatchObject({ "license.issued": 3, "order.paid": 1 });
  expect(outcome.alerts).toEqual([]);
  expect(outcome.inStep).toBe(true);
}, 60_000);
