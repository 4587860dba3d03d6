import { expect, test } from "vitest";
import { defaultSettings } from "#app/domain/setting/settings.ts";
import { type CallLimitName, countCall, rateLimitHeaders } from "#app/http/call-limits.server.ts";
import { createCallCounter } from "#app/infra/call-counter.server.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();

const minute = 60_000;
/** A process of its own whose clock the test moves. */
function aProcess(chosen = defaultSettings) {
  const counter = createCallCounter();
  const start = Date.now();
  const call = (name: CallLimitName, who: string, ms = 0) =>
    countCall(name, who, { chosen, counter, nowMs: start + ms });
  return { call, exchange: counter.exchange };
}

test("an address has 60 calls in a minute, an IPv6 /64 together as many as one IPv4 address", () => {
  const { call } = aProcess();
  for (let n = 1; n <= 60; n++)
    expect(call("public-address", `2001:db8:1:2::${n.toString(16)}`)).toMatchObject({
      allowed: true,
      limit: 60,
      remaining: 60 - n,
      resetSeconds: 60,
    });
  expect(call("public-address", "2001:db8:1:2:ffff::1", 15_500)).toEqual({
    allowed: false,
    retryAfterSeconds: 45,
    limit: 60,
    remaining: 0,
    resetSeconds: 45,
  });
  expect(call("public-address", "2001:db8:1:3::1")).toMatchObject({ allowed: true, remaining: 59 });
  expect(call("public-address", "2001:db8:1:2::1", minute)).toMatchObject({ allowed: true, remaining: 59 });
  expect(call("public-address", "::ffff:192.0.2.1")).toMatchObject({ remaining: 59 });
  expect(call("public-address", "192.0.2.1")).toMatchObject({ remaining: 58 });
});

test("two processes share a limit once they have told each other", async () => {
  const [one, other] = [aProcess(), aProcess()];
  for (let n = 0; n < 20; n++) one.call("public-key", "lic_shared");
  for (let n = 0; n < 10; n++) other.call("public-key", "lic_shared");
  await one.exchange();
  await other.exchange();
  expect(other.call("public-key", "lic_shared")).toMatchObject({ allowed: false, limit: 30, remaining: 0 });
  one.call("public-key", "lic_shared");
  await one.exchange();
  expect(one.call("public-key", "lic_shared").allowed).toBe(false);
});

test("the lock after a minute full of failures doubles up to an hour and is forgiven after an hour", () => {
  const { call } = aProcess();
  let ms = 0;
  const failUntilLocked = () => {
    for (let n = 1; n <= 10; n++)
      expect(call("failed-lookup", "192.0.2.9", ms), `failure ${n}`).toMatchObject({ allowed: true });
    return call("failed-lookup", "192.0.2.9", ms).retryAfterSeconds;
  };
  for (const minutes of [1, 2, 4, 8, 16, 32, 60, 60, 60]) {
    expect(failUntilLocked()).toBe(minutes * 60);
    const endsAt = ms + minutes * minute;
    expect(call("failed-lookup", "192.0.2.9", endsAt - 1)).toMatchObject({
      allowed: false,
      retryAfterSeconds: 1,
      remaining: 0,
    });
    ms = endsAt;
  }
  ms += 60 * minute;
  expect(failUntilLocked()).toBe(60);
});

test("a failure now and then is never locked, and each one puts forgiveness off", () => {
  const { call } = aProcess();
  for (let n = 0; n < 200; n++)
    expect(call("failed-lookup", "192.0.2.10", n * 7_000).allowed, `failure ${n}`).toBe(true);
  const begin = 200 * 7_000 + minute;
  for (let n = 0; n < 10; n++) call("failed-lookup", "192.0.2.10", begin);
  // Fifty minutes later one failure, another fifty later the next full minute: still the second one.
  call("failed-lookup", "192.0.2.10", begin + 51 * minute);
  for (let n = 0; n < 10; n++) call("failed-lookup", "192.0.2.10", begin + 101 * minute);
  expect(call("failed-lookup", "192.0.2.10", begin + 101 * minute).retryAfterSeconds).toBe(120);
});

