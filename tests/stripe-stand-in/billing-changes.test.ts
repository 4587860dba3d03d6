import { expect, test } from "vitest";
import { buy, DAY, HOUR, recurring, seconds, told, withBilling } from "./billing-harness.ts";
import { refusal } from "./harness.ts";

const expanded = { expand: ["latest_invoice"] };

test("a trial converts into the first paid period, with a warning three days before", () =>
  withBilling(async (standIn, stripe) => {
    const { session, subscription, invoice } = await buy(standIn, stripe, (await recurring(stripe)).id, {
      subscription_data: { trial_period_days: 14 },
    });
    expect(session).toMatchObject({ amount_total: 0, payment_status: "no_payment_required" });
    expect(subscription).toMatchObject({ status: "trialing", trial_end: seconds("2027-02-14T09:00:00Z") });
    expect(invoice).toMatchObject({ status: "paid", total: 0, billing_reason: "subscription_create" });
    told(standIn);
    await standIn.clock.set(new Date("2027-02-11T09:00:00Z"));
    expect(told(standIn)).toContain("customer.subscription.trial_will_end");
    await standIn.clock.set(new Date("2027-02-14T10:00:00Z"));
    const converted = await stripe.subscriptions.retrieve(subscription.id, expanded);
    expect(converted).toMatchObject({ status: "active", latest_invoice: { status: "paid", total: 4500 } });
    expect(converted.items.data[0]?.current_period_end).toBe(seconds("2027-03-14T09:00:00Z"));
  }));

for (const [behavior, status] of [
  ["pause", "paused"],
  ["cancel", "canceled"],
  ["create_invoice", "past_due"],
] as const) {
  test(`a trial that ends without a card and with "${behavior}" is ${status}`, () =>
    withBilling(async (standIn, stripe) => {
      const price = await recurring(stripe);
      const { subscription } = await buy(
        standIn,
        stripe,
        price.id,
        {
          payment_method_collection: "if_required",
          subscription_data: {
            trial_period_days: 14,
            trial_settings: { end_behavior: { missing_payment_method: behavior } },
          },
        },
        { method: "none" },
      );
      await standIn.clock.advance(14 * DAY + HOUR);
      expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ status });
    }));
}

test("a trial cut short is paid at once and warned of afterwards", () =>
  withBilling(async (standIn, stripe) => {
    const { subscription } = await buy(standIn, stripe, (await recurring(stripe)).id, {
      subscription_data: { trial_period_days: 14 },
    });
    told(standIn);
    await standIn.clock.advance(DAY);
    const cut = await stripe.subscriptions.update(subscription.id, { trial_end: "now", ...expanded });
    expect(cut).toMatchObject({ status: "active", latest_invoice: { status: "paid", total: 4500 } });
    expect(told(standIn).at(-1)).toBe("customer.subscription.trial_will_end");
  }));

test("more seats are prorated on the next invoice, or at once when asked", () =>
  withBilling(async (standIn, stripe) => {
    const { subscription } = await buy(standIn, stripe, (await recurring(stripe, 2800)).id);
    const [item] = subscription.items.data;
    if (item === undefined) throw new Error("There is no item");
    await standIn.clock.advance(14 * DAY);
    await stripe.subscriptions.update(subscription.id, { items: [{ id: item.id, quantity: 4 }] });
    const pending = await stripe.invoiceItems.list({
      customer: String(subscription.customer),
      pending: true,
    });
    expect(pending.data.map(({ amount }) => amount).sort((a, b) => a - b)).toEqual([-4200, 5600]);
    const raised = await stripe.subscriptions.update(subscription.id, {
      items: [{ id: item.id, quantity: 5 }],
      proration_behavior: "always_invoice",
      ...expanded,
    });
    expect(raised).toMatchObject({
      latest_invoice: { status: "paid", billing_reason: "subscription_update", total: 2800 },
    });
    const invoice = raised.latest_invoice;
    if (invoice === null || typeof invoice === "string") throw new Error("The invoice was not expanded");
    expect(invoice.lines.data.map(({ parent }) => parent?.subscription_item_details?.proration)).toEqual([
      true,
      true,
      true,
      true,
    ]);
  }));

test("another interval starts a new period with a whole line and credit for the old one", () =>
  withBilling(async (standIn, stripe) => {
    const yearly = await recurring(stripe, 36_500, "year");
    const monthly = await recurring(stripe, 1500);
    const { subscription } = await buy(standIn, stripe, yearly.id);
    const [item] = subscription.items.data;
    await standIn.clock.advance(10 * DAY);
    const switched = await stripe.subscriptions.update(subscription.id, {
      items: [{ id: item?.id ?? "", price: monthly.id }],
      ...expanded,
    });
    const now = seconds("2027-02-10T09:00:00Z");
    expect(switched.billing_cycle_anchor).toBe(now);
    expect(switched.items.data[0]).toMatchObject({
      id: item?.id,
      current_period_start: now,
      current_period_end: seconds("2027-03-10T09:00:00Z"),
    });
    const invoice = switched.latest_invoice;
    if (invoice === null || typeof invoice === "string") throw new Error("The invoice was not expanded");
    expect(invoice).toMatchObject({ status: "paid", amount_due: 0 });
    expect(invoice.lines.data.map(({ amount }) => amount)).toEqual([-3 * 35_500, 4500]);
    const customer = await stripe.customers.retrieve(String(subscription.customer));
    expect(customer).toMatchObject({ balance: 4500 - 3 * 35_500 });
  }));

