import express from "express";
import pg from "pg";
import Stripe from "stripe";

// The webhook receiver of the usual guide: express.raw, constructEvent, one parameterised INSERT, 200.
const secret = process.env.STRIPE_WEBHOOK_SECRET ?? "";
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 20 });
const app = express();

app.post("/webhooks/stripe", express.raw({ type: "application/json" }), (request, response) => {
  const payload: Buffer = request.body;
  let event: Stripe.Event;
  try {
    event = Stripe.webhooks.constructEvent(payload, request.headers["stripe-signature"] ?? "", secret);
  } catch (error) {
    response.status(400).send(`Webhook Error: ${error instanceof Error ? error.message : ""}`);
    return;
  }
  pool
    .query("INSERT INTO webhook_event (id, type, payload) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING", [
      event.id,
      event.type,
      payload.toString("utf8"),
    ])
    .then(
      () => response.json({ received: true }),
      () => response.status(500).end(),
    );
});

app.listen(Number(process.env.PORT), "127.0.0.1");
