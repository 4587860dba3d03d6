import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";
import { startCheckout } from "#app/domain/checkout/start-checkout.server.ts";
import { newId } from "#app/domain/ids.ts";
import { syncDueSources } from "#app/domain/stripe-sync/sync-due-sources.server.ts";
import { stripeWebhookHandler } from "#app/http/stripe-webhook.server.ts";
import { db } from "#app/infra/db.server.ts";
import { stripe } from "#app/infra/stripe.server.ts";
import { reconcile } from "#app/jobs/reconcile.server.ts";
import { aPolicy, aProduct } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";
import { type RunningStandIn, startStripeStandIn } from "#tests/stripe-stand-in/server.ts";
import type { StoredEvent } from "#tests/stripe-stand-in/stored-types.ts";

export const webhookSecret = "whsec_scenarios";

/** A shop with one plan, its webhook on a real port, and the stand-in as its Stripe. Once per test file. */
export async function openShop(options: { livemode?: boolean } = {}) {
  const standIn = await startStripeStandIn({ deliver: "manual", ...options });
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
  const perpetual = await sellable(product.id, {
    slug: "lumen-perpetual",
    name: "Perpetual",
    term: "perpetual",
  });
  const yearly = await sellable(product.id, {
    slug: "lumen-yearly",
    name: "Yearly",
    term: "days",
    termDays: 365,
  });
  return { env, standIn, webhookUrl: webhook.url, product, perpetual, yearly };
}

export type Shop = Awaited<ReturnType<typeof openShop>>;

async function sellable(
  productId: string,
  policy: { slug: string; name: string; term: string; termDays?: number },
) {
  const row = await aPolicy({ ...policy, productId });
  const stripePrice = await stripe().prices.create({
    currency: "usd",
    unit_amount: 9900,
    product_data: { name: policy.name },
  });
  const price = await db().price.create({
    data: {
      id: newId("price"),
      policyId: row.id,
      stripePriceId: stripePrice.id,
      amount: 9900,
      currency: "usd",
      maxQuantity: 50,
    },
  });
  return { policy: row, price, stripePriceId: stripePrice.id };
}

async function listen(server: Server): Promise<{ server: Server; url: string }> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP, so an AddressInfo
  return { server, url: `http://127.0.0.1:${port}/webhooks/stripe` };
}

type Purchase = {
  quantity?: number;
  email?: string;
  customerId?: string;
  priceId?: string;
};

/** A buyer presses "Buy" in our shop; the session is open at Stripe. */
export async function checkOut(shop: Shop, purchase: Purchase = {}) {
  const browserNonce = randomBytes(16).toString("hex");
  const { orderId } = await startCheckout({
    priceId: purchase.priceId ?? shop.perpetual.price.id,
    quantity: purchase.quantity ?? 2,
    email: purchase.email ?? `buyer-${browserNonce.slice(0, 8)}@example.com`,
    customerId: purchase.customerId,
    browserNonce,
    now: new Date(),
  });
  const order = await db().order.findUniqueOrThrow({ where: { id: orderId } });
  if (!order.stripeSessionId) throw new Error("The order has no session.");
  return { orderId, sessionId: order.stripeSessionId, browserNonce };
}

/** The worker's turn: until nothing is due. */
export async function work(now = new Date()): Promise<void> {
  while ((await syncDueSources(now)) > 0);
}

/** Delivers these events one after the other, the worker having its turn after each. */
export async function deliverInOrder(standIn: RunningStandIn, events: readonly StoredEvent[]): Promise<void> {
  for (const event of events) {
    const answers = await standIn.deliver(event.id);
    for (const answer of answers)
      if (answer.status !== 200) throw new Error(`${event.type}: ${answer.status}`);
    await work();
  }
}

/** One reconcile tick, as `npm run reconcile` does it. */
export async function tick(now = new Date()): Promise<void> {
  await reconcile(now);
  await work(now);
}

/** Everything a sale left behind, in a form that can be compared. */
export async function outcomeOf(sessionId: string) {
  const order = await db().order.findUnique({
    where: { stripeSessionId: sessionId },
    include: { lines: true },
  });
  const licenses = await db().license.findMany({
    where: { sourceId: sessionId },
    include: { holds: true, customer: true },
    orderBy: [{ itemKey: "asc" }, { ordinal: "asc" }],
  });
  const [mails, audit, alerts, source] = await Promise.all([
    order ? db().email.findMany({ where: { orderId: order.id } }) : [],
    order ? db().auditLog.findMany({ where: { orderId: order.id } }) : [],
    db().alert.findMany({ where: { sourceId: sessionId } }),
    db().stripeSource.findUnique({ where: { id: sessionId } }),
  ]);
  const count = <T>(rows: T[], nameOf: (row: T) => string) => {
    const counts: Record<string, number> = {};
    for (const row of rows) counts[nameOf(row)] = (counts[nameOf(row)] ?? 0) + 1;
    return counts;
  };
  return {
    order,
    licenses,
    alerts: alerts.map((alert) => alert.kind).sort(),
    mails: count(mails, (mail) => mail.kind),
    recipients: [...new Set(mails.map((mail) => mail.recipient))].sort(),
    audit: count(audit, (row) => row.event),
    auditCauses: [...new Set(audit.filter((row) => row.event === "license.issued").map((row) => row.cause))],
    inStep: source !== null && source.dirtySeq <= source.syncedSeq,
  };
}

/** All orders of up to five things. */
export function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) =>
    permutations([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [item, ...rest]),
  );
}

/** Types that ask something of us, of those a sale causes. */
const saleTypes = /^(checkout\.session|payment_intent|charge)\./;

/** What happened at Stripe since the last call and was not delivered yet, oldest first: the test decides about it. */
export function takeEvents(standIn: RunningStandIn): StoredEvent[] {
  return standIn.takePending().filter((event) => saleTypes.test(event.type));
}
