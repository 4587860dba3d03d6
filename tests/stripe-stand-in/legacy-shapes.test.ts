import Stripe from "stripe";
import { expect, test } from "vitest";
import { makePrice, type ReceivedPost, withReceiver, withStandIn } from "./harness.ts";

const OLD = "2024-06-20";

/** The object of the first event of this type that was received. */
function objectOf(received: readonly ReceivedPost[], type: string): unknown {
  for (const { body } of received) {
    const event: { type: string; data: { object: unknown } } = JSON.parse(body);
    if (event.type === type) return event.data.object;
  }
  throw new Error(`No ${type} was received`);
}

test("an endpoint of a version before basil finds a subscription's period and an invoice's payment in the old places", () =>
  withReceiver((receiver) =>
    withStandIn({ endpoints: [{ url: receiver.url, apiVersion: OLD }] }, async (standIn, stripe) => {
      const { id: product } = await stripe.products.create({ name: "Old" });
      const recurring = { interval: "month" } as const;
      const price = await stripe.prices.create({ product, currency: "usd", unit_amount: 500, recurring });
      const { id: customer } = await stripe.customers.create({ email: "ada@example.com" });
      standIn.setCard(customer, "ok");
      const subscription = await stripe.subscriptions.create({
        customer,
        items: [{ price: price.id, quantity: 2 }],
        metadata: { order: "ord_1" },
      });
      await standIn.deliverPending();
      const [item] = subscription.items.data;
      const old = objectOf(receiver.received, "customer.subscription.created");
      expect(old).toMatchObject({
        current_period_start: item?.current_period_start,
        current_period_end: item?.current_period_end,
        plan: { id: price.id, interval: "month" },
        quantity: 2,
      });
      expect(old).not.toHaveProperty("items.data.0.current_period_end");
      const invoice = objectOf(receiver.received, "invoice.paid");
      const [intent] = standIn.dump().paymentIntents;
      expect(invoice).toMatchObject({
        subscription: subscription.id,
        subscription_details: { metadata: { order: "ord_1" } },
        paid: true,
        payment_intent: intent?.id,
        charge: intent?.latest_charge,
        lines: {
          data: [
            {
              type: "subscription",
              subscription: subscription.id,
              subscription_item: item?.id,
              proration: false,
              price: { id: price.id, object: "price" },
            },
          ],
        },
      });
      expect(invoice).not.toHaveProperty("parent");
      const [paid] = (await stripe.invoices.list({ subscription: subscription.id })).data;
      expect(objectOf(receiver.received, "charge.succeeded")).toMatchObject({ invoice: paid?.id });
      expect(JSON.parse(receiver.received[0]?.body ?? "")).toMatchObject({ api_version: OLD });
    }),
  ));

test("a request's version decides the shape of its answer", () =>
  withStandIn({}, async (standIn, stripe) => {
    const price = await makePrice(stripe);
    const { id } = await stripe.checkout.sessions.create({
      mode: "payment",
      success_url: "http://shop.test/",
      line_items: [{ price: price.id, quantity: 1 }],
    });
    const ask = async (version: string) => {
      const headers = { authorization: "Bearer sk_test_x", "stripe-version": version };
      const answer = await fetch(`${standIn.apiBase}/v1/checkout/sessions/${id}`, { headers });
      return answer.json();
    };
    expect(await ask(OLD)).toHaveProperty("ui_mode", "hosted");
    expect(await ask(Stripe.API_VERSION)).toHaveProperty("ui_mode", "hosted_page");
  }));
