import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import Stripe from "stripe";
import { type RunningStandIn, type StandInOptions, startStripeStandIn } from "./server.ts";

/** The real SDK, pointed at a stand-in. */
export function sdkFor(
  standIn: RunningStandIn,
  config: { maxNetworkRetries?: number; apiKey?: string } = {},
): Stripe {
  return new Stripe(config.apiKey ?? "sk_test_any", {
    host: "127.0.0.1",
    port: standIn.port,
    protocol: "http",
    telemetry: false,
    maxNetworkRetries: config.maxNetworkRetries ?? 0,
  });
}

/** Runs a test with a stand-in of its own and the SDK pointed at it, and stops it whatever happens. */
export async function withStandIn(
  options: StandInOptions,
  body: (standIn: RunningStandIn, stripe: Stripe) => Promise<void>,
): Promise<void> {
  const standIn = await startStripeStandIn({ deliver: "manual", ...options });
  try {
    await body(standIn, sdkFor(standIn));
  } finally {
    await standIn.stop();
  }
}

export type ReceivedPost = { headers: IncomingHttpHeaders; body: string; signature: string };

export type Receiver = {
  url: string;
  received: ReceivedPost[];
  /** The statuses of the next answers; 200 when used up. */
  answers: number[];
  /** Called at the moment a webhook has arrived. */
  onPost: () => void;
};

/** A web server that keeps every webhook it is sent. */
export async function withReceiver(body: (receiver: Receiver) => Promise<void>): Promise<void> {
  const receiver: Receiver = { url: "", received: [], answers: [], onPost: () => undefined };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const signature = String(request.headers["stripe-signature"]);
      receiver.received.push({
        headers: request.headers,
        body: Buffer.concat(chunks).toString("utf8"),
        signature,
      });
      receiver.onPost();
      response.writeHead(receiver.answers.shift() ?? 200).end("noted");
    });
  });
  receiver.url = `http://127.0.0.1:${await listenOnFreePort(server)}/webhooks/stripe`;
  try {
    await body(receiver);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

function listenOnFreePort(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address: AddressInfo | string | null = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}

/** A product and an active one-time price. */
export function makePrice(stripe: Stripe, amount = 9900, name = "Sketchpad Pro"): Promise<Stripe.Price> {
  return stripe.prices.create({ currency: "usd", unit_amount: amount, product_data: { name } });
}

/** An open session for `quantity` pieces of a new price. */
export async function makeSession(
  stripe: Stripe,
  parameters: Partial<Stripe.Checkout.SessionCreateParams> = {},
  quantity = 1,
): Promise<Stripe.Checkout.Session> {
  const price = await makePrice(stripe);
  return stripe.checkout.sessions.create({
    mode: "payment",
    success_url: "http://shop.test/return?session_id={CHECKOUT_SESSION_ID}",
    cancel_url: "http://shop.test/",
    line_items: [{ price: price.id, quantity }],
    ...parameters,
  });
}

/** The error the SDK makes of a refusal; fails when there is none. */
export async function refusal(work: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) return error;
    throw error;
  }
  throw new Error("The stand-in refused nothing");
}
