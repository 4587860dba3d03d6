import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Stripe from "stripe";
import { afterAll, expect, test } from "vitest";
import { getCheckoutReturn } from "#app/domain/checkout/checkout-return.server.ts";
import { syncDueSources } from "#app/domain/stripe-sync/sync-due-sources.server.ts";
import { db } from "#app/infra/db.server.ts";
import { getEnv, setRuntimeEnv } from "#app/infra/env.server.ts";
import { dropSingleton, singleton } from "#app/infra/singleton.server.ts";
import { checkOut, openShop, outcomeOf, takeEvents, tick, work } from "#tests/scenarios/sale-harness.ts";
import type { FaultSpec } from "#tests/stripe-stand-in/faults.ts";
import type { StoredEvent } from "#tests/stripe-stand-in/stored-types.ts";

// Stripe is there, but not for us. Webhooks still come, nothing can be looked up; time is moved, not waited for.
const shop = await openShop();
const { standIn } = shop;
takeEvents(standIn);

/** The real client, but impatient, so that a call that is never answered costs the test little. */
function impatientClient(base: string): void {
  const { stripeSecretKey } = getEnv();
  const { hostname, port } = new URL(base);
  const name = `stripe:${stripeSecretKey}:${base}`;
  dropSingleton(name);
  singleton(
    name,
    () =>
      new Stripe(stripeSecretKey ?? "", {
        host: hostname,
        port,
        protocol: "http",
        telemetry: false,
        timeout: 250,
        maxNetworkRetries: 0,
      }),
  );
}
impatientClient(standIn.apiBase);

const minute = 60_000;
const later = (minutes: number) => new Date(Date.now() + minutes * minute);

async function sell(method?: "delayed_success") {
  const sale = await checkOut(shop);
  standIn.pay(sale.sessionId, method ? { method } : {});
  return { ...sale, events: takeEvents(standIn) };
}

async function deliverAll(events: readonly StoredEvent[]): Promise<number[]> {
  const answers = [];
  for (const event of events) answers.push(...(await standIn.deliver(event.id)));
  return answers.map((answer) => answer.status ?? 0);
}

async function expectSoldOnce(sessionId: string): Promise<void> {
  const outcome = await outcomeOf(sessionId);
  expect(outcome.licenses).toHaveLength(2);
  expect(outcome.mails["license-issued"]).toBe(1);
  expect(outcome.audit).toMatchObject({ "order.created": 1, "order.paid": 1, "license.issued": 2 });
  expect(outcome.inStep).toBe(true);
  const open = { sourceId: sessionId, OR: [{ processedAt: null }, { failedAt: { not: null } }] };
  expect(await db().stripeEvent.count({ where: open })).toBe(0);
  const source = await db().stripeSource.findUniqueOrThrow({ where: { id: sessionId } });
  expect(source).toMatchObject({ failCount: 0, retryAt: null, lastError: null, leaseToken: null });
  expect(await db().alert.count({ where: { sourceId: sessionId, resolvedAt: null } })).toBe(0);
}

const outages: [name: string, fault: FaultSpec][] = [
  ["too many requests", { status: 429 }],
  ["errors of its own", { status: 500 }],
  ["hung up connections", "reset"],
  ["no answer at all", "timeout"],
];

for (const [name, fault] of outages)
  test(`S92 ten minutes of ${name}: webhooks are taken, tries grow rarer, and the end is as without it`, async () => {
    const sale = await sell();
    standIn.faults.next(10_000, fault);
    const before = standIn.requests().length;
    expect(new Set(await deliverAll(sale.events))).toEqual(new Set([200]));
    for (let at = 0; at <= 10; at += 0.25) await work(later(at));
    const asked = standIn.requests().length - before;
    // The session, the payment: a handful of tries each, not one per quarter of a minute.
    expect(asked).toBeGreaterThan(4);
    expect(asked).toBeLessThan(30);
    const during = await outcomeOf(sale.sessionId);
    expect([during.licenses, during.mails, during.inStep]).toEqual([[], {}, false]);
    const failed = await db().stripeEvent.findMany({ where: { sourceId: sale.sessionId } });
    expect(failed.every((row) => row.failedAt !== null && row.processedAt === null && row.lastError)).toBe(
      true,
    );
    expect(during.alerts).toEqual(["fulfillment-failed"]);
    standIn.faults.clear();
    for (let at = 10; at <= 75; at += 5) await work(later(at));
    await expectSoldOnce(sale.sessionId);
  }, 60_000);

