import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

// Stripe's side said by the test itself, answer by answer: for what is rare there, and for what the stand-in never says.

export const list = (data: unknown[], hasMore = false) => ({
  object: "list",
  data,
  has_more: hasMore,
  url: "/",
});
export const day = 86_400;
/** Unix seconds: when everything here began. */
export const start = 1_795_000_000;

export const anItem = (id: string, more: object = {}) => ({
  object: "subscription_item",
  id,
  quantity: 3,
  current_period_start: start,
  current_period_end: start + 30 * day,
  price: {
    id: "price_1",
    lookup_key: "seat",
    nickname: null,
    metadata: { license_policy: "lumen-seat" },
    unit_amount: 1500,
    currency: "usd",
    recurring: { interval: "month", interval_count: 1, usage_type: "licensed" },
    product: { id: "prod_1", object: "product", name: "Lumen: Seat" },
  },
  ...more,
});

export const aSubscription = (more: object = {}) => ({
  object: "subscription",
  id: "sub_1",
  livemode: false,
  status: "active",
  created: start,
  customer: { object: "customer", id: "cus_1", email: "ada@example.com", name: "Ada" },
  metadata: { order: "ord_1" },
  trial_start: null,
  trial_end: null,
  cancel_at: null,
  cancel_at_period_end: false,
  ended_at: null,
  cancellation_details: { reason: null },
  pause_collection: null,
  collection_method: "charge_automatically",
  items: list([anItem("si_1")]),
  ...more,
});

export const aLine = (itemId: string, more: object = {}) => ({
  object: "line_item",
  id: `il_${itemId}`,
  amount: 4500,
  quantity: 3,
  period: { start, end: start + 30 * day },
  parent: {
    type: "subscription_item_details",
    subscription_item_details: { subscription: "sub_1", subscription_item: itemId, proration: false },
    invoice_item_details: null,
  },
  pricing: { type: "price_details", price_details: { price: "price_1", product: "prod_1" } },
  ...more,
});

export const aPayment = (paymentIntent: string, more: object = {}) => ({
  object: "invoice_payment",
  id: `inpay_${paymentIntent}`,
  amount_paid: 4500,
  currency: "usd",
  is_default: true,
  status: "paid",
  payment: { type: "payment_intent", payment_intent: paymentIntent },
  ...more,
});

export const anInvoice = (id: string, more: object = {}) => ({
  object: "invoice",
  id,
  number: "LK-1",
  status: "paid",
  billing_reason: "subscription_cycle",
  created: start,
  total: 4500,
  amount_paid: 4500,
  currency: "usd",
  attempt_count: 1,
  next_payment_attempt: null,
  due_date: null,
  status_transitions: { paid_at: start + 60 },
  hosted_invoice_url: "https://invoice.example/1",
  last_finalization_error: null,
  lines: list([aLine("si_1")]),
  payments: list([aPayment(`pi_${id}`)]),
  ...more,
});

type Answer = { status?: number; body: unknown };

/**
 * Listens as Stripe and answers each address as `answers` says, all others with an empty list. An address is its path
 * with what it is filtered by: `invoices sub_1`, `invoices sub_1 after in_9`.
 */
export async function listenAsStripe() {
  const answers = new Map<string, Answer>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://stripe");
    const after = url.searchParams.get("starting_after");
    const filters = ["subscription", "invoice", "payment_intent"];
    const of = filters.flatMap((name) => url.searchParams.get(name) ?? []);
    const path = url.pathname.replace("/v1/", "");
    const key = [path, ...of, ...(after ? [`after ${after}`] : [])].join(" ");
    asked.push(key);
    const answer = answers.get(key) ?? { body: list([]) };
    response.writeHead(answer.status ?? 200, { "Content-Type": "application/json" });
    response.end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP, so an AddressInfo
  return {
    apiBase: `http://127.0.0.1:${port}`,
    answers,
    asked,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
