import { expect, test } from "vitest";
import { buy, DAY, HOUR, recurring, seconds, told, withBilling } from "./billing-harness.ts";
import { refusal } from "./harness.ts";

test("an incomplete subscription expires after 23 hours, with its invoice void", () =>
  withBilling(async (standIn, stripe) => {
    const price = await recurring(stripe);
    const customer = await stripe.customers.create({ email: "ada@example.com" });
    const subscription = await stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: price.id }],
      payment_behavior: "default_incomplete",
    });
    expect(subscription.status).toBe("incomplete");
    await standIn.clock.advance(23 * HOUR);
    const expired = await stripe.subscriptions.retrieve(subscription.id, { expand: ["latest_invoice"] });
    expect(expired).toMatchObject({ status: "incomplete_expired", latest_invoice: { status: "void" } });
  }));

test("a declined or 3-D Secure card leaves an API subscription incomplete until it is paid", () =>
  withBilling(async (standIn, stripe) => {
    const price = await recurring(stripe);
    const declined = standIn.subscribe({ price: price.id, card: "declines" });
    expect(declined.status).toBe("incomplete");
    const asked = standIn.subscribe({ price: price.id, card: "requires_action" });
    expect(asked.status).toBe("incomplete");
    expect(standIn.approveAction(String(asked.latest_invoice)).status).toBe("paid");
    expect(await stripe.subscriptions.retrieve(asked.id)).toMatchObject({ status: "active" });
    const wanted = { customer: declined.customer, items: [{ price: price.id }] };
    const refused = stripe.subscriptions.create({ ...wanted, payment_behavior: "error_if_incomplete" });
    expect((await refusal(refused)).statusCode).toBe(402);
  }));

test("a 3-D Secure renewal asks for action, and the customer's approval pays it", () =>
  withBilling(async (standIn, stripe) => {
    const { subscription } = await buy(standIn, stripe, (await recurring(stripe)).id);
    standIn.setCard(String(subscription.customer), "requires_action");
    told(standIn);
    await standIn.clock.set(new Date("2027-02-28T10:00:00Z"));
    expect(told(standIn)).toContain("invoice.payment_action_required");
    const late = await stripe.subscriptions.retrieve(subscription.id);
    expect(late.status).toBe("past_due");
    standIn.approveAction(String(late.latest_invoice));
    expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ status: "active" });
  }));

test("a delayed first payment starts the subscription at once and pays or voids the invoice later", () =>
  withBilling(async (standIn, stripe) => {
    const price = await recurring(stripe);
    for (const [method, invoiceStatus, event] of [
      ["delayed_success", "paid", "checkout.session.async_payment_succeeded"],
      ["delayed_failure", "void", "checkout.session.async_payment_failed"],
    ] as const) {
      const { session, subscription } = await buy(standIn, stripe, price.id, {}, { method });
      expect(session).toMatchObject({ status: "complete", payment_status: "unpaid" });
      expect(subscription.status).toBe("active");
      told(standIn);
      await standIn.clock.advance(2 * DAY);
      expect(told(standIn)).toContain(event);
      const later = await stripe.subscriptions.retrieve(subscription.id, { expand: ["latest_invoice"] });
      expect(later).toMatchObject({ status: "active", latest_invoice: { status: invoiceStatus } });
      await stripe.subscriptions.cancel(subscription.id);
    }
  }));

test("unpaid subscriptions pile up drafts, and an old invoice does not bring them back", () =>
  withBilling(async (standIn, stripe) => {
    standIn.setBilling({ retryDays: [1], dunningEnd: "unpaid" });
    const { subscription } = await buy(standIn, stripe, (await recurring(stripe)).id);
    const customer = String(subscription.customer);
    standIn.setCard(customer, "declines");
    await standIn.clock.set(new Date("2027-03-31T12:00:00Z"));
    const { data } = await stripe.invoices.list({ subscription: subscription.id });
    expect(data.map(({ status }) => status)).toEqual(["draft", "open", "paid"]);
    standIn.setCard(customer, "ok");
    await stripe.invoices.pay(data[1]?.id ?? "");
    expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ status: "unpaid" });
    await stripe.invoices.pay(data[0]?.id ?? "");
    expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ status: "active" });
  }));

