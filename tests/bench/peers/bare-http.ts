import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import pg from "pg";
import Stripe from "stripe";

// The same receiver without a framework: the least Node can do and still verify and store.
const secret = process.env.STRIPE_WEBHOOK_SECRET ?? "";
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 20 });

function receive(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const payload = Buffer.concat(chunks);
    let event: Stripe.Event;
    try {
      event = Stripe.webhooks.constructEvent(payload, request.headers["stripe-signature"] ?? "", secret);
    } catch {
      response.writeHead(400).end();
      return;
    }
    pool
      .query(
        "INSERT INTO webhook_event (id, type, payload) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
        [event.id, event.type, payload.toString("utf8")],
      )
      .then(
        () => response.writeHead(200, { "Content-Length": 2 }).end("ok"),
        () => response.writeHead(500).end(),
      );
  });
}

createServer(receive).listen(Number(process.env.PORT), "127.0.0.1");
