import { expect, test } from "vitest";
import { createApiKey } from "#app/domain/api-key/api-key.server.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { formatKey, keyBodyFromBytes } from "#app/domain/license/license-key.ts";
import { db } from "#app/infra/db.server.ts";
import { setRuntimeEnv } from "#app/infra/env.server.ts";
import { callApi, chooseSettings, startApi } from "#tests/api/api-server.ts";
import { type PublicAnswer, type PublicQuestion, publicQuestions } from "#tests/api/public-questions.ts";
import { startWholeServer } from "#tests/api/start-whole-server.ts";
import { aLicense, aPolicy, aProduct } from "#tests/factories.ts";
import { until } from "#tests/scenarios/processes.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

const env = await useTestRuntime({ trustProxy: "loopback" });
const other = await startWholeServer(env, { TRUST_PROXY: "loopback", LOG_LEVEL: "silent" });
const { url } = await startApi({
  publicCallsPerAddressPerMinute: 60,
  publicCallsPerKeyPerMinute: 30,
  failedLookupsPerAddressPerMinute: 10,
});
const product = await aProduct({ slug: "lumen", keyPrefix: "LUMEN" });
const policy = await aPolicy({ productId: product.id, deviceLimit: null });
const validate = requireQuestion("Latchkey validate");

function requireQuestion(name: string): PublicQuestion {
  const found = publicQuestions.find((question) => question.name === name);
  if (!found) throw new Error(`There is no question ${name}.`);
  return found;
}

let made = 0;
/** Addresses that nobody else in this file has. */
const anAddress = () => `198.51.${Math.floor(++made / 250)}.${(made % 250) + 1}`;
const aKey = async () => readKey(await aLicense({ policyId: policy.id }));
const unknownKey = () => formatKey("LUMEN", keyBodyFromBytes(crypto.getRandomValues(new Uint8Array(17))));
const mistypedKey = () => `${unknownKey().slice(0, -2)}00`;

/** What every answer says about the limits. */
function limitsIn({ headers }: Pick<PublicAnswer, "headers">) {
  const number = (name: string) => (headers.has(name) ? Number(headers.get(name)) : null);
  return {
    limit: number("ratelimit-limit"),
    remaining: number("ratelimit-remaining"),
    reset: number("ratelimit-reset"),
    retryAfter: number("retry-after"),
  };
}

async function fail(question: PublicQuestion, times: number, from: string): Promise<void> {
  for (let n = 0; n < times; n++) {
    const answer = await question.ask(url, n % 2 ? unknownKey() : mistypedKey(), from);
    expect(question.isKnown(answer)).toBe(false);
    expect(answer.status).not.toBe(429);
    expect(limitsIn(answer)).toMatchObject({ limit: 10, remaining: 9 - n, retryAfter: null });
  }
}

test.each(publicQuestions)(
  "$name: the eleventh wrong key in a minute is refused, a good one never is",
  async (question) => {
    const from = anAddress();
    await fail(question, 10, from);
    for (const key of [unknownKey(), mistypedKey()]) {
      const refused = await question.ask(url, key, from);
      expect(refused.status).toBe(429);
      const { limit, remaining, retryAfter } = limitsIn(refused);
      expect({ limit, remaining }).toEqual({ limit: 10, remaining: 0 });
      expect(retryAfter).toBeGreaterThan(50);
      expect(retryAfter).toBeLessThanOrEqual(60);
    }
    const good = await question.ask(url, await aKey(), from);
    expect(question.isKnown(good), good.text).toBe(true);
    expect(limitsIn(good)).toMatchObject({ limit: 30, remaining: 29, retryAfter: null });
    // Nor is anybody else.
    expect((await question.ask(url, unknownKey(), anAddress())).status).not.toBe(429);
  },
);

test("all routes share the failures of an address", async () => {
  const from = anAddress();
  for (const question of publicQuestions.slice(0, 10)) await question.ask(url, unknownKey(), from);
  for (const question of publicQuestions)
    expect((await question.ask(url, unknownKey(), from)).status, question.name).toBe(429);
});

test("who was locked out before is locked out for longer", async () => {
  const from = anAddress();
  // Three minutes full of failures, the last lock just over: one row tells all of it.
  await db().callCount.create({
    data: { key: `highest:failed-lookup:${from}`, count: 3, resetsAt: new Date(Date.now() + 3_590_000) },
  });
  await fail(validate, 1, from);
  await until("this process has heard of it", async () => {
    const row = await db().callCount.findUnique({ where: { key: `failed-lookup:${from}` } });
    return row?.count === 1;
  });
  for (let n = 0; n < 9; n++) expect((await validate.ask(url, unknownKey(), from)).status).toBe(404);
  const { retryAfter } = limitsIn(await validate.ask(url, unknownKey(), from));
  expect(retryAfter).toBeGreaterThan(470);
  expect(retryAfter).toBeLessThanOrEqual(480);
});

