import Stripe from "stripe";
import { expect, test } from "vitest";
import { makePrice, makeSession, refusal, sdkFor, withStandIn } from "./harness.ts";

test("a wrong, a live and a missing key are 401 in Stripe's shape", () =>
  withStandIn({ secretKey: "sk_test_right" }, async (standIn) => {
    for (const apiKey of ["sk_test_wrong", "sk_live_right"]) {
      const error = await refusal(sdkFor(standIn, { apiKey }).products.list());
      expect(error).toBeInstanceOf(Stripe.errors.StripeAuthenticationError);
    }
    const response = await fetch(`${standIn.apiBase}/v1/products`);
    expect(response.status).toBe(401);
    expect(await response.json()).toHaveProperty("error.message");
    expect((await sdkFor(standIn, { apiKey: "sk_test_right" }).products.list()).data).toEqual([]);
  }));

test("unknown parameters, payment_method_types among them, are refused by name", () =>
  withStandIn({}, async (standIn, stripe) => {
    const price = await makePrice(stripe);
    const line_items = [{ price: price.id, quantity: 1 }];
    const success_url = "http://shop.test/";
    // Assigned first, so that the compiler does not refuse what the server has to.
    const old = { mode: "payment" as const, success_url, line_items, payment_method_types: ["card"] };
    const error = await refusal(stripe.checkout.sessions.create(old));
    expect(error).toMatchObject({
      statusCode: 400,
      code: "parameter_unknown",
      param: "payment_method_types",
    });
    const nested = {
      mode: "payment" as const,
      success_url,
      line_items: [{ ...line_items[0], colour: "red" }],
    };
    expect(await refusal(stripe.checkout.sessions.create(nested))).toMatchObject({
      code: "parameter_unknown",
      param: "line_items[0][colour]",
    });
    expect(standIn.dump().sessions).toEqual([]);
  }));

test("old ui_mode names, subscription mode without a recurring price and missing or bad values are refused with their parameter", () =>
  withStandIn({}, async (_standIn, stripe) => {
    const cases: Array<[Partial<Stripe.Checkout.SessionCreateParams>, string]> = [
      [{ ui_mode: "hosted" }, "ui_mode"],
      [{ ui_mode: "embedded_page" }, "ui_mode"],
      [{ mode: "subscription" }, "line_items"],
      [{ mode: "setup" }, "mode"],
      [{ mode: "paymnt" }, "mode"],
      [{ success_url: "not a url" }, "success_url"],
      [{ line_items: [{ price: "price_none", quantity: 1 }] }, "line_items[0][price]"],
      [{ expires_at: 1 }, "expires_at"],
      [{ customer: "cus_none" }, "customer"],
      [{ customer_email: "nobody" }, "customer_email"],
    ];
    for (const [parameters, param] of cases) {
      expect(await refusal(makeSession(stripe, parameters))).toMatchObject({ statusCode: 400, param });
    }
    const missing = await refusal(stripe.checkout.sessions.create({ mode: "payment", line_items: [] }));
    expect(missing).toMatchObject({ code: "parameter_missing", param: "success_url" });
    const none = await refusal(makeSession(stripe, {}, 0));
    expect(none).toMatchObject({ code: "parameter_invalid_integer", param: "line_items[0][quantity]" });
    const half = await refusal(makeSession(stripe, {}, 1.5));
    expect(half).toMatchObject({ code: "parameter_invalid_integer" });
    const recurring = await stripe.prices.create({
      currency: "usd",
      unit_amount: 1500,
      recurring: { interval: "month" },
      product_data: { name: "Seat" },
      lookup_key: "seat_monthly",
    });
    expect(recurring).toMatchObject({
      type: "recurring",
      recurring: { interval: "month", interval_count: 1 },
    });
    const wrongMode = await refusal(
      makeSession(stripe, { line_items: [{ price: recurring.id, quantity: 1 }] }),
    );
    expect(wrongMode.message).toContain("recurring price");
  }));

test("what is not there is 404 resource_missing, and an unknown address is an error object too", () =>
  withStandIn({}, async (standIn, stripe) => {
    const error = await refusal(stripe.checkout.sessions.retrieve("cs_test_none"));
    expect(error).toMatchObject({ statusCode: 404, code: "resource_missing" });
    const response = await fetch(`${standIn.apiBase}/v1/nonsense`, {
      headers: { authorization: "Bearer sk_test_x" },
    });
    expect(response.status).toBe(404);
    expect(await response.json()).toHaveProperty("error.type", "invalid_request_error");
  }));

test("metadata merges, an empty value unsets its key, an empty hash unsets all", () =>
  withStandIn({}, async (_standIn, stripe) => {
    const customer = await stripe.customers.create({ metadata: { a: "1", b: "2" } });
    expect((await stripe.customers.update(customer.id, { metadata: { b: "", c: "3" } })).metadata).toEqual({
      a: "1",
      c: "3",
    });
    expect((await stripe.customers.update(customer.id, { metadata: "" })).metadata).toEqual({});
    await stripe.customers.del(customer.id);
    expect(await stripe.customers.retrieve(customer.id)).toMatchObject({ deleted: true });
  }));

