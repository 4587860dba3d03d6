import { expect, test } from "vitest";
import { createTokenBucket } from "#app/infra/token-bucket.ts";

async function secondsFor(turns: number, bucket: ReturnType<typeof createTokenBucket>): Promise<number> {
  const start = performance.now();
  await Promise.all(Array.from({ length: turns }, () => bucket.take()));
  return (performance.now() - start) / 1000;
}

test("a burst goes through at once, what is more waits for its turn", async () => {
  const bucket = createTokenBucket({ perSecond: 100, burst: 20 });
  expect(await secondsFor(20, bucket)).toBeLessThan(0.1);
  const forty = await secondsFor(40, bucket);
  expect(forty).toBeGreaterThan(0.3);
  expect(forty).toBeLessThan(1.5);
});

test("turns come back with time, but never more than a burst", async () => {
  const bucket = createTokenBucket({ perSecond: 100, burst: 5 });
  await secondsFor(5, bucket);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await secondsFor(5, bucket)).toBeLessThan(0.1);
  expect(await secondsFor(10, bucket)).toBeGreaterThan(0.08);
});

test("after a pause was asked for nobody has a turn until it is over", async () => {
  const bucket = createTokenBucket({ perSecond: 1000, burst: 10 });
  bucket.pause(0.2);
  expect(await secondsFor(3, bucket)).toBeGreaterThan(0.19);
});
