import type { LifeShop } from "#tests/scenarios/life-shop.ts";
import type { WalkMemory } from "#tests/scenarios/walk-checks.ts";
import { seededRandom } from "#tests/stripe-stand-in/random.ts";
import type { StoredEvent } from "#tests/stripe-stand-in/stored-types.ts";

/** What acts of one walk share. */
export type Walk = {
  shop: LifeShop;
  standIn: LifeShop["standIn"];
  now: () => Date;
  /** Events that were held back and may arrive later. */
  late: StoredEvent[];
  memory: WalkMemory;
  lastTickAt: Date;
};

/** Numbers from 0 to 1 that decide about the details of a step; they mean something whatever came before it. */
export type Picks = readonly [number, number, number];

/** @returns what was done, in words, or null where there was nothing to do it to. */
export type Act = (walk: Walk, picks: Picks) => Promise<string | null> | string | null;

/** One step of a walk. Any part of a walk is a walk, so that one that fails can be made shorter. */
export type Step = { act: string; picks: Picks };

export type Acts = Readonly<Record<string, { weight: number; act: Act }>>;

/** The steps of a seed: the same for the same seed, number and acts. */
export function stepsOf(seed: number, count: number, acts: Acts): Step[] {
  const random = seededRandom(seed);
  const names = Object.entries(acts);
  const sum = names.reduce((total, [, { weight }]) => total + weight, 0);
  return Array.from({ length: count }, () => {
    let left = random() * sum;
    const found = names.find(([, { weight }]) => {
      left -= weight;
      return left < 0;
    });
    return { act: found?.[0] ?? names[0]?.[0] ?? "", picks: [random(), random(), random()] };
  });
}

/** One of these, or null of none. */
export function pickOf<T>(from: readonly T[], pick: number): T | null {
  return from[Math.floor(pick * from.length)] ?? null;
}

/** `1` to `most`. */
export function countOf(most: number, pick: number): number {
  return 1 + Math.floor(pick * most);
}
