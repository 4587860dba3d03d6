import { hasEnded } from "./billing/ended.ts";
import { wireInvoice, wireSubscription } from "./billing/wire.ts";
import type { StandIn } from "./context.ts";
import { invalidRequest } from "./errors.ts";
import { listPage } from "./list.ts";
import { firstLineItems } from "./resources/line-items.ts";
import type { StripeObject } from "./stored-types.ts";

const DEEPEST_EXPANSION = 4;

type Json = Record<string, unknown>;
type Load = (standIn: StandIn, id: string) => StripeObject | undefined;

const customer: Load = (standIn, id) => standIn.store.customers.get(id);
const product: Load = (standIn, id) => standIn.store.products.get(id);
const price: Load = (standIn, id) => standIn.store.prices.get(id);
const coupon: Load = (standIn, id) => standIn.store.coupons.get(id);
const promotionCode: Load = (standIn, id) => standIn.store.promotionCodes.get(id);
const paymentIntent: Load = (standIn, id) => standIn.store.paymentIntents.get(id);
const charge: Load = (standIn, id) => standIn.store.charges.get(id);
const review: Load = (standIn, id) => standIn.store.reviews.get(id);
const refund: Load = (standIn, id) => standIn.store.refunds.get(id);
const paymentLink: Load = (standIn, id) => standIn.store.paymentLinks.get(id);

const subscription: Load = (standIn, id) => {
  const found = standIn.store.subscriptions.get(id);
  return found === undefined ? undefined : wireSubscription(standIn, found);
};
const invoice: Load = (standIn, id) => {
  const found = standIn.store.invoices.get(id);
  return found === undefined ? undefined : wireInvoice(found);
};
const discount: Load = (standIn, id) => standIn.store.discounts.get(id);
const paymentMethod: Load = (standIn, id) => standIn.store.paymentMethods.get(id);
const testClock: Load = (standIn, id) => standIn.store.testClocks.get(id);

/** Fields that hold an id and can hold the object instead. */
const EXPANDABLE: Record<string, Load> = {
  "checkout.session.customer": customer,
  "checkout.session.payment_intent": paymentIntent,
  "checkout.session.payment_link": paymentLink,
  "checkout.session.discounts.coupon": coupon,
  "checkout.session.discounts.promotion_code": promotionCode,
  "payment_intent.customer": customer,
  "payment_intent.latest_charge": charge,
  "charge.customer": customer,
  "charge.payment_intent": paymentIntent,
  "charge.review": review,
  "payment_intent.review": review,
  "refund.charge": charge,
  "refund.payment_intent": paymentIntent,
  "refund.customer": customer,
  "dispute.charge": charge,
  "dispute.payment_intent": paymentIntent,
  "radar.early_fraud_warning.charge": charge,
  "radar.early_fraud_warning.payment_intent": paymentIntent,
  "review.charge": charge,
  "review.payment_intent": paymentIntent,
  "credit_note.refunds.refund": refund,
  "checkout.session.invoice": invoice,
  "checkout.session.subscription": subscription,
  "subscription.customer": customer,
  "subscription.default_payment_method": paymentMethod,
  "subscription.latest_invoice": invoice,
  "subscription.discounts": discount,
  "subscription.test_clock": testClock,
  "invoice.customer": customer,
  "invoice.default_payment_method": paymentMethod,
  "invoice.discounts": discount,
  "invoice.test_clock": testClock,
  "invoice.parent.subscription_details.subscription": subscription,
  "line_item.subscription": subscription,
  "line_item.discounts": discount,
  "line_item.pricing.price_details.price": price,
  "invoice_payment.invoice": invoice,
  "invoice_payment.payment.payment_intent": paymentIntent,
  "invoiceitem.customer": customer,
  "invoiceitem.invoice": invoice,
  "discount.source.coupon": coupon,
  "discount.promotion_code": promotionCode,
  "discount.customer": customer,
  "customer.invoice_settings.default_payment_method": paymentMethod,
  "customer.test_clock": testClock,
  "payment_method.customer": customer,
  "payment_intent.payment_method": paymentMethod,
  "plan.product": product,
  "price.product": product,
  "product.default_price": price,
  "promotion_code.customer": customer,
  "promotion_code.promotion.coupon": coupon,
};

