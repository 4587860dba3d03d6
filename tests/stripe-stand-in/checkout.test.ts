import { expect, test } from "vitest";
import { makePrice, makeSession, withStandIn } from "./harness.ts";
import type { RunningStandIn } from "./server.ts";

const typesOf = (standIn: RunningStandIn) =>
  standIn
    .events()
    .map((event) => event.type)
    .filter((type) => !/^(product|price)\./.test(type));

test("a card pays a session: paid, payment intent and charge there, events in Stripe's order", () =>
  withStandIn({}, async (standIn, stripe) => {
    const session = await makeSession(
      stripe,
      { metadata: { order: "ord_1" }, client_reference_id: "user_1" },
      2,
    );
    expect(session).toMatchObject({
      status: "open",
      payment_status: "unpaid",
      amount_total: 19_800,
      currency: "usd",
      payment_intent: null,
      livemode: false,
      metadata: { order: "ord_1" },
      client_reference_id: "user_1",
      ui_mode: "hosted_page",
      url: `${standIn.url}/checkout/${session.id}`,
    });
    expect(session.line_items).toBeUndefined();

    const result = standIn.pay(session.id, { email: "ada@example.com", name: "Ada" });
    expect(result).toEqual({ redirectTo: `http://shop.test/return?session_id=${session.id}` });

    const paid = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ["payment_intent.latest_charge", "line_items.data.price.product"],
    });
    expect(paid).toMatchObject({ status: "complete", payment_status: "paid", customer: null, url: null });
    expect(paid.customer_details).toMatchObject({
      email: "ada@example.com",
      name: "Ada",
      tax_exempt: "none",
    });
    const intent = paid.payment_intent;
    if (intent === null || typeof intent === "string") throw new Error("The payment intent was not expanded");
    expect(intent).toMatchObject({ status: "succeeded", amount_received: 19_800 });
    expect(intent.latest_charge).toMatchObject({
      object: "charge",
      paid: true,
      captured: true,
      amount: 19_800,
    });
    expect(paid.line_items?.data[0]).toMatchObject({
      quantity: 2,
      price: { product: { name: "Sketchpad Pro" } },
    });
    expect(typesOf(standIn)).toEqual([
      "payment_intent.created",
      "charge.succeeded",
      "payment_intent.succeeded",
      "checkout.session.completed",
    ]);
    const found = await stripe.checkout.sessions.list({ payment_intent: intent.id });
    expect(found.data.map(({ id }) => id)).toEqual([session.id]);
  }));

test("a declined card leaves the session open, and a second try with a good one uses the same intent", () =>
  withStandIn({}, async (standIn, stripe) => {
    const session = await makeSession(stripe);
    expect(standIn.pay(session.id, { method: "declined" })).toMatchObject({
      redirectTo: null,
      declined: { code: "card_declined" },
    });
    const declined = await stripe.checkout.sessions.retrieve(session.id, { expand: ["payment_intent"] });
    expect(declined).toMatchObject({
      status: "open",
      payment_status: "unpaid",
      payment_intent: { status: "requires_payment_method", last_payment_error: { code: "card_declined" } },
    });
    standIn.pay(session.id);
    const paid = await stripe.checkout.sessions.retrieve(session.id);
    expect(paid.payment_status).toBe("paid");
    const { data: charges } = await stripe.charges.list({ payment_intent: String(paid.payment_intent) });
    expect(charges.map(({ status }) => status)).toEqual(["succeeded", "failed"]);
    expect(typesOf(standIn)).toEqual([
      "payment_intent.created",
      "charge.failed",
      "payment_intent.payment_failed",
      "charge.succeeded",
      "payment_intent.succeeded",
      "checkout.session.completed",
    ]);
  }));

test("a delayed payment completes unpaid and is settled by its own clock days later", () =>
  withStandIn({}, async (standIn, stripe) => {
    const session = await makeSession(stripe);
    standIn.pay(session.id, { method: "delayed_success" });
    const waiting = await stripe.checkout.sessions.retrieve(session.id, { expand: ["payment_intent"] });
    expect(waiting).toMatchObject({
      status: "complete",
      payment_status: "unpaid",
      payment_intent: { status: "processing" },
    });
    await standIn.clock.advance(2 * 24 * 60 * 60 * 1000);
    expect((await stripe.checkout.sessions.retrieve(session.id)).payment_status).toBe("paid");
    expect(typesOf(standIn)).toEqual([
      "payment_intent.created",
      "charge.pending",
      "payment_intent.processing",
      "checkout.session.completed",
      "charge.succeeded",
      "payment_intent.succeeded",
      "checkout.session.async_payment_succeeded",
    ]);
  }));

test("a delayed payment that fails stays complete and unpaid, and settles once", () =>
  withStandIn({}, async (standIn, stripe) => {
    const session = await makeSession(stripe);
    standIn.pay(session.id, { method: "delayed_failure" });
    standIn.settle(session.id, "failed");
    const failed = await stripe.checkout.sessions.retrieve(session.id, { expand: ["payment_intent"] });
    expect(failed).toMatchObject({
      status: "complete",
      payment_status: "unpaid",
      payment_intent: { status: "requires_payment_method" },
    });
    expect(typesOf(standIn).slice(-3)).toEqual([
      "charge.failed",
      "payment_intent.payment_failed",
      "checkout.session.async_payment_failed",
    ]);
    expect(() => standIn.settle(session.id, "succeeded")).toThrow("no delayed payment");
    await standIn.clock.advance(5 * 24 * 60 * 60 * 1000);
    expect(typesOf(standIn)).toHaveLength(7);
  }));

