import type Stripe from "stripe";
import { expect, test } from "vitest";
import { createClock } from "./clock.ts";
import { sdkFor } from "./harness.ts";
import { type RunningStandIn, startStripeStandIn } from "./server.ts";

const START = new Date("2027-01-31T09:00:00Z");
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A stand-in whose clock stands still until it is moved. */
async function withBilling(body: (standIn: RunningStandIn, stripe: Stripe) => Promise<void>): Promise<void> {
  let at = START.getTime();
  const moveTo = (to: number) => {
    at = to;
  };
  const clock = { ...createClock({ source: () => at }), moveTo };
  const standIn = await startStripeStandIn({ deliver: "manual", clock });
  try {
    await body(standIn, sdkFor(standIn));
  } finally {
    await standIn.stop();
  }
}

const seconds = (iso: string) => Math.floor(new Date(iso).getTime() / 1000);

function recurring(stripe: Stripe, amount = 1500, interval: "month" | "year" = "month") {
  return stripe.prices.create({
    currency: "usd",
    unit_amount: amount,
    recurring: { interval },
    product_data: { name: "Lumen" },
  });
}

/** What was told since the last look, apart from the catalogue and attached cards. */
function told(standIn: RunningStandIn): string[] {
  return standIn
    .takePending()
    .map(({ type }) => type)
    .filter((type) => !/^(product|price|customer\.created|payment_method|coupon)/.test(type));
}

async function buy(
  standIn: RunningStandIn,
  stripe: Stripe,
  price: string,
  parameters: Partial<Stripe.Checkout.SessionCreateParams> = {},
  pay: Parameters<RunningStandIn["pay"]>[1] = {},
) {
  const open = await stripe.checkout.sessions.create({
    mode: "subscription",
    success_url: "http://shop.test/",
    line_items: [{ price, quantity: 3 }],
    ...parameters,
  });
  standIn.pay(open.id, { email: "ada@example.com", ...pay });
  const session = await stripe.checkout.sessions.retrieve(open.id, { expand: ["subscription", "invoice"] });
  const { subscription, invoice } = session;
  if (subscription === null || typeof subscription === "string") throw new Error("No subscription was made");
  if (invoice === null || typeof invoice === "string") throw new Error("No invoice was made");
  return { session, subscription, invoice };
}

test("a subscription bought in checkout starts with a paid invoice, told of in Stripe's order", () =>
  withBilling(async (standIn, stripe) => {
    standIn.addEndpoint({ url: "http://127.0.0.1:9/", secret: "whsec_x" });
    const price = await recurring(stripe);
    const { session, subscription, invoice } = await buy(standIn, stripe, price.id, {
      subscription_data: { metadata: { order: "ord_1" } },
    });
    expect(session).toMatchObject({ status: "complete", payment_status: "paid", payment_intent: null });
    expect(subscription).toMatchObject({
      status: "active",
      metadata: { order: "ord_1" },
      billing_mode: { type: "flexible" },
      latest_invoice: invoice.id,
    });
    const [item] = subscription.items.data;
    expect(item).toMatchObject({
      quantity: 3,
      current_period_start: seconds("2027-01-31T09:00:00Z"),
      current_period_end: seconds("2027-02-28T09:00:00Z"),
    });
    expect(invoice).toMatchObject({
      status: "paid",
      amount_paid: 4500,
      billing_reason: "subscription_create",
    });
    expect(invoice.lines.data[0]).toMatchObject({
      period: { start: item?.current_period_start, end: item?.current_period_end },
      parent: { subscription_item_details: { subscription_item: item?.id, proration: false } },
      pricing: { price_details: { price: price.id } },
    });
    expect(told(standIn)).toEqual([
      "payment_intent.created",
      "charge.succeeded",
      "payment_intent.succeeded",
      "customer.subscription.created",
      "invoice.created",
      "invoice.finalized",
      "invoice_payment.paid",
      "invoice.paid",
      "invoice.payment_succeeded",
      "customer.subscription.updated",
      "checkout.session.completed",
    ]);
    const payments = await stripe.invoicePayments.list({ invoice: invoice.id });
    const intent = payments.data[0]?.payment.payment_intent;
    expect(typeof intent).toBe("string");
    const back = await stripe.invoicePayments.list({
      payment: { type: "payment_intent", payment_intent: String(intent) },
    });
    expect(back.data.map((each) => each.invoice)).toEqual([invoice.id]);
  }));

