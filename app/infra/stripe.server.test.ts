import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Stripe from "stripe";
import { afterAll, expect, test } from "vitest";
import { retryAfterSeconds, withReadLimit } from "#app/infra/stripe.server.ts";
import { createTokenBucket } from "#app/infra/token-bucket.ts";

let tooMany = 0;
const server = createServer((_request, response) => {
  const refused = tooMany-- > 0;
  const body = refused
    ? { error: { type: "invalid_request_error", code: "rate_limit" } }
    : { object: "customer" };
  response.writeHead(refused ? 429 : 200, { "Content-Type": "application/json", "Retry-After": "0.3" });
  response.end(JSON.stringify(body));
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
const { port } = server.address() as AddressInfo; // listening on TCP, so an AddressInfo

function client(limit: ReturnType<typeof createTokenBucket>): Stripe {
  const options = { host: "127.0.0.1", port: String(port), protocol: "http" as const, telemetry: false };
  return new Stripe("sk_test_limit", { ...options, maxNetworkRetries: 0, httpClient: withReadLimit(limit) });
}

async function secondsFor(work: Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work;
  return (performance.now() - start) / 1000;
}

test("reads wait for their turn, writes do not", async () => {
  const stripe = client(createTokenBucket({ perSecond: 20, burst: 2 }));
  const read = () => stripe.customers.retrieve("cus_1");
  await read();
  expect(await secondsFor(Promise.all([read(), read(), read(), read(), read()]))).toBeGreaterThan(0.15);
  expect(await secondsFor(stripe.customers.create({}))).toBeLessThan(0.15);
});

test("after too many requests all reads rest as long as Stripe asks for, and so does the failed sync", async () => {
  const stripe = client(createTokenBucket({ perSecond: 1000, burst: 100 }));
  tooMany = 1;
  const error: unknown = await stripe.customers.retrieve("cus_1").catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Stripe.errors.StripeRateLimitError);
  expect(retryAfterSeconds(error)).toBe(0.3);
  expect(await secondsFor(stripe.customers.retrieve("cus_1"))).toBeGreaterThan(0.25);
});

test("only an answer to too many calls asks for a pause", () => {
  expect(retryAfterSeconds(new Error("no"))).toBeNull();
  const error = (headers: Record<string, string>) =>
    new Stripe.errors.StripeRateLimitError({ message: "slow down", type: "rate_limit_error", headers });
  expect(retryAfterSeconds(error({}))).toBeNull();
  expect(retryAfterSeconds(error({ "retry-after": "soon" }))).toBeNull();
  expect(retryAfterSeconds(error({ "retry-after": "86400" }))).toBe(3600);
});