test("an item can give way to another, and the last one cannot go", () =>
  withBilling(async (standIn, stripe) => {
    const [basic, pro] = [await recurring(stripe), await recurring(stripe, 2900)];
    const { subscription } = await buy(standIn, stripe, basic.id);
    const [item] = subscription.items.data;
    const replaced = await stripe.subscriptions.update(subscription.id, {
      items: [
        { id: item?.id ?? "", deleted: true },
        { price: pro.id, quantity: 3 },
      ],
    });
    expect(replaced.items.data).toHaveLength(1);
    expect(replaced.items.data[0]).toMatchObject({
      quantity: 3,
      price: { id: pro.id },
      current_period_end: item?.current_period_end,
    });
    expect(replaced.items.data[0]?.id).not.toBe(item?.id);
    const error = await refusal(stripe.subscriptionItems.del(replaced.items.data[0]?.id ?? ""));
    expect(error.statusCode).toBe(400);
  }));

test("a classic cancellation sets flag and date, a flexible one what was asked, and both end on time", () =>
  withBilling(async (standIn, stripe) => {
    const price = await recurring(stripe);
    const customer = standIn.subscribe({ price: price.id }).customer;
    const make = (type: "classic" | "flexible") =>
      stripe.subscriptions.create({ customer, items: [{ price: price.id }], billing_mode: { type } });
    const [classic, flexible] = [await make("classic"), await make("flexible")];
    const end = seconds("2027-02-28T09:00:00Z");
    expect(await stripe.subscriptions.update(classic.id, { cancel_at_period_end: true })).toMatchObject({
      cancel_at_period_end: true,
      cancel_at: end,
      status: "active",
    });
    expect(await stripe.subscriptions.update(flexible.id, { cancel_at: end })).toMatchObject({
      cancel_at_period_end: false,
      cancel_at: end,
    });
    const flagged = await stripe.subscriptions.update((await make("flexible")).id, {
      cancel_at_period_end: true,
    });
    expect(flagged).toMatchObject({ cancel_at_period_end: true, cancel_at: null });
    await stripe.subscriptions.update(flagged.id, { cancel_at_period_end: false });
    await standIn.clock.set(new Date(end * 1000));
    for (const { id } of [classic, flexible]) {
      expect(await stripe.subscriptions.retrieve(id)).toMatchObject({
        status: "canceled",
        ended_at: end,
        cancellation_details: { reason: "cancellation_requested" },
      });
    }
    expect(await stripe.subscriptions.retrieve(flagged.id)).toMatchObject({
      status: "active",
      canceled_at: null,
    });
    const all = await stripe.subscriptions.list({ customer, status: "all" });
    expect(all.data).toHaveLength(4);
    expect((await stripe.subscriptions.list({ customer })).data).toHaveLength(2);
  }));

test("canceled now, a subscription is gone for updates and stays readable", () =>
  withBilling(async (standIn, stripe) => {
    const { subscription } = await buy(standIn, stripe, (await recurring(stripe)).id);
    told(standIn);
    const canceled = await stripe.subscriptions.cancel(subscription.id, {
      cancellation_details: { comment: "too much" },
    });
    expect(canceled).toMatchObject({ status: "canceled", cancellation_details: { comment: "too much" } });
    expect(told(standIn)).toEqual(["customer.subscription.deleted"]);
    expect((await refusal(stripe.subscriptions.cancel(subscription.id))).statusCode).toBe(404);
    expect(
      (await refusal(stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true })))
        .statusCode,
    ).toBe(400);
    expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ status: "canceled" });
  }));

test("a paused subscription resumes with its old period, or with a new one that is charged", () =>
  withBilling(async (standIn, stripe) => {
    const { subscription } = await buy(standIn, stripe, (await recurring(stripe)).id);
    const { id } = subscription;
    told(standIn);
    expect(await stripe.subscriptions.pause(id)).toMatchObject({
      status: "paused",
      status_details: { paused: { subscription: { type: "pause_requested" } } },
    });
    expect(told(standIn)).toEqual(["customer.subscription.updated", "customer.subscription.paused"]);
    const resumed = await stripe.subscriptions.resume(id, { billing_cycle_anchor: { type: "unchanged" } });
    expect(resumed.status).toBe("active");
    expect(resumed.status_details).toBeUndefined();
    expect(resumed.items.data[0]?.current_period_end).toBe(seconds("2027-02-28T09:00:00Z"));
    await stripe.subscriptions.pause(id);
    await standIn.clock.advance(60 * DAY);
    expect((await stripe.invoices.list({ subscription: id })).data).toHaveLength(1);
    const again = await stripe.subscriptions.resume(id, expanded);
    expect(again).toMatchObject({ status: "active", latest_invoice: { status: "paid", total: 4500 } });
    expect(again.items.data[0]?.current_period_start).toBe(seconds("2027-04-01T09:00:00Z"));
  }));