test("a renewal moves the period first, drafts for an hour and is then charged", () =>
  withBilling(async (standIn, stripe) => {
    standIn.addEndpoint({ url: "http://127.0.0.1:9/", secret: "whsec_x" });
    const { subscription } = await buy(standIn, stripe, (await recurring(stripe)).id);
    told(standIn);
    await standIn.clock.set(new Date("2027-02-28T09:00:00Z"));
    expect(told(standIn)).toEqual(["invoice.upcoming", "customer.subscription.updated", "invoice.created"]);
    const rolled = await stripe.subscriptions.retrieve(subscription.id, { expand: ["latest_invoice"] });
    expect(rolled).toMatchObject({ status: "active", latest_invoice: { status: "draft" } });
    expect(rolled.items.data[0]?.current_period_end).toBe(seconds("2027-03-31T09:00:00Z"));
    await standIn.clock.advance(HOUR);
    expect(told(standIn)).toEqual([
      "payment_intent.created",
      "invoice.finalized",
      "charge.succeeded",
      "payment_intent.succeeded",
      "invoice_payment.paid",
      "invoice.paid",
      "invoice.payment_succeeded",
    ]);
    const { data } = await stripe.invoices.list({ subscription: subscription.id, expand: ["data.payments"] });
    expect(data.map(({ status, billing_reason }) => [status, billing_reason])).toEqual([
      ["paid", "subscription_cycle"],
      ["paid", "subscription_create"],
    ]);
    expect(data[0]?.payments?.data[0]).toMatchObject({ status: "paid", is_default: true });
  }));

for (const [end, status] of [
  ["past_due", "past_due"],
  ["unpaid", "unpaid"],
  ["canceled", "canceled"],
  ["paused", "paused"],
] as const) {
  test(`a renewal that fails four times ends ${end}`, () =>
    withBilling(async (standIn, stripe) => {
      standIn.setBilling({ retryDays: [3, 5, 7], dunningEnd: end });
      const { subscription } = await buy(standIn, stripe, (await recurring(stripe)).id);
      standIn.setCard(String(subscription.customer), "declines");
      await standIn.clock.set(new Date("2027-02-28T10:00:00Z"));
      const late = await stripe.subscriptions.retrieve(subscription.id, { expand: ["latest_invoice"] });
      expect(late).toMatchObject({
        status: "past_due",
        latest_invoice: {
          status: "open",
          attempt_count: 1,
          next_payment_attempt: seconds("2027-03-03T10:00:00Z"),
        },
      });
      await standIn.clock.advance(7 * DAY);
      const ended = await stripe.subscriptions.retrieve(subscription.id, { expand: ["latest_invoice"] });
      expect(ended).toMatchObject({
        status,
        latest_invoice: { status: "open", attempt_count: 4, next_payment_attempt: null },
      });
      if (end === "canceled") expect(ended.cancellation_details?.reason).toBe("payment_failed");
      if (end === "paused") {
        expect(ended.status_details?.paused.subscription.type).toBe("final_payment_failure");
      }
      if (end === "canceled") return;
      standIn.setCard(String(subscription.customer), "ok");
      const latest = ended.latest_invoice;
      if (latest === null || typeof latest === "string") throw new Error("The invoice was not expanded");
      expect(await stripe.invoices.pay(latest.id)).toMatchObject({ status: "paid" });
      expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ status: "active" });
    }));
}
