import { expect, test } from "vitest";
import {
  countInWindow,
  createCallCounts,
  levelOf,
  mergeShared,
  raise,
  takeBack,
  takeChanged,
  takeFromBucket,
} from "#app/infra/call-counts.ts";

const start = Date.UTC(2026, 10, 21);
const window = { limit: 3, windowMs: 60_000 };

test("a window holds its limit, begins with the first call and ends by itself", () => {
  const counts = createCallCounts(10);
  const at = (ms: number) => countInWindow(counts, "a", window, start + ms);
  expect(at(0)).toEqual({ allowed: true, count: 1, resetsInMs: 60_000 });
  at(10_000);
  expect(at(20_000)).toEqual({ allowed: true, count: 3, resetsInMs: 40_000 });
  expect(at(59_999)).toEqual({ allowed: false, count: 3, resetsInMs: 1 });
  expect(at(60_000)).toEqual({ allowed: true, count: 1, resetsInMs: 60_000 });
});

test("a bucket gives a burst at once and then a steady rate", () => {
  const counts = createCallCounts(10);
  const take = (ms: number) => takeFromBucket(counts, "k", { perSecond: 100, burst: 200 }, start + ms);
  for (let n = 1; n <= 200; n++) expect(take(0)).toMatchObject({ allowed: true, remaining: 200 - n });
  expect(take(0)).toEqual({ allowed: false, remaining: 0, retryAfterMs: 10, fullInMs: 2_000 });
  let allowed = 0;
  for (let ms = 1; ms <= 120_000; ms++) if (take(ms).allowed) allowed++;
  // Over two minutes and two windows of the sum, neither more nor less than the rate.
  expect(allowed).toBe(12_000);
  expect(take(180_000)).toMatchObject({ allowed: true, remaining: 199 });
});

test("what others took from a bucket counts, spread over the time since the last exchange", () => {
  const counts = createCallCounts(10);
  const take = (ms: number) => takeFromBucket(counts, "k", { perSecond: 10, burst: 20 }, start + ms);
  take(0);
  mergeShared(counts, [{ key: "k", count: 1, remainingMs: 59_000 }], start + 100);
  takeChanged(counts, start + 100);
  // Another process made 300 calls in 30 seconds: its full share, but nothing of what is left now.
  mergeShared(counts, [{ key: "k", count: 301, remainingMs: 29_000 }], start + 30_100);
  expect(take(30_200).remaining).toBeGreaterThan(15);
  // And 100 within the next half second: that is more than the bucket had.
  mergeShared(counts, [{ key: "k", count: 402, remainingMs: 28_000 }], start + 30_600);
  expect(take(30_600)).toMatchObject({ allowed: false, remaining: 0 });
});

test("only what changed is told, once, and what could not be told is told again", () => {
  const counts = createCallCounts(10);
  countInWindow(counts, "a", window, start);
  countInWindow(counts, "a", window, start);
  raise(counts, "highest:b", 2, start + 10_000, start);
  const sent = takeChanged(counts, start + 1_000);
  expect(sent).toEqual([
    { key: "a", amount: 2, remainingMs: 59_000 },
    { key: "highest:b", amount: 2, remainingMs: 9_000 },
  ]);
  expect(takeChanged(counts, start + 1_000)).toEqual([]);
  takeBack(counts, sent);
  expect(takeChanged(counts, start + 1_000)).toEqual(sent);
  mergeShared(counts, [{ key: "a", count: 3, remainingMs: 5_000 }], start + 2_000);
  expect(countInWindow(counts, "a", window, start + 2_000)).toEqual({
    allowed: false,
    count: 3,
    resetsInMs: 5_000,
  });
  expect(takeChanged(counts, start + 2_000)).toEqual([]);
});

test("a raised key never goes back before its end", () => {
  const counts = createCallCounts(10);
  raise(counts, "highest:a", 3, start + 10_000, start);
  raise(counts, "highest:a", 1, start + 5_000, start);
  mergeShared(counts, [{ key: "highest:a", count: 2, remainingMs: 20_000 }], start);
  expect(levelOf(counts, "highest:a", start)).toEqual({ level: 3, untilMs: start + 20_000 });
  expect(levelOf(counts, "highest:a", start + 20_000)).toBeNull();
});

test("memory is bounded: of too many keys the oldest window is forgotten, spent ones at the next exchange", () => {
  const counts = createCallCounts(1_000);
  for (let n = 0; n < 50_000; n++) countInWindow(counts, `key-${n}`, window, start + n);
  expect(counts.tallies.size).toBe(1_000);
  expect(counts.tallies.has("key-48999")).toBe(false);
  expect(counts.tallies.has("key-49000")).toBe(true);
  takeChanged(counts, start + 49_000 + 60_000);
  expect(counts.tallies.size).toBe(999);
});
