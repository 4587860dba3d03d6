import { PrismaPg } from "@prisma/adapter-pg";
import express from "express";
import pg from "pg";
import Stripe from "stripe";
import { PrismaClient } from "#app/infra/prisma-client/client.ts";

// The handler most people write: verify, ask Stripe for the subscription, update the license, answer. It keeps no event,
// so one that fails is gone when Stripe gives up; it believes the subscription's status and period instead of what was
// paid; it knows no refund, dispute, hold, grace, seat or record of what changed; and events at the same time overtake
// each other.
const base = new URL(process.env.STRIPE_API_BASE ?? "");
const stripe = new Stripe(process.env.STRIPE_SECRET_KEY ?? "", {
  host: base.hostname,
  port: base.port,
  protocol: "http",
  telemetry: false,
});
const secret = process.env.STRIPE_WEBHOOK_SECRET ?? "";
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 20 });
const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
const app = express();

async function renew(invoice: Stripe.Invoice): Promise<void> {
  const named = invoice.parent?.subscription_details?.subscription;
  if (!named) return;
  const subscription = await stripe.subscriptions.retrieve(typeof named === "string" ? named : named.id);
  const end = subscription.items.data[0]?.current_period_end;
  if (subscription.status !== "active" || !end) return;
  await prisma.license.updateMany({
    where: { sourceId: subscription.id },
    data: { paidUntil: new Date(end * 1000) },
  });
}

app.post("/webhooks/stripe", express.raw({ type: "application/json" }), (request, response) => {
  let event: Stripe.Event;
  try {
    event = Stripe.webhooks.constructEvent(request.body, request.headers["stripe-signature"] ?? "", secret);
  } catch (error) {
    response.status(400).send(`Webhook Error: ${error instanceof Error ? error.message : ""}`);
    return;
  }
  const acting = event.type === "invoice.paid" ? renew(event.data.object) : Promise.resolve();
  acting.then(
    () => response.json({ received: true }),
    () => response.status(500).end(),
  );
});

app.listen(Number(process.env.PORT), "127.0.0.1");
