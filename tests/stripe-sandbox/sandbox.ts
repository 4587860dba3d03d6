import { setTimeout as pause } from "node:timers/promises";
import { newId } from "#app/domain/ids.ts";
import { assessLicense, type LicenseStatus } from "#app/domain/license/assess-license.ts";
import { licenseFacts } from "#app/domain/license/license-facts.ts";
import { markSourceDirty } from "#app/domain/stripe-sync/claim-source.server.ts";
import { syncDueSources } from "#app/domain/stripe-sync/sync-due-sources.server.ts";
import { db } from "#app/infra/db.server.ts";
import { stripe } from "#app/infra/stripe.server.ts";

/** A subscriber whose time we move. */
export type Subscriber = { customer: string; clock: string; subscription: string };

export type SeenLicense = {
  status: LicenseStatus;
  paidUntil: Date | null;
  holds: string[];
  revoked: boolean;
};

export type Sandbox = {
  prices: { monthly: string; yearly: string; oneTime: string };
  /** A new customer on a test clock of their own, with a card, who subscribes. */
  subscribe(options?: {
    quantity?: number;
    card?: string;
    billingMode?: "classic" | "flexible";
    coupon?: string;
  }): Promise<Subscriber>;
  /** The time of this clock at Stripe. */
  now(clock: string): Promise<Date>;
  /** Moves it and waits until Stripe has done everything on the way. */
  advanceTo(clock: string, instant: Date): Promise<void>;
  /** Makes this card what renewals are charged with. */
  useCard(subscriber: Subscriber, card: string): Promise<void>;
  /** The portal's own sync of a subscription, as a webhook would cause it, at the clock's time. */
  sync(subscriber: Subscriber): Promise<SeenLicense[]>;
  /** Ids of the payments of the newest paid invoice. */
  paymentOf(subscription: string): Promise<string>;
  cleanUp(): Promise<void>;
};

const pollMs = 1_000;
/** Stripe says that advancing a clock takes a minute or two. */
const longestWaitMs = 180_000;

/** Asks again until the answer is there. @throws Error that names what did not come. */
export async function until<T>(what: string, ask: () => Promise<T | null | false>): Promise<T> {
  const deadline = Date.now() + longestWaitMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline)
      throw new Error(`${what} did not come within ${longestWaitMs / 1000} seconds.`);
    await pause(pollMs);
  }
}

/** Prices of our own at Stripe, mapped in a catalog of our own; everything with a clock is removed at the end. */
export async function openSandbox(): Promise<Sandbox> {
  const clocks: string[] = [];
  const product = await stripe().products.create({ name: "Latchkey sandbox check" });
  const priceOf = (amount: number, interval?: "month" | "year") =>
    stripe().prices.create({
      product: product.id,
      currency: "usd",
      unit_amount: amount,
      ...(interval && { recurring: { interval } }),
    });
  const monthly = await priceOf(1500, "month");
  const yearly = await priceOf(15_000, "year");
  const oneTime = await priceOf(9900);
  await mapPrices({ monthly: monthly.id, yearly: yearly.id });

  const now = async (clock: string) =>
    new Date((await stripe().testHelpers.testClocks.retrieve(clock)).frozen_time * 1000);

  return {
    prices: { monthly: monthly.id, yearly: yearly.id, oneTime: oneTime.id },
    now,
    subscribe: async ({ quantity = 1, card = "pm_card_visa", billingMode = "flexible", coupon } = {}) => {
      const clock = await stripe().testHelpers.testClocks.create({
        frozen_time: Math.floor(Date.now() / 1000),
        name: "Latchkey sandbox check",
      });
      clocks.push(clock.id);
      const customer = await stripe().customers.create({
        test_clock: clock.id,
        email: `sandbox-${clock.id.slice(-8).toLowerCase()}@example.com`,
      });
      await attachCard(customer.id, card);
      const subscription = await stripe().subscriptions.create({
        customer: customer.id,
        items: [{ price: monthly.id, quantity }],
        billing_mode: { type: billingMode },
        ...(coupon && { discounts: [{ coupon }] }),
      });
      return { customer: customer.id, clock: clock.id, subscription: subscription.id };
    },
    advanceTo: async (clock, instant) => {
      await stripe().testHelpers.testClocks.advance(clock, {
        frozen_time: Math.floor(instant.getTime() / 1000),
      });
      await until(`The test clock ${clock}`, async () => {
        const { status } = await stripe().testHelpers.testClocks.retrieve(clock);
        if (status === "internal_failure") throw new Error(`Stripe failed to advance ${clock}.`);
        return status === "ready";
      });
    },
    useCard: ({ customer }, card) => attachCard(customer, card),
    sync: async ({ subscription, clock }) => {
      const at = await now(clock);
      await markSourceDirty({
        sourceId: subscription,
        kind: "subscription",
        livemode: false,
        cause: "sandbox check",
      });
      await syncDueSources(at);
      const source = await db().stripeSource.findUniqueOrThrow({ where: { id: subscription } });
      if (source.lastError) throw new Error(`The sync failed: ${source.lastError}`);
      return licensesOf(subscription, at);
    },
    paymentOf: async (subscription) => {
      const invoices = await stripe().invoices.list({ subscription, status: "paid", limit: 1 });
      const payments = await stripe().invoicePayments.list({ invoice: invoices.data[0]?.id ?? "" });
      const intent = payments.data.find(({ status }) => status === "paid")?.payment.payment_intent;
      const id = typeof intent === "string" ? intent : intent?.id;
      if (!id) throw new Error(`No payment of ${subscription} was found.`);
      return id;
    },
    cleanUp: async () => {
      // Deleting a clock deletes its customers with their subscriptions.
      for (const clock of clocks)
        await stripe()
          .testHelpers.testClocks.del(clock)
          .catch(() => undefined);
      for (const price of [monthly, yearly, oneTime])
        await stripe()
          .prices.update(price.id, { active: false })
          .catch(() => undefined);
      await stripe()
        .products.update(product.id, { active: false })
        .catch(() => undefined);
    },
  };
}

async function attachCard(customer: string, card: string): Promise<void> {
  const method = await stripe().paymentMethods.attach(card, { customer });
  await stripe().customers.update(customer, {
    invoice_settings: { default_payment_method: method.id },
  });
}

async function mapPrices(prices: { monthly: string; yearly: string }): Promise<void> {
  const product = await db().product.create({
    data: { id: newId("prod"), slug: "sandbox", name: "Sandbox", keyPrefix: "SANDBOX" },
  });
  for (const [slug, stripePriceId] of Object.entries(prices)) {
    const policy = await db().policy.create({
      data: {
        id: newId("pol"),
        productId: product.id,
        slug,
        name: slug,
        term: "subscription",
        deviceLimit: 3,
      },
    });
    await db().price.create({
      data: {
        id: newId("price"),
        policyId: policy.id,
        stripePriceId,
        amount: 1500,
        currency: "usd",
        interval: slug === "yearly" ? "year" : "month",
        maxQuantity: 50,
      },
    });
  }
}

async function licensesOf(subscription: string, now: Date): Promise<SeenLicense[]> {
  const rows = await db().license.findMany({
    where: { sourceId: subscription },
    include: { holds: true },
    orderBy: [{ itemKey: "asc" }, { ordinal: "asc" }],
  });
  return rows.map((row) => ({
    status: assessLicense(licenseFacts(row), now).status,
    paidUntil: row.paidUntil,
    holds: row.holds.map(({ cause }) => cause.split(":")[0] ?? cause),
    revoked: row.revokedAt !== null,
  }));
}
