import type Stripe from "stripe";
import { expect, test } from "vitest";
import { refusal, withStandIn } from "./harness.ts";
import type { RunningStandIn } from "./server.ts";

const DAY_MS = 86_400_000;

type Plan = { monthly: Stripe.Price; yearly: Stripe.Price };

async function plansOf(stripe: Stripe): Promise<Plan> {
  const { id: product } = await stripe.products.create({ name: "Sketchpad" });
  const make = (interval: "month" | "year", unit_amount: number) =>
    stripe.prices.create({ product, currency: "usd", unit_amount, recurring: { interval } });
  return { monthly: await make("month", 1500), yearly: await make("year", 15_000) };
}

/** A customer with three monthly seats, paid by a card that works. */
async function subscriber(standIn: RunningStandIn, stripe: Stripe) {
  const plans = await plansOf(stripe);
  const { id: customer } = await stripe.customers.create({ email: "ada@example.com" });
  standIn.setCard(customer, "ok");
  const items = [{ price: plans.monthly.id, quantity: 3 }];
  const subscription = await stripe.subscriptions.create({ customer, items });
  return { customer, subscription, item: subscription.items.data[0]?.id ?? "", plans };
}

async function portalOf(
  stripe: Stripe,
  parameters: Stripe.BillingPortal.SessionCreateParams,
): Promise<string> {
  return (await stripe.billingPortal.sessions.create(parameters)).url;
}

function send(url: string, fields: Record<string, string>): Promise<Response> {
  return fetch(url, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });
}

/** Presses a button and gives back the page that follows. */
async function press(url: string, fields: Record<string, string>): Promise<string> {
  const answer = await send(url, fields);
  if (answer.status !== 303) return answer.text();
  return (await fetch(new URL(answer.headers.get("location") ?? "", url))).text();
}

test("a customer ends a subscription with its period and changes their mind, the way its billing mode writes it", () =>
  withStandIn({}, async (standIn, stripe) => {
    const { customer, subscription: flexible, plans } = await subscriber(standIn, stripe);
    const classic = await stripe.subscriptions.create({
      customer,
      items: [{ price: plans.monthly.id }],
      billing_mode: { type: "classic" },
    });
    const url = await portalOf(stripe, { customer });
    const stateOf = async (id: string) => {
      const { cancel_at, cancel_at_period_end } = await stripe.subscriptions.retrieve(id);
      return { cancel_at, cancel_at_period_end };
    };
    const end = flexible.items.data[0]?.current_period_end;
    expect(await press(url, { act: "cancel", subscription: flexible.id })).toContain("ends on");
    expect(await stateOf(flexible.id)).toEqual({ cancel_at: end, cancel_at_period_end: false });
    expect(await press(url, { act: "keep", subscription: flexible.id })).toContain("goes on");
    expect(await stateOf(flexible.id)).toEqual({ cancel_at: null, cancel_at_period_end: false });
    await press(url, { act: "cancel", subscription: classic.id });
    expect(await stateOf(classic.id)).toEqual({ cancel_at: end, cancel_at_period_end: true });
    await press(url, { act: "keep", subscription: classic.id });
    expect(await stateOf(classic.id)).toEqual({ cancel_at: null, cancel_at_period_end: false });
    expect(await press(url, { act: "cancel-now", subscription: classic.id })).toContain("has ended");
    expect((await stripe.subscriptions.retrieve(classic.id)).status).toBe("canceled");
  }));

test("a customer changes quantity and plan, pauses and resumes", () =>
  withStandIn({}, async (standIn, stripe) => {
    const { customer, subscription, item, plans } = await subscriber(standIn, stripe);
    const url = await portalOf(stripe, { customer });
    const about = { subscription: subscription.id };
    expect(await (await fetch(url)).text()).toContain("$150.00 per year");
    await press(url, { act: "change", ...about, item, quantity: "5" });
    await press(url, { act: "change", ...about, item, price: plans.yearly.id });
    const changed = await stripe.subscriptions.retrieve(subscription.id);
    expect(changed.items.data).toMatchObject([{ id: item, quantity: 5, price: { id: plans.yearly.id } }]);
    expect(await press(url, { act: "pause", ...about })).toContain("Resume");
    expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe("paused");
    await press(url, { act: "resume", ...about });
    expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe("active");
    expect(await press(url, { act: "change", ...about, item, quantity: "0" })).toContain("not complete");
  }));

