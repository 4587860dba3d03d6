import { expect, test } from "vitest";
import { buy, DAY, HOUR, recurring, seconds, told, withBilling } from "./billing-harness.ts";

test("a subscription bought in checkout starts with a paid invoice, told of in Stripe's order", () =>
  withBilling(async (standIn, stripe) => {
    const price = await recurring(stripe);
    const { session, subscription, invoice } = await buy(standIn, stripe, price.id, {
      subscription_data: { metadata: { order: "ord_1" } },
    });
    expect(session).toMatchObject({
      status: "complete",
      payment_status: "paid",
      payment_intent: null,
      customer: subscription.customer,
    });
    expect((await stripe.customers.list()).data).toHaveLength(1);
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