test("a locked address still has its calls with good keys", () => {
  const { call } = aProcess();
  for (let n = 0; n < 11; n++) call("failed-lookup", "192.0.2.11");
  expect(call("failed-lookup", "192.0.2.11").allowed).toBe(false);
  expect(call("public-address", "192.0.2.11")).toMatchObject({ allowed: true, remaining: 59 });
  expect(call("public-key", "lic_good")).toMatchObject({ allowed: true, remaining: 29 });
});

test("a lock holds in every process, and one full minute seen by several is one step", async () => {
  const [one, other] = [aProcess(), aProcess()];
  for (let n = 0; n < 6; n++) one.call("failed-lookup", "192.0.2.12");
  for (let n = 0; n < 6; n++) other.call("failed-lookup", "192.0.2.12");
  await one.exchange();
  await other.exchange();
  // Together the minute is full: whoever counts the next failure locks.
  expect(other.call("failed-lookup", "192.0.2.12")).toMatchObject({ allowed: false, retryAfterSeconds: 60 });
  await other.exchange();
  one.call("failed-lookup", "192.0.2.12");
  await one.exchange();
  const told = one.call("failed-lookup", "192.0.2.12", 1_000);
  expect(told.allowed).toBe(false);
  expect(told.retryAfterSeconds).toBeGreaterThan(55);
  expect(told.retryAfterSeconds).toBeLessThanOrEqual(60);
});

test("an API key has bursts of 200 and 100 calls a second", () => {
  const { call } = aProcess();
  for (let n = 1; n <= 200; n++)
    expect(call("management-key", "key_1")).toMatchObject({ allowed: true, limit: 200, remaining: 200 - n });
  expect(call("management-key", "key_1")).toMatchObject({
    allowed: false,
    retryAfterSeconds: 1,
    remaining: 0,
  });
  expect(call("management-key", "key_2").allowed).toBe(true);
  let allowed = 0;
  for (let ms = 1; ms <= 1_000; ms++) if (call("management-key", "key_1", ms).allowed) allowed++;
  expect(allowed).toBe(100);
});

test("a flood is ten times what an address may do; zero means no limit", () => {
  const { call } = aProcess();
  for (let n = 0; n < 600; n++) expect(call("flood", "192.0.2.13").allowed).toBe(true);
  expect(call("flood", "192.0.2.13").allowed).toBe(false);
  const open = aProcess({
    ...defaultSettings,
    publicCallsPerAddressPerMinute: 0,
    publicCallsPerKeyPerMinute: 0,
    failedLookupsPerAddressPerMinute: 0,
    managementCallsPerSecond: 0,
  });
  const names: CallLimitName[] = ["flood", "public-address", "public-key", "failed-lookup", "management-key"];
  for (const name of names) {
    for (let n = 0; n < 2_000; n++) expect(open.call(name, "192.0.2.13").allowed).toBe(true);
    expect(rateLimitHeaders([open.call(name, "192.0.2.13")])).toEqual({});
  }
});

test("the headers tell the limit nearest to its end, and how long to wait once one refused", () => {
  const turn = { allowed: true, retryAfterSeconds: 0, limit: 60, remaining: 12, resetSeconds: 40 };
  const key = { ...turn, limit: 30, remaining: 4, resetSeconds: 7 };
  expect(rateLimitHeaders([turn, key])).toEqual({
    "RateLimit-Limit": "30",
    "RateLimit-Remaining": "4",
    "RateLimit-Reset": "7",
  });
  const refused = { ...turn, allowed: false, retryAfterSeconds: 40, remaining: 0 };
  expect(rateLimitHeaders([refused, { ...key, remaining: 0 }])).toEqual({
    "RateLimit-Limit": "60",
    "RateLimit-Remaining": "0",
    "RateLimit-Reset": "40",
    "Retry-After": "40",
  });
  expect(rateLimitHeaders([])).toEqual({});
});