test("a customer whose card was declined gives another one and pays what is open", () =>
  withStandIn({}, async (standIn, stripe) => {
    const { customer, subscription } = await subscriber(standIn, stripe);
    standIn.setCard(customer, "declines");
    await standIn.clock.advance(32 * DAY_MS);
    expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe("past_due");
    const [open] = (await stripe.invoices.list({ subscription: subscription.id, status: "open" })).data;
    const url = await portalOf(stripe, { customer });
    const declined = await send(url, { act: "pay", invoice: open?.id ?? "" });
    expect(declined.status).toBe(402);
    expect(await declined.text()).toContain("declined");
    await press(url, { act: "card", card: "ok" });
    expect(await press(url, { act: "pay", invoice: open?.id ?? "" })).toContain("The invoice is paid.");
    expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe("active");
    await press(url, { act: "card", card: "declines" });
    await standIn.clock.advance(31 * DAY_MS);
    expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe("past_due");
  }));

test("the address is changed in the portal, which the customer's event tells", () =>
  withStandIn({}, async (standIn, stripe) => {
    const { customer } = await subscriber(standIn, stripe);
    const url = await portalOf(stripe, { customer });
    await press(url, { act: "email", email: "ada@new.example" });
    const event = standIn.events().findLast(({ type }) => type === "customer.updated");
    expect(event?.data).toMatchObject({
      object: { id: customer, email: "ada@new.example" },
      previous_attributes: { email: "ada@example.com" },
    });
    expect(await press(url, { act: "email", email: "nonsense" })).toContain("not complete");
  }));

test("a flow is for one thing, once, and sends the customer back to the shop", () =>
  withStandIn({}, async (standIn, stripe) => {
    const { customer, subscription } = await subscriber(standIn, stripe);
    const back = "http://shop.test/portal?from=billing";
    const url = await portalOf(stripe, {
      customer,
      flow_data: {
        type: "subscription_cancel",
        subscription_cancel: { subscription: subscription.id },
        after_completion: { type: "redirect", redirect: { return_url: back } },
      },
    });
    const page = await (await fetch(url)).text();
    expect(page).toContain("Cancel at the end of the period");
    expect(page).not.toContain("Update card");
    expect(await press(url, { act: "card", card: "ok" })).toContain("opened for something else");
    const done = await send(url, { act: "cancel", subscription: subscription.id });
    expect(done.headers.get("location")).toBe(back);
    expect((await stripe.subscriptions.retrieve(subscription.id)).cancel_at).not.toBeNull();
    expect((await fetch(url)).status).toBe(410);

    const cards = await portalOf(stripe, { customer, flow_data: { type: "payment_method_update" } });
    expect(await press(cards, { act: "card", card: "ok" })).toContain("Cancel now");
  }));

test("nobody reaches another customer's subscription or invoice", () =>
  withStandIn({}, async (standIn, stripe) => {
    const ada = await subscriber(standIn, stripe);
    const eve = await subscriber(standIn, stripe);
    const url = await portalOf(stripe, { customer: eve.customer });
    expect(await (await fetch(url)).text()).not.toContain(ada.subscription.id);
    expect(await press(url, { act: "cancel-now", subscription: ada.subscription.id })).toContain(
      "no such subscription",
    );
    const invoice = String(ada.subscription.latest_invoice);
    expect(await press(url, { act: "pay", invoice })).toContain("no such invoice");
    const flow = {
      type: "subscription_cancel",
      subscription_cancel: { subscription: ada.subscription.id },
    } as const;
    const refused = await refusal(
      stripe.billingPortal.sessions.create({ customer: eve.customer, flow_data: flow }),
    );
    expect(refused.code).toBe("resource_missing");
    expect((await stripe.subscriptions.retrieve(ada.subscription.id)).status).toBe("active");
  }));

test("an address nobody opens lasts five minutes, one that is used an hour from the latest click", () =>
  withStandIn({}, async (standIn, stripe) => {
    const { customer } = await subscriber(standIn, stripe);
    const unused = await portalOf(stripe, { customer });
    await standIn.clock.advance(6 * 60_000);
    expect((await fetch(unused)).status).toBe(410);
    const used = await portalOf(stripe, { customer });
    for (let i = 0; i < 3; i += 1) {
      expect((await fetch(used)).status).toBe(200);
      await standIn.clock.advance(50 * 60_000);
    }
    await standIn.clock.advance(60 * 60_000);
    expect((await fetch(used)).status).toBe(410);
    expect((await fetch(`${standIn.url}/billing-portal/test_none`)).status).toBe(410);
  }));
