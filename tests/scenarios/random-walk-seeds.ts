import { expect, test } from "vitest";
import { openLifeShop } from "#tests/scenarios/life-shop.ts";
import { plansOf, walkSeed } from "#tests/scenarios/random-walk.ts";

// Any number by hand, and with RANDOM_WALK_TELL=1 every story:
// RANDOM_WALK_SEEDS=5000 RANDOM_WALK_STEPS=500 RANDOM_WALK_FIRST=1000 npx vitest run tests/scenarios/random-walk
const seeds = Number(process.env.RANDOM_WALK_SEEDS ?? 200);
const steps = Number(process.env.RANDOM_WALK_STEPS ?? 200);
const first = Number(process.env.RANDOM_WALK_FIRST ?? 1);

/** Walks that once failed; they go first. */
const onceFailed: readonly number[] = [];

const perTest = 10;
const shrinkMs = 60_000;
const timeoutMs = 900_000;

/** Declares one of two parts of the walks: two test files, so that two processors share them. */
export async function declareWalks(name: string, part: 0 | 1): Promise<void> {
  const shop = await openLifeShop();
  const plans = await plansOf();
  const walkAll = async (some: readonly number[]) => {
    for (const seed of some) {
      const failure = await walkSeed(shop, plans, { seed, steps, shrinkMs });
      if (failure) expect.fail(failure);
    }
  };
  const ours = (seed: number) => seed % 2 === part;
  const known = onceFailed.filter(ours);
  if (known.length > 0) test(`${name}: those that once failed`, () => walkAll(known), timeoutMs);
  const all = Array.from({ length: seeds }, (_, index) => first + index).filter(ours);
  // A test file without a test is an error to Vitest.
  if (all.length === 0) test(`${name}: none of the seeds is ours`, () => expect(all).toEqual([]));
  for (let from = 0; from < all.length; from += perTest) {
    const some = all.slice(from, from + perTest);
    test(`${name}: ${steps} steps, seeds ${some.join(", ")}`, () => walkAll(some), timeoutMs);
  }
}