test("out of band, void and uncollectible end an invoice each in their own way", () =>
  withBilling(async (standIn, stripe) => {
    const price = await recurring(stripe);
    const late = async () => {
      const made = standIn.subscribe({ price: price.id });
      standIn.setCard(made.customer, "declines");
      await standIn.clock.advance(32 * DAY);
      const subscription = await stripe.subscriptions.retrieve(made.id);
      return { id: made.id, invoice: String(subscription.latest_invoice) };
    };
    const first = await late();
    told(standIn);
    const paid = await stripe.invoices.pay(first.invoice, { paid_out_of_band: true });
    expect(paid).toMatchObject({ status: "paid", amount_paid_off_stripe: 1500 });
    const types = told(standIn);
    expect(types).toContain("invoice.paid");
    expect(types).not.toContain("invoice.payment_succeeded");
    expect(await stripe.subscriptions.retrieve(first.id)).toMatchObject({ status: "active" });
    const second = await late();
    expect(await stripe.invoices.markUncollectible(second.invoice)).toMatchObject({
      status: "uncollectible",
    });
    expect(await stripe.subscriptions.retrieve(second.id)).toMatchObject({ status: "active" });
    const third = await late();
    expect(await stripe.invoices.voidInvoice(third.invoice)).toMatchObject({ status: "void" });
    expect((await refusal(stripe.invoices.pay(third.invoice))).statusCode).toBe(400);
  }));

test("a sent invoice is finalized after an hour, overdue at its due date and then late", () =>
  withBilling(async (standIn, stripe) => {
    const made = standIn.subscribe({
      price: (await recurring(stripe)).id,
      collectionMethod: "send_invoice",
      daysUntilDue: 20,
    });
    expect(made.status).toBe("active");
    told(standIn);
    await standIn.clock.advance(HOUR);
    expect(told(standIn)).toContain("invoice.sent");
    const invoice = await stripe.invoices.retrieve(String(made.latest_invoice));
    expect(invoice).toMatchObject({ status: "open", due_date: seconds("2027-02-20T09:00:00Z") });
    expect(invoice.hosted_invoice_url).toBe(`${standIn.url}/invoice/${invoice.id}`);
    await standIn.clock.advance(20 * DAY);
    expect(told(standIn)).toContain("invoice.overdue");
    expect(await stripe.subscriptions.retrieve(made.id)).toMatchObject({ status: "past_due" });
  }));

test("a forever coupon makes every cycle free, a once coupon only the first", () =>
  withBilling(async (standIn, stripe) => {
    const price = await recurring(stripe);
    const totals = async (duration: "once" | "forever", percent_off: number) => {
      const coupon = await stripe.coupons.create({ percent_off, duration });
      const { session, subscription } = await buy(standIn, stripe, price.id, {
        discounts: [{ coupon: coupon.id }],
      });
      await standIn.clock.advance(32 * DAY);
      const { data } = await stripe.invoices.list({ subscription: subscription.id });
      return { status: session.payment_status, totals: data.map(({ total }) => total) };
    };
    expect(await totals("forever", 100)).toEqual({ status: "no_payment_required", totals: [0, 0] });
    expect(await totals("once", 50)).toEqual({ status: "paid", totals: [4500, 2250] });
  }));

test("a manual invoice takes its items, and belongs to no subscription", () =>
  withBilling(async (standIn, stripe) => {
    const { subscription } = await buy(standIn, stripe, (await recurring(stripe)).id);
    const customer = String(subscription.customer);
    const draft = await stripe.invoices.create({ customer, auto_advance: false });
    await stripe.invoiceItems.create({ customer, invoice: draft.id, amount: 9900, currency: "usd" });
    await stripe.invoices.finalizeInvoice(draft.id, { auto_advance: false });
    await stripe.invoices.pay(draft.id);
    const paid = await stripe.invoices.retrieve(draft.id);
    expect(paid).toMatchObject({ status: "paid", total: 9900, parent: null, billing_reason: "manual" });
  }));

test("deleting a customer cancels what they subscribe to", () =>
  withBilling(async (standIn, stripe) => {
    const { subscription } = await buy(standIn, stripe, (await recurring(stripe)).id);
    told(standIn);
    await stripe.customers.del(String(subscription.customer));
    expect(told(standIn)).toEqual(["customer.subscription.deleted", "customer.deleted"]);
    expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ status: "canceled" });
  }));

