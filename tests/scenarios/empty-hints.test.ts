import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { db } from "#app/infra/db.server.ts";
import {
  checkOut,
  openShop,
  outcomeOf,
  takeEvents,
  webhookSecret,
  work,
} from "#tests/scenarios/sale-harness.ts";

// Events that say less than they seem to, and answers that are none.
const shop = await openShop();
const { standIn } = shop;

async function deliver(type: string, object: object): Promise<string> {
  const event = {
    id: `evt_${randomBytes(8).toString("hex")}`,
    object: "event",
    type,
    api_version: "2026-10-28.endive",
    created: Math.floor(Date.now() / 1000),
    livemode: false,
    data: { object },
  };
  const { body, headers } = standIn.signedRequest(event, { secret: webhookSecret });
  expect((await fetch(shop.webhookUrl, { method: "POST", body, headers })).status).toBe(200);
  return event.id;
}

const pathsSince = (count: number) =>
  standIn
    .requests()
    .slice(count)
    .map(({ path }) => path);

test("S98 the invoice that is coming, which names no subscription and has no id, is answered 200 and nothing is fetched", async () => {
  const before = standIn.requests().length;
  for (const object of [
    { object: "invoice", status: "draft", parent: null, lines: { object: "list", data: [] } },
    { object: "invoice", id: null, status: "draft" },
    { object: "invoice", id: "upcoming_in_1QxYz", status: "draft" },
    { object: "invoice", id: "in_1QxYz", status: "draft", parent: null },
  ]) {
    const id = await deliver("invoice.upcoming", object);
    const row = await db().stripeEvent.findUniqueOrThrow({ where: { dedupeKey: id } });
    expect(row).toMatchObject({ sourceId: null, ignoredAt: expect.any(Date), failedAt: null });
  }
  await work();
  expect(pathsSince(before)).toEqual([]);
});

test("S98 one that names its subscription leads there, and the invoice itself is never asked for", async () => {
  for (const object of [
    { object: "invoice", parent: { subscription_details: { subscription: "sub_elsewhere1" } } },
    { object: "invoice", id: "upcoming_in_1", subscription: "sub_elsewhere2" },
  ]) {
    const before = standIn.requests().length;
    const id = await deliver("invoice.upcoming", object);
    await work();
    const row = await db().stripeEvent.findUniqueOrThrow({ where: { dedupeKey: id } });
    expect(row).toMatchObject({ ignoredAt: expect.any(Date), failedAt: null });
    const asked = pathsSince(before);
    expect(asked.some((path) => path.includes("/v1/subscriptions/sub_elsewhere"))).toBe(true);
    expect(asked.filter((path) => /\/v1\/invoices\/\w/.test(path))).toEqual([]);
  }
});

test("S99 a 404 without an error key is a failure that is tried again, never an empty sale", async () => {
  for (const match of [/GET .*checkout\/sessions\/cs_\w+$/, /line_items/, /refunds/, /disputes/]) {
    takeEvents(standIn);
    const { sessionId } = await checkOut(shop);
    standIn.pay(sessionId);
    const completed = takeEvents(standIn).find(({ type }) => type === "checkout.session.completed");
    standIn.faults.next(1, { status: "bare_404", match });
    await standIn.deliver(completed?.id ?? "");
    await work();
    expect(standIn.faults.pending(), String(match)).toBe(0);
    const failed = await outcomeOf(sessionId);
    expect([failed.licenses, failed.mails, failed.inStep], String(match)).toEqual([[], {}, false]);
    const row = () => db().stripeEvent.findUniqueOrThrow({ where: { dedupeKey: completed?.id ?? "" } });
    expect(await row()).toMatchObject({ processedAt: null, ignoredAt: null, failedAt: expect.any(Date) });
    await work(new Date(Date.now() + 60_000));
    expect((await outcomeOf(sessionId)).licenses).toHaveLength(2);
    expect(await row()).toMatchObject({ processedAt: expect.any(Date), failedAt: null });
  }
});