test("a typed 100 % code makes a sale without payment and without payment intent", () =>
  withStandIn({}, async (standIn, stripe) => {
    const session = await makeSession(stripe, { allow_promotion_codes: true }, 2);
    expect(() => standIn.pay(session.id, { promotionCode: "NOPE" })).toThrow("This code is invalid.");
    standIn.pay(session.id, { promotionCode: "free" });
    const free = await stripe.checkout.sessions.retrieve(session.id, { expand: ["discounts.coupon"] });
    expect(free).toMatchObject({
      status: "complete",
      payment_status: "no_payment_required",
      payment_intent: null,
      amount_subtotal: 19_800,
      amount_total: 0,
      total_details: { amount_discount: 19_800 },
      discounts: [{ coupon: { percent_off: 100 } }],
    });
    expect(typesOf(standIn)).toEqual(["checkout.session.completed"]);
  }));

test("a discount given at creation is spread over the lines to the last cent", () =>
  withStandIn({}, async (_standIn, stripe) => {
    const coupon = await stripe.coupons.create({ amount_off: 1000, currency: "usd" });
    const prices = await Promise.all([999, 999, 999].map((amount) => makePrice(stripe, amount)));
    const session = await makeSession(stripe, {
      discounts: [{ coupon: coupon.id }],
      line_items: prices.map(({ id }) => ({ price: id, quantity: 1 })),
      expand: ["line_items"],
    });
    expect(session.amount_total).toBe(1997);
    const discounts = session.line_items?.data.map((line) => line.amount_discount) ?? [];
    expect(discounts.reduce((sum, amount) => sum + amount, 0)).toBe(1000);
  }));

test("an abandoned session expires after 24 hours and can be paid no more", () =>
  withStandIn({}, async (standIn, stripe) => {
    const session = await makeSession(stripe);
    expect(session.expires_at - session.created).toBe(24 * 60 * 60);
    await standIn.clock.advance(24 * 60 * 60 * 1000 + 1000);
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
      status: "expired",
      url: null,
    });
    expect(typesOf(standIn)).toEqual(["checkout.session.expired"]);
    expect(() => standIn.pay(session.id)).toThrow("This session has expired.");
    await expect(stripe.checkout.sessions.expire(session.id)).rejects.toThrow(
      "Only Checkout Sessions with a status",
    );
  }));

test("expiring a session after a declined attempt cancels its payment intent", () =>
  withStandIn({}, async (standIn, stripe) => {
    const session = await makeSession(stripe);
    standIn.pay(session.id, { method: "declined" });
    await stripe.checkout.sessions.expire(session.id);
    expect(typesOf(standIn).slice(-2)).toEqual(["payment_intent.canceled", "checkout.session.expired"]);
    const request = standIn.events().at(-1)?.request;
    expect(request?.id).toMatch(/^req_/);
    expect(request?.idempotency_key).toMatch(/^stripe-node-retry-/);
  }));

test("a customer is used, made, or left out, as the session asks", () =>
  withStandIn({}, async (standIn, stripe) => {
    const customer = await stripe.customers.create({ email: "known@example.com" });
    const known = await makeSession(stripe, { customer: customer.id });
    standIn.pay(known.id);
    expect(await stripe.checkout.sessions.retrieve(known.id)).toMatchObject({
      customer: customer.id,
      customer_details: { email: "known@example.com" },
    });

    const always = await makeSession(stripe, { customer_creation: "always" });
    standIn.pay(always.id, { email: "new@example.com" });
    const made = await stripe.checkout.sessions.retrieve(always.id, { expand: ["customer"] });
    expect(made.customer).toMatchObject({ object: "customer", email: "new@example.com" });

    const guest = await makeSession(stripe);
    standIn.pay(guest.id, { email: null });
    expect(await stripe.checkout.sessions.retrieve(guest.id)).toMatchObject({
      customer: null,
      customer_details: { email: null },
    });
  }));

test("a sale made elsewhere can come without buyer details, and paid in the buyer's own currency", () =>
  withStandIn({}, async (standIn, stripe) => {
    const price = await makePrice(stripe);
    const line_items = [{ price: price.id, quantity: 1 }];
    const nameless = standIn.createSession({ line_items }, { withholdCustomerDetails: true });
    standIn.pay(nameless.id);
    expect((await stripe.checkout.sessions.retrieve(nameless.id)).customer_details).toBeNull();

    const abroad = standIn.createSession({ line_items }, { presentment: { currency: "eur", amount: 9100 } });
    standIn.pay(abroad.id);
    expect(await stripe.checkout.sessions.retrieve(abroad.id)).toMatchObject({
      currency: "usd",
      amount_total: 9900,
      presentment_details: { presentment_amount: 9100, presentment_currency: "eur" },
      metadata: {},
      client_reference_id: null,
    });
  }));
