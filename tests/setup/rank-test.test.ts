import { expect, test } from "vitest";
import { rankTest, upperTail } from "#tests/setup/rank-test.ts";

test("the rank test tells what differs from what does not", () => {
  const noise = (seed: number) =>
    Array.from({ length: 60 }, (_, n) => 10 + ((n * 7919 + seed * 104729) % 997) / 100);
  expect(rankTest(noise(1), noise(2))).toBeGreaterThan(0.05);
  expect(
    rankTest(
      noise(1),
      noise(2).map((ms) => ms + 3),
    ),
  ).toBeLessThan(0.01);
  expect(2 * upperTail(1.959964)).toBeCloseTo(0.05, 4);
});