test("S92 a new hint or a visit of the buyer ends the pause at once when Stripe is back", async () => {
  const [hinted, visited] = [await sell(), await sell()];
  standIn.faults.next(10_000, { status: 500 });
  await deliverAll([...hinted.events, ...visited.events]);
  for (let at = 0; at <= 10; at++) await work(later(at));
  standIn.faults.clear();
  expect(await syncDueSources(later(10))).toBe(0);
  await deliverAll(hinted.events);
  await work(later(10));
  await expectSoldOnce(hinted.sessionId);
  const { sessionId, browserNonce } = visited;
  const page = await getCheckoutReturn({ sessionId, browserNonce, customerId: null, now: later(10) });
  expect(page).toMatchObject({ state: "ready", mine: true });
  await work(later(75));
  await expectSoldOnce(sessionId);
});

test("S92 an outage in the middle of a delayed payment and of a sweep changes nothing but the time", async () => {
  const sale = await sell("delayed_success");
  await deliverAll(sale.events);
  await work();
  standIn.settle(sale.sessionId, "succeeded");
  takeEvents(standIn); // lost
  standIn.faults.next(10_000, { status: 503 });
  await expect(tick(later(5))).rejects.toThrow();
  standIn.faults.clear();
  await tick(later(60));
  await tick(later(61));
  await expectSoldOnce(sale.sessionId);
  expect((await outcomeOf(sale.sessionId)).mails).toEqual({ "payment-pending": 1, "license-issued": 1 });
});

test("S92 only some calls fail: half an answer is no answer", async () => {
  for (const match of [/line_items/, /GET .*checkout\/sessions\/cs_/]) {
    const sale = await sell();
    standIn.faults.next(3, { status: 500, match });
    await deliverAll(sale.events);
    await work();
    expect((await outcomeOf(sale.sessionId)).licenses).toHaveLength(0);
    standIn.faults.clear();
    await work(later(60));
    await work(later(61));
    await expectSoldOnce(sale.sessionId);
  }
});

/** Something in between that answers in Stripe's place. */
async function withProxy(
  answer: { status: number; type: string; body: string },
  body: () => Promise<void>,
): Promise<void> {
  const server = createServer((_request, response) => {
    response.writeHead(answer.status, { "Content-Type": answer.type }).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP, so an AddressInfo
  const env = getEnv();
  const base = `http://127.0.0.1:${port}`;
  setRuntimeEnv({ ...env, stripeApiBase: base });
  impatientClient(base);
  try {
    await body();
  } finally {
    setRuntimeEnv(env);
    server.close();
    server.closeAllConnections();
  }
}

const strange: [name: string, answer: { status: number; type: string; body: string }][] = [
  ["a page of HTML", { status: 502, type: "text/html", body: "<h1>Bad gateway</h1>" }],
  ["HTML that says all is well", { status: 200, type: "text/html", body: "<h1>Welcome</h1>" }],
  ["404 without an error", { status: 404, type: "application/json", body: '{"message":"not here"}' }],
  ["an empty object", { status: 200, type: "application/json", body: "{}" }],
  [
    "another object",
    { status: 200, type: "application/json", body: '{"object":"balance","livemode":false}' },
  ],
  ["an empty list", { status: 200, type: "application/json", body: '{"object":"list","data":{}}' }],
  ["nothing", { status: 200, type: "application/json", body: "" }],
];

test("S99 an answer that is not Stripe's, such as a 404 without an error, is a failure with a sentence, never a sale that was not found", async () => {
  for (const [name, answer] of strange) {
    const sale = await sell();
    await withProxy(answer, async () => {
      await deliverAll(sale.events);
      await work();
    });
    const rows = await db().stripeEvent.findMany({ where: { payload: { contains: sale.sessionId } } });
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(row, name).toMatchObject({ processedAt: null, ignoredAt: null });
      expect(row.lastError, name).toMatch(/\w+ \w+/);
      expect(row.lastError, name).not.toMatch(/undefined|of null/);
    }
    const payments = await db().stripeSource.findMany({ where: { kind: "payment_intent", failCount: 0 } });
    expect(
      payments.filter((source) => source.dirtySeq > source.syncedSeq),
      name,
    ).toEqual([]);
    await work(later(1));
    await work(later(5));
    await expectSoldOnce(sale.sessionId);
  }
}, 60_000);
afterAll(() => standIn.faults.clear());