/** Expandable fields that are null in everything this version makes. */
const NEVER_SET = new Set([
  "subscription.pending_setup_intent",
  "subscription.schedule",
  "checkout.session.setup_intent",
  "charge.balance_transaction",
  "customer.default_source",
]);

/** Lists that are left out unless asked for. */
const INCLUDABLE: Record<string, (standIn: StandIn, id: string) => unknown> = {
  "checkout.session.line_items": (standIn, id) =>
    firstLineItems(standIn, id, `/v1/checkout/sessions/${id}/line_items`),
  "payment_link.line_items": (standIn, id) =>
    firstLineItems(standIn, id, `/v1/payment_links/${id}/line_items`),
  "invoice.payments": (standIn, id) =>
    listPage(
      standIn.store.invoicePayments.where("invoice", id),
      {},
      `/v1/invoices/${id}/payments`,
      "invoice payment",
    ),
  "customer.subscriptions": (standIn, id) => {
    const rows = standIn.store.subscriptions.where("customer", id).filter((each) => !hasEnded(each));
    const found = listPage(rows, {}, `/v1/customers/${id}/subscriptions`, "subscription");
    return { ...found, data: found.data.map((row) => wireSubscription(standIn, row)) };
  },
  "charge.refunds": (standIn, id) =>
    listPage(standIn.store.refunds.where("charge", id), {}, `/v1/charges/${id}/refunds`, "refund"),
};

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A copy of an answer with the asked-for ids replaced by their objects. Throws Stripe's error for a path that cannot be. */
export function expand(standIn: StandIn, answer: unknown, paths: readonly string[]): unknown {
  const copy: unknown = structuredClone(answer);
  for (const path of paths) {
    const segments = path.split(".");
    const depth = segments.filter((segment) => segment !== "data").length;
    if (depth > DEEPEST_EXPANSION) {
      throw invalidRequest(
        `You cannot expand more than ${DEEPEST_EXPANSION} levels of a property. Property: ${path}`,
        "expand",
      );
    }
    expandInto(standIn, copy, "", segments, path);
  }
  return copy;
}

function expandInto(
  standIn: StandIn,
  node: unknown,
  label: string,
  segments: readonly string[],
  path: string,
): void {
  const [field, ...rest] = segments;
  if (field === undefined) return;
  if (Array.isArray(node)) {
    for (const element of node) expandInto(standIn, element, label, segments, path);
    return;
  }
  if (!isJson(node)) return;
  const here = typeof node.object === "string" ? node.object : label;
  const isListData = here === "list" && field === "data";
  const name = isListData ? "" : `${here}.${field}`;
  node[field] = expandedField(standIn, node, field, name, rest.length === 0, path);
  expandInto(standIn, node[field], name, rest, path);
}

function expandedField(
  standIn: StandIn,
  node: Json,
  field: string,
  name: string,
  isLast: boolean,
  path: string,
): unknown {
  const value = node[field];
  const include = INCLUDABLE[name];
  if (include !== undefined && value === undefined) return structuredClone(include(standIn, String(node.id)));
  const load = EXPANDABLE[name];
  if (load !== undefined && typeof value === "string") return structuredClone(load(standIn, value) ?? value);
  if (load !== undefined && Array.isArray(value)) {
    return value.map((id) => structuredClone(load(standIn, String(id)) ?? id));
  }
  const canBeExpanded = load !== undefined || include !== undefined || NEVER_SET.has(name);
  const isOnTheWay = !isLast && typeof value === "object";
  if (canBeExpanded || isOnTheWay) return value;
  throw invalidRequest(`This property cannot be expanded (${path}).`, "expand");
}