test("a collection that is paused keeps, voids or gives up the invoices", () =>
  withBilling(async (standIn, stripe) => {
    for (const [behavior, status] of [
      ["keep_as_draft", "draft"],
      ["void", "void"],
      ["mark_uncollectible", "uncollectible"],
    ] as const) {
      const { subscription } = await buy(standIn, stripe, (await recurring(stripe)).id);
      await stripe.subscriptions.update(subscription.id, { pause_collection: { behavior } });
      await standIn.clock.advance(32 * DAY);
      const rolled = await stripe.subscriptions.retrieve(subscription.id, expanded);
      expect(rolled).toMatchObject({
        status: "active",
        pause_collection: { behavior, resumes_at: null },
        latest_invoice: { status },
      });
      const unset = await stripe.subscriptions.update(subscription.id, { pause_collection: "" });
      expect(unset.pause_collection).toBeNull();
    }
  }));

test("a change that has to be paid first waits for its invoice and counts, or expires", () =>
  withBilling(async (standIn, stripe) => {
    const { subscription } = await buy(standIn, stripe, (await recurring(stripe)).id);
    const [item] = subscription.items.data;
    const customer = String(subscription.customer);
    const raise = (quantity: number) =>
      stripe.subscriptions.update(subscription.id, {
        items: [{ id: item?.id ?? "", quantity }],
        proration_behavior: "always_invoice",
        payment_behavior: "pending_if_incomplete",
        ...expanded,
      });
    standIn.setCard(customer, "declines");
    const waiting = await raise(5);
    expect(waiting).toMatchObject({ status: "active", latest_invoice: { status: "open" } });
    expect(waiting.pending_update?.subscription_items?.[0]?.quantity).toBe(5);
    expect(waiting.items.data[0]?.quantity).toBe(3);
    told(standIn);
    await standIn.clock.advance(DAY);
    expect(told(standIn)).toEqual(
      expect.arrayContaining(["customer.subscription.pending_update_expired", "invoice.voided"]),
    );
    const second = await raise(4);
    standIn.setCard(customer, "ok");
    const invoice = second.latest_invoice;
    if (invoice === null || typeof invoice === "string") throw new Error("The invoice was not expanded");
    await stripe.invoices.pay(invoice.id);
    expect(told(standIn)).toContain("customer.subscription.pending_update_applied");
    const applied = await stripe.subscriptions.retrieve(subscription.id);
    expect(applied).toMatchObject({ status: "active", pending_update: null });
    expect(applied.items.data[0]?.quantity).toBe(4);
    standIn.setCard(customer, "declines");
    const refused = await refusal(
      stripe.subscriptions.update(subscription.id, {
        items: [{ id: item?.id ?? "", quantity: 9 }],
        proration_behavior: "always_invoice",
        payment_behavior: "error_if_incomplete",
      }),
    );
    expect(refused.statusCode).toBe(402);
    expect((await stripe.subscriptions.retrieve(subscription.id)).items.data[0]?.quantity).toBe(4);
  }));

test("resumed with its old anchor after months, a subscription bills the running period only", () =>
  withBilling(async (standIn, stripe) => {
    const { subscription } = await buy(standIn, stripe, (await recurring(stripe)).id);
    await stripe.subscriptions.pause(subscription.id);
    await standIn.clock.set(new Date("2027-07-10T09:00:00Z"));
    await stripe.subscriptions.resume(subscription.id, { billing_cycle_anchor: { type: "unchanged" } });
    await standIn.clock.advance(HOUR);
    const { data } = await stripe.invoices.list({ subscription: subscription.id });
    expect(data.map(({ status }) => status)).toEqual(["paid", "paid"]);
    expect(data[0]?.lines.data[0]?.period).toEqual({
      start: seconds("2027-06-30T09:00:00Z"),
      end: seconds("2027-07-31T09:00:00Z"),
    });
  }));

test("an item that gives way to one of another interval starts a new period, too", () =>
  withBilling(async (standIn, stripe) => {
    const [yearly, monthly] = [await recurring(stripe, 36_500, "year"), await recurring(stripe)];
    const { subscription } = await buy(standIn, stripe, yearly.id);
    await standIn.clock.advance(10 * DAY);
    const [item] = subscription.items.data;
    const replaced = await stripe.subscriptions.update(subscription.id, {
      items: [{ id: item?.id ?? "", deleted: true }, { price: monthly.id }],
      ...expanded,
    });
    expect(replaced.items.data[0]?.current_period_end).toBe(seconds("2027-03-10T09:00:00Z"));
    const invoice = replaced.latest_invoice;
    if (invoice === null || typeof invoice === "string") throw new Error("The invoice was not expanded");
    const kinds = invoice.lines.data.map(({ parent }) => parent?.subscription_item_details?.proration);
    expect(kinds).toEqual([true, false]);
  }));
