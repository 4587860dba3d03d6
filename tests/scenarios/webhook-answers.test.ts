import { randomBytes } from "node:crypto";
import { request as httpRequest } from "node:http";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { stripeWebhookAction } from "#app/http/stripe-webhook.server.ts";
import { closeDb, db } from "#app/infra/db.server.ts";
import { getEnv, setRuntimeEnv } from "#app/infra/env.server.ts";
import { verifyStripeSignature } from "#app/infra/stripe-signature.server.ts";
import {
  checkOut,
  openShop,
  outcomeOf,
  takeEvents,
  webhookSecret,
  work,
} from "#tests/scenarios/sale-harness.ts";

// The answers of `POST /webhooks/stripe`, each asked twice: of the handler mounted ahead of Remix, over a socket,
// and of the Remix action. Nothing may be stored where the answer is not 200.
const shop = await openShop();
const { standIn } = shop;

type Sent = { method?: string; body?: Uint8Array | string; headers?: Record<string, string> };

async function deliverBothWays({
  method = "POST",
  body = "",
  headers: given = {},
}: Sent): Promise<[number, number]> {
  // The length of another body would decide before the body does.
  const { "content-length": _length, ...headers } = given;
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const hasBody = method !== "GET" && method !== "HEAD";
  const overSocket = await new Promise<number>((resolve, reject) => {
    const request = httpRequest(shop.webhookUrl, { method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on("error", reject);
    request.end(hasBody ? bytes : undefined);
  });
  const action = await stripeWebhookAction(
    new Request("http://localhost:3000/webhooks/stripe", {
      method,
      headers,
      ...(hasBody && { body: Buffer.from(bytes) }),
    }),
  );
  return [overSocket, action.status];
}

let counter = 0;

function anEvent(overrides: Record<string, unknown> = {}) {
  counter++;
  return {
    id: `evt_${counter}_${randomBytes(4).toString("hex")}`,
    object: "event",
    type: "checkout.session.completed",
    api_version: "2026-10-28.endive",
    created: Math.floor(Date.now() / 1000),
    livemode: false,
    data: { object: { id: `cs_test_${counter}`, object: "checkout.session" } },
    ...overrides,
  };
}

const nowSeconds = () => Math.floor(Date.now() / 1000);

async function storedCount(): Promise<number> {
  const [events, sources] = await Promise.all([db().stripeEvent.count(), db().stripeSource.count()]);
  return events * 1_000 + sources;
}

async function expectRefused(sent: Sent, status: number): Promise<void> {
  const before = await storedCount();
  expect(await deliverBothWays(sent)).toEqual([status, status]);
  expect(await storedCount()).toBe(before);
}

test("a signed event is stored once with its bytes and marks its purchase dirty", async () => {
  const event = anEvent();
  const signed = standIn.signedRequest(event, { secret: webhookSecret });
  expect(await deliverBothWays(signed)).toEqual([200, 200]);
  const row = await db().stripeEvent.findUniqueOrThrow({ where: { dedupeKey: event.id } });
  expect(row).toMatchObject({ deliveries: 2, payload: signed.body, sourceId: `cs_test_${counter}` });
  const source = await db().stripeSource.findUniqueOrThrow({ where: { id: `cs_test_${counter}` } });
  expect(source).toMatchObject({ dirtySeq: 2, syncedSeq: 0, dirtyCause: event.id });
});

test("S82 a wrong secret is refused", async () => {
  await expectRefused(standIn.signedRequest(anEvent(), { secret: "whsec_other" }), 400);
});

test("S82 an altered byte, anywhere, is refused", async () => {
  const signed = standIn.signedRequest(anEvent(), { secret: webhookSecret });
  const bytes = Buffer.from(signed.body);
  for (const position of [0, 1, 20, Math.floor(bytes.length / 2), bytes.length - 1]) {
    const altered = Buffer.from(bytes);
    altered[position] = (altered[position] ?? 0) ^ 1;
    await expectRefused({ body: altered, headers: signed.headers }, 400);
  }
  const invalid = Buffer.concat([bytes, Buffer.from([0xff])]);
  await expectRefused({ body: invalid, headers: signed.headers }, 400);
});

test("S82 a body that was parsed and written again is refused", async () => {
  const signed = standIn.signedRequest(anEvent(), { secret: webhookSecret });
  const rewritten = JSON.stringify(JSON.parse(signed.body), null, 4);
  await expectRefused({ body: rewritten, headers: signed.headers }, 400);
});

test("S82 a missing, empty or senseless signature header is refused", async () => {
  const { body } = standIn.signedRequest(anEvent(), { secret: webhookSecret });
  for (const headers of [
    {},
    { "stripe-signature": "" },
    { "stripe-signature": "v1=abc" },
    { "stripe-signature": "t=now,v1=abc" },
    { "stripe-signature": `t=${nowSeconds()}` },
  ])
    await expectRefused({ body, headers: headers as Record<string, string> }, 400);
});

test("S82 a signature of scheme v0 only is refused", async () => {
  await expectRefused(standIn.signedRequest(anEvent(), { secret: webhookSecret, scheme: "v0" }), 400);
});

test("S83 a signature is good for five minutes on either side of our clock", async () => {
  const at = (offsetSeconds: number) =>
    standIn.signedRequest(anEvent(), { secret: webhookSecret, timestamp: nowSeconds() + offsetSeconds });
  // A busy machine may take a second or two from the signing to the look at it.
  expect(await deliverBothWays(at(-295))).toEqual([200, 200]);
  expect(await deliverBothWays(at(299))).toEqual([200, 200]);
  await expectRefused(at(-301), 400);
  await expectRefused(at(303), 400);
  await expectRefused(at(365 * 86_400), 400);
});

test("S83 to the second: 299 s old is good, 301 s old is not", () => {
  const { body, headers } = standIn.signedRequest(anEvent(), { secret: webhookSecret, timestamp: 1_000_000 });
  const signature = headers["stripe-signature"] ?? null;
  const receivedAfter = (ageSeconds: number) =>
    verifyStripeSignature(body, signature, [webhookSecret], new Date((1_000_000 + ageSeconds) * 1000)).ok;
  expect([299, 300, 301].map(receivedAfter)).toEqual([true, true, false]);
});

test("S84 while a secret is rolled both are good, afterwards only the new one", async () => {
  const env = getEnv();
  const both = (event: unknown, first: string, second: string) => {
    const one = standIn.signedRequest(event, { secret: first });
    const two = standIn.signedRequest(event, { secret: second });
    const extra = /v1=\w+/.exec(String(two.headers["stripe-signature"]))?.[0];
    return {
      body: one.body,
      headers: { ...one.headers, "stripe-signature": `${one.headers["stripe-signature"]},${extra}` },
    };
  };
  setRuntimeEnv({ ...env, stripeWebhookSecrets: ["whsec_new", webhookSecret] });
  expect(await deliverBothWays(standIn.signedRequest(anEvent(), { secret: webhookSecret }))).toEqual([
    200, 200,
  ]);
  expect(await deliverBothWays(standIn.signedRequest(anEvent(), { secret: "whsec_new" }))).toEqual([
    200, 200,
  ]);
  setRuntimeEnv({ ...env, stripeWebhookSecrets: ["whsec_new"] });
  expect(await deliverBothWays(both(anEvent(), webhookSecret, "whsec_new"))).toEqual([200, 200]);
  expect(await deliverBothWays(both(anEvent(), "whsec_new", webhookSecret))).toEqual([200, 200]);
  await expectRefused(standIn.signedRequest(anEvent(), { secret: webhookSecret }), 400);
  setRuntimeEnv(env);
});

test("S85 without a secret nothing is believed: 503", async () => {
  const env = getEnv();
  setRuntimeEnv({ ...env, stripeWebhookSecrets: [] });
  await expectRefused(standIn.signedRequest(anEvent(), { secret: webhookSecret }), 503);
  await expectRefused({ body: JSON.stringify(anEvent()) }, 503);
  setRuntimeEnv(env);
});

test("S89 only POST is answered, and only bodies of at most 1 MiB without an encoding", async () => {
  const signed = standIn.signedRequest(anEvent(), { secret: webhookSecret });
  for (const method of ["GET", "PUT", "PATCH", "DELETE"])
    await expectRefused({ method, headers: signed.headers }, 405);
  const large = standIn.signedRequest(anEvent({ padding: "x".repeat(1_048_576) }), { secret: webhookSecret });
  await expectRefused(large, 413);
  await expectRefused(
    { body: gzipSync(signed.body), headers: { ...signed.headers, "content-encoding": "gzip" } },
    415,
  );
  const content = { ...signed.headers, "content-type": "text/plain" };
  expect(await deliverBothWays({ body: signed.body, headers: content })).toEqual([200, 200]);
});

test("S89 a body larger than it said is cut off at 1 MiB while it streams", async () => {
  const status = await new Promise<number>((resolve) => {
    const request = httpRequest(shop.webhookUrl, {
      method: "POST",
      headers: { "transfer-encoding": "chunked" },
    });
    request.on("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    request.on("error", () => undefined);
    const chunk = Buffer.alloc(65_536, 120);
    const pump = () => {
      if (request.destroyed) return;
      request.write(chunk, () => setImmediate(pump));
    };
    pump();
  });
  expect(status).toBe(413);
});

test("S89 signed bytes that are no event are refused, also when they are no JSON", async () => {
  for (const body of [
    "not json",
    "[]",
    "null",
    "{}",
    '{"object":"event"}',
    '{"object":"event","id":7}',
    '"evt_1"',
  ]) {
    const signed = standIn.signedRequest(body, { secret: webhookSecret });
    await expectRefused({ body: signed.body, headers: signed.headers }, 400);
  }
  await expectRefused(standIn.signedRequest(anEvent({ id: "evt_\u0000" }), { secret: webhookSecret }), 400);
});

test("S89 a type nobody asked for is stored, answered 200 and marked as nothing to do", async () => {
  const event = anEvent({ type: "product.updated", data: { object: { id: "prod_1", object: "product" } } });
  expect(await deliverBothWays(standIn.signedRequest(event, { secret: webhookSecret }))).toEqual([200, 200]);
  const row = await db().stripeEvent.findUniqueOrThrow({ where: { dedupeKey: event.id } });
  expect(row.ignoredAt).toBeInstanceOf(Date);
  expect(row.sourceId).toBeNull();
});

test("S88 a thin event leads to the same licenses, and with its snapshot twin it is one row", async () => {
  const { sessionId } = await checkOut(shop);
  standIn.pay(sessionId);
  const completed = takeEvents(standIn).find((event) => event.type === "checkout.session.completed");
  if (!completed) throw new Error("The sale caused no completed event.");
  const thin = {
    id: "evt_thin_1",
    object: "v2.core.event",
    type: "v1.checkout.session.completed",
    created: new Date().toISOString(),
    livemode: false,
    related_object: { id: sessionId, type: "checkout.session", url: `/v1/checkout/sessions/${sessionId}` },
    snapshot_event: completed.id,
  };
  expect(await deliverBothWays(standIn.signedRequest(thin, { secret: webhookSecret }))).toEqual([200, 200]);
  await standIn.deliver(completed.id);
  await work();
  expect((await outcomeOf(sessionId)).licenses).toHaveLength(2);
  const rows = await db().stripeEvent.findMany({
    where: { dedupeKey: { in: [completed.id, "evt_thin_1"] } },
  });
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ dedupeKey: completed.id, deliveries: 3 });
});

test("no call to Stripe is made while a webhook is answered", async () => {
  const asked = standIn.requests().length;
  await deliverBothWays(standIn.signedRequest(anEvent(), { secret: webhookSecret }));
  expect(standIn.requests()).toHaveLength(asked);
});

test("two hundred deliveries at once, half of them twins, are all stored", async () => {
  const events = Array.from({ length: 100 }, () => anEvent());
  const answers = await Promise.all(
    [...events, ...events].map(async (event) => {
      const { body, headers } = standIn.signedRequest(event, { secret: webhookSecret });
      return (await fetch(shop.webhookUrl, { method: "POST", body, headers })).status;
    }),
  );
  expect(new Set(answers)).toEqual(new Set([200]));
  const rows = await db().stripeEvent.findMany({
    where: { dedupeKey: { in: events.map((event) => event.id) } },
  });
  expect(rows.map((row) => row.deliveries)).toEqual(events.map(() => 2));
});

test("S90 with the database gone Stripe is told to deliver again, and the later delivery is acted on once", async () => {
  const env = getEnv();
  const { sessionId } = await checkOut(shop);
  standIn.pay(sessionId);
  const event = takeEvents(standIn).find(({ type }) => type === "checkout.session.completed");
  if (!event) throw new Error("The sale caused no completed event.");
  await closeDb();
  const elsewhere = new URL(env.databaseUrl);
  elsewhere.pathname = "/no_such_database";
  setRuntimeEnv({ ...env, databaseUrl: elsewhere.href });
  const signed = standIn.signedRequest(event, { secret: webhookSecret });
  expect(await deliverBothWays(signed)).toEqual([503, 503]);
  await closeDb();
  setRuntimeEnv(env);
  expect(await db().stripeEvent.findUnique({ where: { dedupeKey: event.id } })).toBeNull();
  expect(await deliverBothWays(signed)).toEqual([200, 200]);
  await work();
  expect(await outcomeOf(sessionId)).toMatchObject({ mails: { "license-issued": 1 }, inStep: true });
  expect((await outcomeOf(sessionId)).licenses).toHaveLength(2);
  const row = await db().stripeEvent.findUniqueOrThrow({ where: { dedupeKey: event.id } });
  expect(row.deliveries).toBe(2);
});