test("an IPv6 /64 counts as one address, and only a trusted proxy names addresses", async () => {
  for (let n = 0; n < 10; n++) await validate.ask(url, unknownKey(), `2001:db8:7:7::${n.toString(16)}`);
  expect((await validate.ask(url, unknownKey(), "2001:db8:7:7:ffff::1")).status).toBe(429);
  expect((await validate.ask(url, unknownKey(), "2001:db8:7:8::1")).status).toBe(404);
  const { trustProxy: _, ...untrusting } = env;
  setRuntimeEnv({ ...untrusting, trustProxy: undefined });
  const direct = await startApi({ failedLookupsPerAddressPerMinute: 10 });
  setRuntimeEnv(env);
  for (let n = 0; n < 10; n++) await validate.ask(direct.url, unknownKey(), anAddress());
  expect((await validate.ask(direct.url, unknownKey(), anAddress())).status).toBe(429);
  await chooseSettings({ publicCallsPerAddressPerMinute: 60, publicCallsPerKeyPerMinute: 30 });
});

test("a key used too often is refused for a while, other keys from the same address are not", async () => {
  const [busy, other, from] = [await aKey(), await aKey(), anAddress()];
  for (let n = 0; n < 30; n++) {
    const question = publicQuestions[n % publicQuestions.length] ?? validate;
    const answer = await question.ask(url, busy, n % 2 ? from : anAddress());
    expect(answer.status, `${question.name} ${n}`).not.toBe(429);
  }
  for (const question of publicQuestions) {
    const refused = await question.ask(url, busy, anAddress());
    expect(refused.status, question.name).toBe(429);
    expect(limitsIn(refused)).toMatchObject({ limit: 30, remaining: 0, retryAfter: expect.any(Number) });
  }
  expect((await validate.ask(url, other, from)).status).toBe(200);
});

test("an address has sixty good calls in a minute", async () => {
  const [keys, from] = [await Promise.all([aKey(), aKey(), aKey()]), anAddress()];
  for (let n = 0; n < 60; n++)
    expect((await validate.ask(url, keys[n % 3] ?? "", from)).status, String(n)).toBe(200);
  const refused = await validate.ask(url, keys[0] ?? "", from);
  expect(refused.status).toBe(429);
  expect(limitsIn(refused)).toMatchObject({ limit: 60, remaining: 0, retryAfter: expect.any(Number) });
});

test("an API key may burst to twice its rate and no further; a wrong one is counted by address", async () => {
  await chooseSettings({ managementCallsPerSecond: 2 });
  const { key } = await createApiKey({
    ...{ name: "Shop", scopes: ["catalog:read"], expiresAt: null, createdBy: "tests" },
    ...{ actor: systemActor("tests"), now: new Date(), requestId: null },
  });
  const call = (apiKey: string) =>
    callApi(`${url}/api/v1/products`, { headers: { Authorization: `Bearer ${apiKey}` } });
  const answers = await Promise.all(Array.from({ length: 12 }, () => call(key)));
  const refused = answers.filter(({ status }) => status === 429);
  // While they run the bucket may get a call back, or a few on a slow machine.
  expect(refused.length).toBeGreaterThan(0);
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(4);
  for (const answer of answers) expect(limitsIn(answer)).toMatchObject({ limit: 4 });
  for (const answer of refused) expect(limitsIn(answer).retryAfter).toBe(1);
  const wrong = await call("lk_wrong");
  expect(wrong.status).toBe(401);
  expect(limitsIn(wrong)).toMatchObject({ limit: 600 });
  await chooseSettings({ managementCallsPerSecond: 0 });
});

test("every answer tells the limit, whatever it is about", async () => {
  const places: [string, { method?: string; body?: unknown }][] = [
    ["/api/v1/nothing", {}],
    ["/api/v1/licenses/validate", { method: "GET" }],
    ["/api/v1/licenses/validate", { body: "{" }],
    ["/api/v1/licenses/validate", { body: {} }],
    ["/v1/licenses/validate", { body: {} }],
    ["/activate", { body: {} }],
    ["/auth/validate", { body: {} }],
    ["/v1/accounts/x/licenses/actions/validate-key", { body: {} }],
    ["/api/v1/licenses", {}],
    ["/v3/licenses", {}],
    ["/management/licenses", {}],
  ];
  for (const [path, options] of places) {
    const { headers } = await callApi(url + path, {
      ...options,
      headers: { "X-Forwarded-For": anAddress() },
    });
    expect(limitsIn({ headers }), path).toMatchObject({ limit: 600, remaining: 599, reset: 60 });
  }
});

test("two processes share the count of failures within about a second", async () => {
  const from = anAddress();
  await fail(validate, 10, from);
  const startedAt = performance.now();
  let tries = 0;
  await until("the other process refuses, too", async () => {
    tries++;
    const { status } = await validate.ask(other.url, unknownKey(), from);
    if (status !== 429) await new Promise((resolve) => setTimeout(resolve, 250));
    return status === 429;
  });
  // By its own count alone it would have answered ten times.
  expect(tries).toBeLessThan(10);
  expect(performance.now() - startedAt).toBeLessThan(2_500);
  expect((await validate.ask(other.url, await aKey(), from)).status).toBe(200);
});
