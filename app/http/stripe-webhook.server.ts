import { isUtf8 } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import { receiveEvent } from "#app/domain/webhook-inbox/receive-event.server.ts";
import { getEnv } from "#app/infra/env.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { verifyStripeSignature } from "#app/infra/stripe-signature.server.ts";

/** Stripe's events are a few kilobytes; Mozilla saw real ones of several hundred. */
export const maxWebhookBytes = 1_048_576;

type Answer = { status: number; text: string };

const answers = {
  stored: { status: 200, text: "Stored." },
  notAnEvent: { status: 400, text: "The signed body is not a Stripe event." },
  method: { status: 405, text: "Stripe delivers events here by POST." },
  encoded: { status: 415, text: "Send the body without a content encoding." },
  tooLarge: { status: 413, text: "The body is larger than 1 MiB." },
  noSecret: {
    status: 503,
    text: "No webhook secret is configured: set STRIPE_WEBHOOK_SECRET to the signing secret of this endpoint.",
  },
  notStored: { status: 503, text: "The event could not be stored. Please deliver it again." },
} satisfies Record<string, Answer>;

/**
 * What a delivery is answered: 200 only once the event is durable; 400 for a bad signature or no event, with
 * nothing stored; 503 without a secret or a database, so that Stripe delivers again. Nothing is asked of Stripe here.
 */
async function answerDelivery(body: Uint8Array, signature: string | null, receivedAt: Date): Promise<Answer> {
  const secrets = getEnv().stripeWebhookSecrets;
  if (secrets.length === 0) return answers.noSecret;
  const text = decodeUtf8(body);
  if (text === null) return { status: 400, text: "The body is not UTF-8 text." };
  const verdict = verifyStripeSignature(text, signature, secrets, receivedAt);
  if (!verdict.ok) return { status: 400, text: verdict.reason };
  try {
    const outcome = await receiveEvent(text, receivedAt);
    return outcome === "stored" ? answers.stored : answers.notAnEvent;
  } catch (error) {
    logger().error({ err: error }, "a webhook could not be stored");
    return answers.notStored;
  }
}

/** Null for bytes that are no UTF-8: replacing them would make another text, one that was never signed. */
function decodeUtf8(body: Uint8Array): string | null {
  if (!isUtf8(body)) return null;
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
}

/** Refusals that need no body. */
function refuseEarly(
  method: string | undefined,
  encoding: string | null | undefined,
  length: string | null | undefined,
) {
  if (method !== "POST") return answers.method;
  if (encoding && encoding !== "identity") return answers.encoded;
  if (Number(length ?? 0) > maxWebhookBytes) return answers.tooLarge;
  return null;
}

/** The webhook as a Remix action. */
export async function stripeWebhookAction(request: Request): Promise<Response> {
  const early = refuseEarly(
    request.method,
    request.headers.get("content-encoding"),
    request.headers.get("content-length"),
  );
  if (early) return respond(early);
  const body = new Uint8Array(await request.arrayBuffer());
  if (body.byteLength > maxWebhookBytes) return respond(answers.tooLarge);
  return respond(await answerDelivery(body, request.headers.get("stripe-signature"), new Date()));
}

function respond(answer: Answer): Response {
  return new Response(answer.text, { status: answer.status, headers: headersOf(answer) });
}

function headersOf(answer: Answer): Record<string, string> {
  return {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-store",
    ...(answer.status === 405 && { Allow: "POST" }),
    ...(answer.status === 503 && { "Retry-After": "30" }),
  };
}

/**
 * The same answers straight from Node, mounted ahead of Remix: Stripe's deliveries come in bursts, and the
 * framework's part of the work is many times that of the webhook itself.
 */
export function stripeWebhookHandler(request: IncomingMessage, response: ServerResponse): void {
  const send = (answer: Answer) => {
    if (response.headersSent) return;
    response.writeHead(answer.status, {
      ...headersOf(answer),
      "Content-Length": Buffer.byteLength(answer.text),
      ...(answer.status === 413 && { Connection: "close" }),
    });
    response.end(answer.text);
  };
  const early = refuseEarly(
    request.method,
    request.headers["content-encoding"],
    request.headers["content-length"],
  );
  if (early) {
    request.resume();
    send(early);
    return;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxWebhookBytes) chunks.push(chunk);
    else if (!response.headersSent) {
      chunks.length = 0;
      send(answers.tooLarge);
      // A reset at once could overtake the answer; what still comes is dropped for a moment.
      setTimeout(() => request.destroy(), 1_000).unref();
    }
  });
  request.on("error", () => response.destroy());
  request.on("end", () => {
    if (size > maxWebhookBytes) return;
    const header = request.headers["stripe-signature"];
    const body = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
    answerDelivery(body, typeof header === "string" ? header : null, new Date()).then(
      send,
      (error: unknown) => {
        logger().error({ err: error }, "answering a webhook failed");
        send(answers.notStored);
      },
    );
  });
}
