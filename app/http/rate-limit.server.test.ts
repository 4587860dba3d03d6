import { afterEach, expect, test, vi } from "vitest";
import { clientKey, consume, giveBack, waitWords } from "#app/http/rate-limit.server.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
afterEach(() => vi.useRealTimers());

test("turns run out, say how long to wait, and come back when the window is over", async () => {
  const start = Date.now();
  vi.useFakeTimers({ toFake: ["Date"], now: start });
  const take = () => consume("sign-in-code-by-email", "window@example.com");
  for (let i = 0; i < 5; i++) expect(await take()).toEqual({ allowed: true, retryAfterSeconds: 0 });
  vi.setSystemTime(start + 600_000);
  expect(await take()).toEqual({ allowed: false, retryAfterSeconds: 3_000 });
  vi.setSystemTime(start + 3_599_500);
  expect(await take()).toEqual({ allowed: false, retryAfterSeconds: 1 });
  vi.setSystemTime(start + 3_600_001);
  expect(await take()).toEqual({ allowed: true, retryAfterSeconds: 0 });
});

test("of many at once no more than the limit are let in", async () => {
  const turns = await Promise.all(
    Array.from({ length: 60 }, () => consume("sign-in-code-by-client", "198.51.100.7")),
  );
  expect(turns.filter((turn) => turn.allowed)).toHaveLength(20);
});

test("limits and keys do not touch each other", async () => {
  for (let i = 0; i < 6; i++) await consume("sign-in-code-by-email", "full@example.com");
  expect(await consume("sign-in-code-by-email", "full@example.com")).toMatchObject({ allowed: false });
  expect(await consume("sign-in-code-by-email", "empty@example.com")).toMatchObject({ allowed: true });
  expect(await consume("sign-in-code-by-known-device", "full@example.com")).toMatchObject({ allowed: true });
});

test("a turn given back can be taken again", async () => {
  const key = "boss@example.com";
  for (let i = 0; i < 20; i++) {
    expect(await consume("staff-password-by-email-and-client", key)).toMatchObject({ allowed: true });
    await giveBack("staff-password-by-email-and-client", key);
  }
});

test("an IPv6 subscriber is counted by the /64, an IPv4 client by its address", () => {
  const same = [
    "2001:db8:1:2::1",
    "2001:0DB8:0001:0002:ffff:ffff:ffff:ffff",
    "2001:db8:1:2:3::",
    "2001:db8:1:2::1%eth0",
  ];
  for (const address of same) expect(clientKey(address), address).toBe("2001:db8:1:2::/64");
  expect(clientKey("2001:db8:1:3::1")).toBe("2001:db8:1:3::/64");
  expect(clientKey("2001:db8::1")).toBe("2001:db8:0:0::/64");
  expect(clientKey("::1")).toBe("0:0:0:0::/64");
  expect(clientKey("64:ff9b::192.0.2.1")).toBe("64:ff9b:0:0::/64");
  expect(clientKey("192.0.2.1")).toBe("192.0.2.1");
  expect(clientKey("::ffff:192.0.2.1")).toBe("192.0.2.1");
  expect(clientKey("unknown")).toBe("unknown");
});

test("waits are told in words and never too short", () => {
  expect([0, 1, 45, 90, 91, 1800, 3599, 7200, 90_000].map(waitWords)).toEqual([
    "1 second",
    "1 second",
    "45 seconds",
    "2 minutes",
    "2 minutes",
    "30 minutes",
    "60 minutes",
    "2 hours",
    "25 hours",
  ]);
});
