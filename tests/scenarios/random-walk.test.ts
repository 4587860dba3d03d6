import { expect, test } from "vitest";
import { openLifeShop } from "#tests/scenarios/life-shop.ts";
import { plansOf, walkSeed } from "#tests/scenarios/random-walk.ts";

// RANDOM_WALK_SEEDS=5000 RANDOM_WALK_STEPS=500 RANDOM_WALK_FIRST=1000 npx vitest run tests/scenarios/random-walk.test.ts
const seeds = Number(process.env.RANDOM_WALK_SEEDS ?? 200);
const steps = Number(process.env.RANDOM_WALK_STEPS ?? 200);
const first = Number(process.env.RANDOM_WALK_FIRST ?? 1);

/** Walks that once failed; they go first. */
const onceFailed: readonly number[] = [];

const perTest = 20;
const shrinkMs = 60_000;

const shop = await openLifeShop();
const plans = await plansOf();

async function walkAll(some: readonly number[]): Promise<void> {
  for (const seed of some) {
    const failure = await walkSeed(shop, plans, { seed, steps, shrinkMs });
    if (failure) expect.fail(failure);
  }
}

test("S100 random walks that once failed", () => walkAll(onceFailed), 600_000);

const all = Array.from({ length: seeds }, (_, index) => first + index);
for (let from = 0; from < all.length; from += perTest) {
  const some = all.slice(from, from + perTest);
  test(
    `S100 random walks of ${steps} steps, seeds ${some[0]} to ${some.at(-1)}`,
    () => walkAll(some),
    600_000,
  );
}
