import { createHmac, randomBytes } from "node:crypto";
import { type LoadResult, sendOnLanes } from "#tests/bench/lanes.ts";
import { startStripeStandIn } from "#tests/stripe-stand-in/server.ts";

// The load generator of the webhook, a process of its own: every request is made and signed before the clock starts.

export type LoadJob = { port: number; connections: number; requests: number; secret: string };

/** What Stripe sends for one sale, as text in which the two ids that make it distinct can be put anew. */
async function takeTemplates(): Promise<((eventId: string, serial: string) => string)[]> {
  const standIn = await startStripeStandIn({
    deliver: "manual",
    endpoints: [{ url: "http://127.0.0.1:9/", secret: "whsec_unused" }],
  });
  const api = async (path: string, form: Record<string, string>): Promise<{ id: string }> => {
    const answer = await fetch(`${standIn.apiBase}${path}`, {
      method: "POST",
      headers: { authorization: "Bearer sk_test_bench" },
      body: new URLSearchParams(form),
    });
    return (await answer.json()) as { id: string }; // the stand-in answers with the object it made
  };
  const price = await api("/v1/prices", {
    currency: "usd",
    unit_amount: "9900",
    "product_data[name]": "Bench",
  });
  const session = standIn.createSession({ line_items: [{ price: price.id, quantity: 1 }] });
  standIn.pay(session.id, { email: "bench@example.com", name: "Bench Buyer" });
  const wanted = ["checkout.session.completed", "payment_intent.succeeded", "charge.succeeded"];
  const events = standIn.takePending().filter((event) => wanted.includes(event.type));
  const templates = events.map((event) => {
    const text = standIn.signedRequest(event, { secret: "whsec_unused" }).body;
    return (eventId: string, serial: string) =>
      text
        .replaceAll(event.id, eventId)
        .replace(/\b(cs_test_|pi_|ch_)\w+/g, (_id, prefix: string) => prefix + serial);
  });
  await standIn.stop();
  if (templates.length !== wanted.length) throw new Error("A sale did not cause the events to send.");
  return templates;
}

const templates = await takeTemplates();

function makeRequests({ requests, secret, port }: LoadJob): Buffer[] {
  const run = randomBytes(6).toString("hex");
  const signedAt = Math.floor(Date.now() / 1000);
  return Array.from({ length: requests }, (_, index) => {
    const serial = `${run}${index.toString().padStart(12, "0")}`;
    const body = templates[index % templates.length]?.(`evt_${serial}`, serial) ?? "";
    const signature = createHmac("sha256", secret).update(`${signedAt}.${body}`).digest("hex");
    const head = [
      "POST /webhooks/stripe HTTP/1.1",
      `Host: 127.0.0.1:${port}`,
      "Content-Type: application/json; charset=utf-8",
      `Content-Length: ${Buffer.byteLength(body)}`,
      "User-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)",
      `Stripe-Signature: t=${signedAt},v1=${signature}`,
      "Accept: */*; q=0.5, application/xml",
    ];
    return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
  });
}

async function run(job: LoadJob): Promise<LoadResult> {
  return sendOnLanes({ ...job, requests: makeRequests(job) });
}

process.on("message", (job: LoadJob) => {
  run(job).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.send?.("ready");