test("a test clock moves the stand-in's clock, for customers paying with Stripe's test cards", () =>
  withBilling(async (standIn, stripe) => {
    const clock = await stripe.testHelpers.testClocks.create({
      frozen_time: seconds("2027-01-31T09:00:00Z"),
    });
    const customer = await stripe.customers.create({
      test_clock: clock.id,
      payment_method: "pm_card_visa",
      invoice_settings: { default_payment_method: "pm_card_visa" },
    });
    const price = await recurring(stripe);
    const made = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id }] });
    expect(made).toMatchObject({ status: "active", test_clock: clock.id });
    const later = seconds("2027-03-01T09:00:00Z");
    const advancing = await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: later });
    expect(advancing.status).toBe("advancing");
    const deadline = Date.now() + 5_000;
    let now = advancing;
    while (now.status !== "ready" && Date.now() < deadline) {
      now = await stripe.testHelpers.testClocks.retrieve(clock.id);
    }
    expect(now).toMatchObject({ status: "ready", frozen_time: later });
    expect(standIn.clock.now()).toEqual(new Date("2027-03-01T09:00:00Z"));
    expect((await stripe.invoices.list({ subscription: made.id })).data).toHaveLength(2);
    await stripe.testHelpers.testClocks.del(clock.id);
    expect(await stripe.subscriptions.retrieve(made.id)).toMatchObject({ status: "canceled" });
  }));

test("the oracle tells paid periods, refunds and disputes of every subscription", () =>
  withBilling(async (standIn, stripe) => {
    const { subscription, invoice } = await buy(standIn, stripe, (await recurring(stripe)).id);
    const payments = await stripe.invoicePayments.list({ invoice: invoice.id });
    standIn.refund(String(payments.data[0]?.payment.payment_intent));
    const [truth] = standIn.subscriptions();
    expect(truth).toMatchObject({
      id: subscription.id,
      status: "active",
      items: [{ quantity: 3 }],
      paidLines: [{ invoice: invoice.id, end: seconds("2027-02-28T09:00:00Z"), quantity: 3 }],
      refunds: [{ invoice: invoice.id, amount: 4500, status: "succeeded" }],
      disputes: [],
    });
  }));

test("the pages let a buyer choose the quantity and start a trial, and pay an open invoice", () =>
  withBilling(async (standIn, stripe) => {
    const post = (path: string, fields: Record<string, string>) =>
      fetch(`${standIn.url}${path}`, {
        method: "POST",
        body: new URLSearchParams(fields),
        redirect: "manual",
      });
    const price = await recurring(stripe);
    const session = await stripe.checkout.sessions.create({
      mode: "subscription",
      success_url: "http://shop.test/",
      line_items: [
        { price: price.id, quantity: 1, adjustable_quantity: { enabled: true, minimum: 1, maximum: 9 } },
      ],
      subscription_data: { trial_period_days: 14 },
      name_collection: { business: { enabled: true, optional: true } },
      tax_id_collection: { enabled: true },
    });
    const page = await (await fetch(`${standIn.url}/checkout/${session.id}`)).text();
    expect(page).toContain("14 days free");
    expect(page).toContain("$15.00 per month");
    const wrong = await post(`/checkout/${session.id}`, { email: "ada@example.com", quantity: "10" });
    expect(wrong.status).toBe(400);
    const typed = { email: "ada@example.com", quantity: "4", business_name: "Ada Ltd", tax_id: "DE123" };
    expect((await post(`/checkout/${session.id}`, typed)).status).toBe(303);
    const sold = await stripe.checkout.sessions.retrieve(session.id, { expand: ["subscription"] });
    expect(sold.customer_details).toMatchObject({
      business_name: "Ada Ltd",
      tax_ids: [{ type: "eu_vat", value: "DE123" }],
    });
    const { subscription } = sold;
    if (subscription === null || typeof subscription === "string") throw new Error("Nothing was sold");
    expect(subscription.items.data[0]?.quantity).toBe(4);
    standIn.setCard(String(subscription.customer), "declines");
    await standIn.clock.advance(14 * DAY + HOUR);
    const late = await stripe.subscriptions.retrieve(subscription.id);
    const address = `/invoice/${String(late.latest_invoice)}`;
    expect(await (await fetch(`${standIn.url}${address}`)).text()).toContain("$60.00");
    expect((await post(address, { card: "declines" })).status).toBe(402);
    expect((await post(address, { card: "ok" })).status).toBe(303);
    expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ status: "active" });
  }));

test("a payment link sells a subscription, and a trial shorter than its warning is warned of at once", () =>
  withBilling(async (standIn, stripe) => {
    const price = await recurring(stripe);
    const link = await stripe.paymentLinks.create({ line_items: [{ price: price.id, quantity: 2 }] });
    const opened = await fetch(link.url, { redirect: "manual" });
    const id = opened.headers.get("location")?.split("/").at(-1) ?? "";
    standIn.pay(id, { email: "ada@example.com" });
    const sold = await stripe.checkout.sessions.retrieve(id, { expand: ["subscription"] });
    expect(sold).toMatchObject({ mode: "subscription", subscription: { status: "active" } });
    told(standIn);
    standIn.subscribe({ price: price.id, trialDays: 2 });
    expect(told(standIn)).toContain("customer.subscription.trial_will_end");
  }));
