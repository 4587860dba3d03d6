import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";
import { newId } from "#app/domain/ids.ts";
import { stripeWebhookHandler } from "#app/http/stripe-webhook.server.ts";
import { db, pool } from "#app/infra/db.server.ts";
import { stripe } from "#app/infra/stripe.server.ts";
import { aPolicy, aProduct } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";
import type { Clock } from "#tests/stripe-stand-in/clock.ts";
import { startStripeStandIn } from "#tests/stripe-stand-in/server.ts";

const webhookSecret = "whsec_life";

/** When every play begins. */
export const t0 = new Date("2027-01-10T09:00:00Z");
/** The ends of the first, second and third month. */
export const t1 = new Date("2027-02-10T09:00:00Z");
export const t2 = new Date("2027-03-10T09:00:00Z");
export const t3 = new Date("2027-04-10T09:00:00Z");

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** `after(t1, 2 * hourMs)`. */
export const after = (date: Date, milliseconds: number) => new Date(date.getTime() + milliseconds);

/** What is on sale. One product, so that a change of plan stays within it, and one for teams. */
const plans = {
  perpetual: { policy: "perpetual", amount: 9900 },
  dated: { policy: "dated", amount: 4900 },
  monthly: { policy: "standard", amount: 1500, interval: "month" },
  /** The same plan at next year's price. */
  monthlyNew: { policy: "standard", amount: 1540, interval: "month" },
  yearly: { policy: "standard", amount: 15_000, interval: "year" },
  trial: { policy: "standard", amount: 1500, interval: "month", trialDays: 14 },
  pro: { policy: "pro", amount: 2900, interval: "month" },
  team: { policy: "team", amount: 1200, interval: "month" },
} as const satisfies Record<string, Plan>;
type Plan = {
  policy: keyof typeof policies;
  amount: number;
  interval?: "month" | "year";
  trialDays?: number;
};
export type PlanName = keyof typeof plans;

const policies = {
  perpetual: { term: "perpetual" },
  dated: { term: "days", termDays: 365 },
  standard: { term: "subscription", seats: "keys" },
  pro: { term: "subscription", seats: "keys", deviceLimit: 5 },
  team: { term: "subscription", seats: "devices", deviceLimit: 1 },
} as const;

/** A clock that only moves when it is told to. Signatures are dated by the machine's. */
function stillClock(start: Date): Clock {
  let at = start.getTime();
  return {
    now: () => at,
    seconds: () => Math.floor(at / 1000),
    wireNow: Date.now,
    moveTo: (atMs) => {
      at = atMs;
    },
  };
}

/** A shop with a plan of every kind, its webhook on a real port, and the stand-in as its Stripe. Once per test file. */
export async function openLifeShop() {
  const standIn = await startStripeStandIn({ deliver: "manual", clock: stillClock(t0) });
  const env = await useTestRuntime({
    stripeApiBase: standIn.apiBase,
    stripeWebhookSecrets: [webhookSecret],
  });
  const webhook = await listen(createServer(stripeWebhookHandler));
  standIn.addEndpoint({ url: webhook.url, secret: webhookSecret });
  afterAll(async () => {
    webhook.server.close();
    webhook.server.closeAllConnections();
    await standIn.stop();
  });
  const product = await aProduct({ slug: "lumen", name: "Lumen", keyPrefix: "LUMEN" });
  const policyIds: Record<string, string> = {};
  for (const [slug, policy] of Object.entries(policies))
    policyIds[slug] = (await aPolicy({ slug, name: slug, productId: product.id, ...policy })).id;
  const names = Object.keys(plans) as PlanName[]; // the keys of the object just above
  const prices = new Map<PlanName, { id: string; stripePriceId: string }>();
  for (const name of names) prices.set(name, await sellable(plans[name], policyIds));
  standIn.takePending();
  const shelf = standIn.dump();
  const priceOf = (plan: PlanName) => {
    const price = prices.get(plan);
    if (!price) throw new Error(`The shop has no plan ${plan}.`);
    return price;
  };
  /** Back to the morning of T0, with nothing sold. */
  const reopen = async () => {
    standIn.restore(shelf, t0);
    await forgetSales();
  };
  return { env, standIn, webhookUrl: webhook.url, webhookSecret, productId: product.id, priceOf, reopen };
}

export type LifeShop = Awaited<ReturnType<typeof openLifeShop>>;

async function sellable(plan: Plan, policyIds: Record<string, string>) {
  const { amount, interval, trialDays } = plan;
  const policyId = policyIds[plan.policy];
  if (!policyId) throw new Error(`There is no policy ${plan.policy}.`);
  const stripePrice = await stripe().prices.create({
    currency: "usd",
    unit_amount: amount,
    ...(interval && { recurring: { interval } }),
    product_data: { name: plan.policy },
  });
  const price = await db().price.create({
    data: {
      id: newId("price"),
      policyId,
      stripePriceId: stripePrice.id,
      amount,
      currency: "usd",
      interval: interval ?? null,
      intervalCount: interval ? 1 : null,
      trialDays: trialDays ?? null,
      maxQuantity: 50,
    },
  });
  return { id: price.id, stripePriceId: stripePrice.id };
}

/** The audit log can only grow; its rows of earlier plays belong to orders and licenses that are gone. */
async function forgetSales(): Promise<void> {
  await pool().query(`
    UPDATE "order" SET renews_license_id = NULL WHERE renews_license_id IS NOT NULL;
    DELETE FROM license; DELETE FROM "order"; DELETE FROM stripe_customer; DELETE FROM customer;
    DELETE FROM stripe_payment; DELETE FROM stripe_source; DELETE FROM stripe_event;
    DELETE FROM email; DELETE FROM alert; DELETE FROM setting; DELETE FROM sweep_cursor;`);
}

async function listen(server: Server): Promise<{ server: Server; url: string }> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP, so an AddressInfo
  return { server, url: `http://127.0.0.1:${port}/webhooks/stripe` };
}