test("an idempotency key returns its saved answer, also after the session changed", () =>
  withStandIn({}, async (standIn, stripe) => {
    const price = await makePrice(stripe);
    const create = (quantity: number) =>
      stripe.checkout.sessions.create(
        { mode: "payment", success_url: "http://shop.test/", line_items: [{ price: price.id, quantity }] },
        { idempotencyKey: "order:1:1" },
      );
    const first = await create(1);
    expect(first.lastResponse).toMatchObject({ idempotencyKey: "order:1:1", apiVersion: Stripe.API_VERSION });
    expect(first.lastResponse.requestId).toMatch(/^req_/);
    standIn.expire(first.id);
    const again = await create(1);
    expect(again).toMatchObject({ id: first.id, status: "open" });
    expect(again.lastResponse.headers["idempotent-replayed"]).toBe("true");
    expect(await refusal(create(2))).toBeInstanceOf(Stripe.errors.StripeIdempotencyError);
    const elsewhere = stripe.customers.create({}, { idempotencyKey: "order:1:1" });
    expect(await refusal(elsewhere)).toBeInstanceOf(Stripe.errors.StripeIdempotencyError);
    await standIn.clock.advance(24 * 60 * 60 * 1000 + 1);
    expect((await create(1)).id).not.toBe(first.id);
  }));

test("a key in flight is 409, a stored 500 comes back under its key, and refused parameters are not stored", () =>
  withStandIn({}, async (standIn, stripe) => {
    standIn.faults.next(1, { latencyMs: 150 });
    const options = { idempotencyKey: "k1" };
    const results = await Promise.allSettled([
      stripe.customers.create({}, options),
      stripe.customers.create({}, options),
    ]);
    expect(results.filter(({ status }) => status === "rejected")).toEqual([
      expect.objectContaining({
        reason: expect.objectContaining({ statusCode: 409, code: "idempotency_key_in_use" }),
      }),
    ]);
    expect(standIn.dump().customers).toHaveLength(1);

    standIn.faults.next(1, { status: 500, stored: true });
    for (let i = 0; i < 2; i += 1) {
      expect(await refusal(stripe.customers.create({}, { idempotencyKey: "k2" }))).toMatchObject({
        statusCode: 500,
      });
    }
    const wrong = { email: "a@b.c", nonsense: "x" };
    expect(await refusal(stripe.customers.create(wrong, { idempotencyKey: "k3" }))).toMatchObject({
      statusCode: 400,
    });
    await stripe.customers.create({ email: "a@b.c" }, { idempotencyKey: "k3" });
    expect(standIn.dump().customers).toHaveLength(2);
  }));

test("injected faults: 429 is not retried, 500 and reset are, a lost answer is found again under its key", () =>
  withStandIn({}, async (standIn) => {
    const stripe = sdkFor(standIn, { maxNetworkRetries: 1 });
    standIn.faults.next(1, { status: 429 });
    expect(await refusal(stripe.customers.list())).toBeInstanceOf(Stripe.errors.StripeRateLimitError);
    standIn.faults.next(1, { status: 500 });
    await stripe.customers.create({ name: "after a 500" });
    standIn.faults.next(1, { status: "reset", applied: true });
    await stripe.customers.create({ name: "after a lost answer" });
    expect(standIn.dump().customers).toHaveLength(2);
    standIn.faults.next(1, { status: 503, match: /^GET \/v1\/prices/ });
    await stripe.customers.list();
    expect(standIn.faults.pending()).toBe(1);
    const logged = standIn
      .requests()
      .map(({ method, path, status, replayed }) => ({ method, path, status, replayed }));
    expect(logged).toContainEqual({ method: "POST", path: "/v1/customers", status: 200, replayed: true });
  }));

test("a timeout fault never answers", () =>
  withStandIn({}, async (standIn, stripe) => {
    standIn.faults.next(1, "timeout");
    const error = await refusal(stripe.customers.list({}, { timeout: 50 }));
    expect(error).toBeInstanceOf(Stripe.errors.StripeConnectionError);
    expect(standIn.requests().at(-1)?.status).toBeNull();
  }));

test("refunds, disputes and invoice payments are empty lists for now", () =>
  withStandIn({}, async (_standIn, stripe) => {
    expect((await stripe.refunds.list({ payment_intent: "pi_x" })).data).toEqual([]);
    expect((await stripe.disputes.list({ payment_intent: "pi_x" })).data).toEqual([]);
    const payment = { type: "payment_intent" as const, payment_intent: "pi_x" };
    expect((await stripe.invoicePayments.list({ payment })).data).toEqual([]);
  }));
