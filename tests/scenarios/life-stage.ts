import { randomBytes, randomUUID } from "node:crypto";
import { expect } from "vitest";
import { startCheckout } from "#app/domain/checkout/start-checkout.server.ts";
import { syncDueSources } from "#app/domain/stripe-sync/sync-due-sources.server.ts";
import { db } from "#app/infra/db.server.ts";
import { stripe } from "#app/infra/stripe.server.ts";
import { queueDueEndReminders } from "#app/jobs/queue-end-reminders.server.ts";
import { reconcile } from "#app/jobs/reconcile.server.ts";
import { checkInvariants, type Watch } from "#tests/scenarios/life-invariants.ts";
import type { LifeShop, PlanName } from "#tests/scenarios/life-shop.ts";
import {
  type Expected,
  inTheWordsOf,
  type LicenseRow,
  type LifeState,
  licenseRows,
  lifeState,
} from "#tests/scenarios/life-state.ts";
import type { StoredEvent } from "#tests/stripe-stand-in/stored-types.ts";

/** Who decides what becomes of Stripe's deliveries, and when the play is over. */
export type Director = {
  /** Every event arrives in the moment it belongs to, so what the play says of each moment has to be so. */
  punctual: boolean;
  deliver: (events: readonly StoredEvent[], post: Post) => Promise<void>;
  /** After each moment was delivered: what else happens in it, such as acts of staff. */
  afterMoment?: (stage: Stage) => Promise<void>;
  /** After the last moment: what was held back, or the tick. */
  finish?: (stage: Stage, post: Post) => Promise<void>;
};

/** Posts an event to the shop, and lets the worker have its turn. */
export type Post = (event: StoredEvent, options?: { twice?: boolean }) => Promise<void>;

export type Purchase = { orderId: string; sessionId: string; subscriptionId: string; customerId: string };

export type Buying = {
  quantity?: number;
  email?: string;
  /** How the buyer pays; see `pay` of the stand-in. */
  pay?: Parameters<LifeShop["standIn"]["pay"]>[1];
};

export type Stage = {
  shop: LifeShop;
  standIn: LifeShop["standIn"];
  stripe: ReturnType<typeof stripe>;
  now: () => Date;
  /**
   * One moment: Stripe's clock moves to `instant` (everything that falls due on the way happens), `act` is done, then
   * the events of all that are delivered as the operator wants and the worker has its turn.
   */
  at: <T>(instant: Date, act?: () => T | Promise<T>) => Promise<T | undefined>;
  /** What has to be so now, wherever every event is punctual. */
  expect: (expected: Expected) => Promise<void>;
  /** A buyer goes through our shop and Stripe's checkout. */
  buy: (plan: PlanName, buying?: Buying) => Promise<Purchase>;
  licenses: () => Promise<LicenseRow[]>;
  state: () => Promise<LifeState>;
  /** The worker's turn at this instant: until nothing is due. */
  work: () => Promise<void>;
  /** One `npm run reconcile`. */
  tick: () => Promise<void>;
};

/** Plays a scenario once, from an empty shop, and gives what it left behind. */
export async function playOnce(
  shop: LifeShop,
  play: (stage: Stage) => Promise<void>,
  director: Director,
): Promise<{ state: LifeState; stage: Stage; moments: StoredEvent[][] }> {
  await shop.reopen();
  const { standIn } = shop;
  const moments: StoredEvent[][] = [];
  const watch: Watch = { revoked: new Map() };
  const now = () => standIn.clock.now();
  const work = async () => {
    while ((await syncDueSources(now())) > 0);
    await queueDueEndReminders(now());
    await checkInvariants(shop, now(), watch);
  };
  const post: Post = async (event, options = {}) => {
    const answers = await standIn.deliver(event.id, {
      copies: options.twice ? 2 : 1,
      concurrently: options.twice ?? false,
    });
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    await work();
  };
  const stage: Stage = {
    shop,
    standIn,
    stripe: stripe(),
    now,
    at: async (instant, act) => {
      await standIn.clock.set(instant);
      const result = await act?.();
      const events = standIn.takePending();
      moments.push(events);
      await director.deliver(events, post);
      await work();
      await director.afterMoment?.(stage);
      return result;
    },
    expect: async (expected) => {
      if (director.punctual) expectState(await lifeState(now()), expected);
    },
    buy: (plan, buying) => buy(shop, plan, buying),
    licenses: licenseRows,
    state: () => lifeState(now()),
    work,
    tick: async () => {
      await reconcile(now());
      await work();
    },
  };
  await play(stage);
  await director.finish?.(stage, post);
  return { state: await lifeState(now()), stage, moments };
}

export function expectState(state: LifeState, expected: Expected): void {
  const sorted = {
    ...expected,
    ...(expected.holds && { holds: [...expected.holds].sort() }),
    ...(expected.alerts && { alerts: [...expected.alerts].sort() }),
  };
  expect(inTheWordsOf(expected, state)).toEqual(sorted);
}

async function buy(shop: LifeShop, plan: PlanName, buying: Buying = {}): Promise<Purchase> {
  const { orderId } = await startCheckout({
    priceId: shop.priceOf(plan).id,
    quantity: buying.quantity ?? 1,
    email: buying.email ?? `buyer-${randomUUID().slice(0, 8)}@example.com`,
    browserNonce: randomBytes(16).toString("hex"),
    now: shop.standIn.clock.now(),
  });
  const { stripeSessionId } = await db().order.findUniqueOrThrow({ where: { id: orderId } });
  if (!stripeSessionId) throw new Error("The order has no session.");
  const result = shop.standIn.pay(stripeSessionId, buying.pay);
  if (result.redirectTo === null) throw new Error("The payment was declined.");
  const session = await stripe().checkout.sessions.retrieve(stripeSessionId);
  return {
    orderId,
    sessionId: stripeSessionId,
    subscriptionId: idIn(session.subscription),
    customerId: idIn(session.customer),
  };
}

/** Empty for what a one-time sale has not. */
function idIn(value: string | { id: string } | null): string {
  return typeof value === "string" ? value : (value?.id ?? "");
}
