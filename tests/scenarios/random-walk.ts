import { Stripe } from "stripe";
import { db } from "#app/infra/db.server.ts";
import { hourMs, type LifeShop } from "#tests/scenarios/life-shop.ts";
import type { Plans } from "#tests/scenarios/oracle-projection.ts";
import { booksOf, checkAgainstOracle, checkBooks, newMemory } from "#tests/scenarios/walk-checks.ts";
import { saleActs } from "#tests/scenarios/walk-sale-acts.ts";
import { shopActs, tick } from "#tests/scenarios/walk-shop-acts.ts";
import { type Acts, type Step, stepsOf, type Walk } from "#tests/scenarios/walk-step.ts";
import { subscriptionActs } from "#tests/scenarios/walk-subscription-acts.ts";
import { CheckoutRefusal } from "#tests/stripe-stand-in/checkout/pay.ts";
import { StripeApiError } from "#tests/stripe-stand-in/errors.ts";

/** Everything that can happen, and how often. */
export const allActs: Acts = { ...saleActs, ...subscriptionActs, ...shopActs };

/** What the prices of the shop sell, for the oracle. */
export async function plansOf(): Promise<Plans> {
  const prices = await db().price.findMany({ include: { policy: true } });
  return new Map(
    prices.map(({ stripePriceId, policy }) => [
      stripePriceId ?? "",
      {
        seats: policy.seats === "devices" ? "devices" : "keys",
        devices: policy.deviceLimit ?? 0,
        graceDays: policy.graceDays,
        days: policy.term === "days" ? policy.termDays : null,
      },
    ]),
  );
}

export type WalkOutcome = {
  /** Null when all was well. */
  failure: string | null;
  /** What was done, step by step. */
  story: string[];
};

/**
 * Walks from an empty shop: the steps, the invariants after each turn of the worker, at last an hour of peace and one
 * tick, after which the licenses are what Stripe's books say.
 */
export async function walk(shop: LifeShop, plans: Plans, steps: readonly Step[]): Promise<WalkOutcome> {
  await shop.reopen();
  const { standIn } = shop;
  standIn.calm();
  const now = () => standIn.clock.now();
  const path: Walk = { shop, standIn, now, late: [], memory: newMemory(), lastTickAt: now() };
  const story: string[] = [];
  try {
    for (const step of steps) await take(path, step, story);
    // Failed syncs pause for an hour at most.
    await standIn.clock.advance(hourMs + 1_000);
    await tick(path);
    await checkAgainstOracle(booksOf(standIn), plans, now());
    await checkBooks();
    return { failure: null, story };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error), story };
  }
}

async function take(path: Walk, { act, picks }: Step, story: string[]): Promise<void> {
  const begun = story.push(`${path.now().toISOString()} ${act} …`);
  const words = await performed(path, { act, picks });
  if (words) story[begun - 1] = `${path.now().toISOString()} ${words}`;
  else story.pop();
}

/** What Stripe does not allow, such as a refund of a disputed charge, did not happen. */
async function performed(path: Walk, { act, picks }: Step): Promise<string | null> {
  try {
    return (await allActs[act]?.act(path, picks)) ?? null;
  } catch (error) {
    if (!(act in shopActs) && isRefusal(error)) return null;
    throw error;
  }
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof StripeApiError ||
    error instanceof CheckoutRefusal ||
    error instanceof Stripe.errors.StripeError
  );
}

/** Walks a seed; a failure is made as short as `shrinkMs` allows and told with the steps that lead to it. */
export async function walkSeed(
  shop: LifeShop,
  plans: Plans,
  { seed, steps, shrinkMs }: { seed: number; steps: number; shrinkMs: number },
): Promise<string | null> {
  const full = stepsOf(seed, steps, allActs);
  const { failure, story } = await walk(shop, plans, full);
  if (process.env.RANDOM_WALK_TELL) console.log(story.join("\n"));
  if (failure === null) return null;
  const short = await shortest(shop, plans, full, Date.now() + shrinkMs);
  const last = await walk(shop, plans, short);
  return [`seed ${seed}: ${last.failure ?? `${failure} (not when walked again)`}`, ...last.story].join(
    "\n  ",
  );
}

/** Leaves out parts, halves first and single steps at last, while the rest still fails. */
async function shortest(
  shop: LifeShop,
  plans: Plans,
  steps: readonly Step[],
  deadlineMs: number,
): Promise<readonly Step[]> {
  let left = steps;
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < left.length; ) {
      if (Date.now() > deadlineMs) return left;
      const without = [...left.slice(0, from), ...left.slice(from + size)];
      const { failure } = await walk(shop, plans, without);
      if (failure === null) from += size;
      else left = without;
    }
  }
  return left;
}
