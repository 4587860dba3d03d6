import { z } from "zod";
import { callApi } from "./call-api.ts";
import type { StandIn } from "./context.ts";

const BASIL = "2025-03-31";
const CLOVER = "2025-09-30";
const DAHLIA = "2026-03-25";

type Json = Record<string, unknown>;
type Reshape = (standIn: StandIn, node: Json) => Json;

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Versions are a date and a name; the date decides. */
function isBefore(apiVersion: string, date: string): boolean {
  return apiVersion.slice(0, date.length) < date;
}

/**
 * The same object as an API of that version writes it. Covers what moved with basil (periods of subscriptions, an
 * invoice's subscription and payment, a line's price), clover (a discount's coupon) and dahlia (`ui_mode`).
 * Source: Stripe's changelog as packaged with the SDK.
 */
export function inShapeOf(standIn: StandIn, apiVersion: string, value: unknown): unknown {
  const reshapes: Array<Record<string, Reshape>> = [];
  if (isBefore(apiVersion, BASIL)) reshapes.push(BEFORE_BASIL);
  if (isBefore(apiVersion, CLOVER)) reshapes.push(BEFORE_CLOVER);
  if (isBefore(apiVersion, DAHLIA)) reshapes.push(BEFORE_DAHLIA);
  return reshapes.length === 0 ? value : reshape(standIn, value, reshapes);
}

function reshape(
  standIn: StandIn,
  value: unknown,
  reshapes: ReadonlyArray<Record<string, Reshape>>,
): unknown {
  if (Array.isArray(value)) return value.map((element) => reshape(standIn, element, reshapes));
  if (!isJson(value)) return value;
  let node: Json = value;
  for (const table of reshapes) node = table[String(node.object)]?.(standIn, node) ?? node;
  return Object.fromEntries(
    Object.entries(node).map(([field, child]) => [field, reshape(standIn, child, reshapes)]),
  );
}

const BEFORE_BASIL: Record<string, Reshape> = {
  subscription: (_standIn, { billing_mode: _mode, status_details: _details, ...node }) => {
    const items = itemsOf(node);
    const [only] = items;
    return {
      ...node,
      current_period_start: Math.min(...items.map((item) => Number(item.current_period_start))),
      current_period_end: Math.max(...items.map((item) => Number(item.current_period_end))),
      plan: items.length === 1 && isJson(only?.price) ? planOf(only.price) : null,
      quantity: items.length === 1 ? only?.quantity : null,
    };
  },
  subscription_item: (_standIn, { current_period_start: _start, current_period_end: _end, ...node }) => ({
    ...node,
    plan: isJson(node.price) ? planOf(node.price) : null,
  }),
  invoice: (standIn, { parent, payments: _payments, ...node }) => {
    const details = detailsIn(parent, "subscription_details");
    return {
      ...node,
      ...paymentOfInvoice(standIn, node.id),
      paid: node.status === "paid",
      paid_out_of_band: Number(node.amount_paid_off_stripe ?? 0) > 0,
      subscription: details?.subscription ?? null,
      subscription_details: details === null ? null : { metadata: details.metadata ?? {} },
    };
  },
  line_item: (standIn, { parent, pricing, ...node }) => {
    const ofItem = detailsIn(parent, "subscription_item_details");
    const details = ofItem ?? detailsIn(parent, "invoice_item_details");
    const priced = detailsIn(pricing, "price_details");
    const price = standIn.store.prices.get(String(priced?.price));
    return {
      ...node,
      type: ofItem === null ? "invoiceitem" : "subscription",
      subscription: details?.subscription ?? null,
      subscription_item: ofItem?.subscription_item ?? null,
      invoice_item: details?.invoice_item ?? null,
      proration: details?.proration ?? false,
      price: price ?? null,
      plan: price === undefined ? null : planOf({ ...price }),
    };
  },
  charge: (standIn, node) => ({ ...node, invoice: invoiceOfPayment(standIn, node.payment_intent) }),
  payment_intent: (standIn, node) => ({ ...node, invoice: invoiceOfPayment(standIn, node.id) }),
};

const BEFORE_CLOVER: Record<string, Reshape> = {
  discount: (standIn, { source, ...node }) => ({ ...node, coupon: couponIn(standIn, source) }),
  promotion_code: (standIn, { promotion, ...node }) => ({ ...node, coupon: couponIn(standIn, promotion) }),
};

const OLD_UI_MODES: Record<string, string> = {
  hosted_page: "hosted",
  embedded_page: "embedded",
  elements: "custom",
};

const BEFORE_DAHLIA: Record<string, Reshape> = {
  "checkout.session": (_standIn, node) => ({
    ...node,
    ui_mode: OLD_UI_MODES[String(node.ui_mode)] ?? node.ui_mode,
  }),
};

function itemsOf(subscription: Json): Json[] {
  const data = isJson(subscription.items) ? subscription.items.data : [];
  return Array.isArray(data) ? data.filter(isJson) : [];
}

function detailsIn(node: unknown, field: string): Json | null {
  const details = isJson(node) ? node[field] : null;
  return isJson(details) ? details : null;
}

function couponIn(standIn: StandIn, node: unknown): unknown {
  const coupon = isJson(node) ? node.coupon : null;
  return typeof coupon === "string" ? (standIn.store.coupons.get(coupon) ?? null) : coupon;
}

/** The plan that every recurring price also was. */
function planOf(price: Json): Json {
  const recurring = isJson(price.recurring) ? price.recurring : {};
  return {
    id: price.id,
    object: "plan",
    active: price.active,
    amount: price.unit_amount,
    currency: price.currency,
    interval: recurring.interval ?? null,
    interval_count: recurring.interval_count ?? null,
    product: price.product,
  };
}

const paymentLinks = z.object({
  data: z.array(
    z.object({
      invoice: z.string(),
      payment: z.object({ payment_intent: z.string().optional(), charge: z.string().optional() }),
    }),
  ),
});

function paymentOfInvoice(
  standIn: StandIn,
  invoice: unknown,
): { payment_intent: string | null; charge: string | null } {
  const none = { payment_intent: null, charge: null };
  if (typeof invoice !== "string") return none;
  const [link] = paymentLinks.parse(callApi(standIn, "GET", "/v1/invoice_payments", { invoice })).data;
  if (link === undefined) return none;
  const intent = standIn.store.paymentIntents.get(link.payment.payment_intent ?? "");
  const charge = link.payment.charge ?? intent?.latest_charge ?? null;
  return { payment_intent: intent?.id ?? null, charge: typeof charge === "string" ? charge : null };
}

function invoiceOfPayment(standIn: StandIn, intent: unknown): string | null {
  if (typeof intent !== "string") return null;
  const payment = { type: "payment_intent", payment_intent: intent };
  const [link] = paymentLinks.parse(callApi(standIn, "GET", "/v1/invoice_payments", { payment })).data;
  return link?.invoice ?? null;
}
