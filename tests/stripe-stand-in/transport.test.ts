import type Stripe from "stripe";
import { expect, test } from "vitest";
import { makeSession, refusal, sdkFor, withReceiver, withStandIn } from "./harness.ts";
import { startStripeStandIn } from "./server.ts";

const THIN_DESTINATION = {
  name: "Thin",
  type: "webhook_endpoint",
  event_payload: "thin",
} as const;

function bodyOf(received: { body: string } | undefined): Record<string, unknown> {
  const body: unknown = JSON.parse(received?.body ?? "null");
  if (typeof body !== "object" || body === null) throw new Error("Nothing was received");
  return { ...body };
}

test("an event destination made through the v2 API gets the thin events it names, signed with its secret", () =>
  withReceiver((receiver) =>
    withStandIn({}, async (standIn, stripe) => {
      const destination = await stripe.v2.core.eventDestinations.create({
        ...THIN_DESTINATION,
        enabled_events: ["v1.checkout.session.completed"],
        webhook_endpoint: { url: receiver.url },
        include: ["webhook_endpoint.signing_secret", "webhook_endpoint.url"],
      });
      expect(destination).toMatchObject({ status: "enabled", webhook_endpoint: { url: receiver.url } });
      const session = await makeSession(stripe);
      standIn.pay(session.id);
      await standIn.deliverPending();
      const [post, ...others] = receiver.received;
      expect(others).toEqual([]);
      const secret = destination.webhook_endpoint?.signing_secret ?? "";
      const notification = stripe.parseEventNotification(post?.body ?? "", post?.signature ?? "", secret);
      expect(notification).toMatchObject({
        type: "v1.checkout.session.completed",
        related_object: { id: session.id, type: "checkout.session" },
      });
      const event = await stripe.v2.core.events.retrieve(notification.id);
      const snapshot = await stripe.events.retrieve(event.snapshot_event ?? "");
      expect(snapshot.type).toBe("checkout.session.completed");
    }),
  ));

test("event destinations are listed, changed, switched off and on, pinged and removed", () =>
  withReceiver((receiver) =>
    withStandIn({}, async (standIn, stripe) => {
      const { id, webhook_endpoint: hidden } = await stripe.v2.core.eventDestinations.create({
        ...THIN_DESTINATION,
        enabled_events: ["*"],
        webhook_endpoint: { url: receiver.url },
      });
      expect(hidden).toBeUndefined();
      const destinations = stripe.v2.core.eventDestinations;
      expect((await destinations.update(id, { name: "Renamed" })).name).toBe("Renamed");
      expect((await destinations.list()).data.map(({ name }) => name)).toEqual(["Renamed"]);
      expect((await stripe.webhookEndpoints.list()).data).toEqual([]);
      expect((await destinations.disable(id)).status).toBe("disabled");
      expect((await destinations.enable(id)).status).toBe("enabled");
      const ping = await destinations.ping(id);
      await standIn.deliverPending();
      expect(bodyOf(receiver.received[0])).toMatchObject({
        id: ping.id,
        type: "v2.core.event_destination.ping",
      });
      await destinations.del(id);
      expect((await refusal(destinations.retrieve(id))).statusCode).toBe(404);
    }),
  ));

test("a snapshot and a thin endpoint hear of one change, and the thin one names the snapshot", () =>
  withReceiver((snapshots) =>
    withReceiver((thins) => {
      const endpoints = [
        { url: snapshots.url, enabledEvents: ["charge.refunded"] },
        { url: thins.url, enabledEvents: ["v1.charge.refunded"], payload: "thin" as const },
      ];
      return withStandIn({ endpoints }, async (standIn, stripe) => {
        standIn.pay((await makeSession(stripe)).id);
        standIn.refund(standIn.dump().charges[0]?.id ?? "");
        await standIn.deliverPending();
        const snapshot = bodyOf(snapshots.received[0]);
        const thin = bodyOf(thins.received[0]);
        expect(thin.snapshot_event).toBe(snapshot.id);
        expect(thin).not.toHaveProperty("data");
        const { data } = await stripe.v2.core.events.list({ types: ["v1.charge.refunded"] });
        expect(data.map(({ id }) => id)).toEqual([thin.id]);
      });
    }),
  ));

test("an old event is posted again with today's signature", () =>
  withReceiver((receiver) =>
    withStandIn({ endpoints: [{ url: receiver.url }] }, async (standIn, stripe) => {
      const product = await stripe.products.create({ name: "Old" });
      await standIn.deliverPending();
      await standIn.clock.advance(20 * 24 * 60 * 60 * 1000);
      const [event] = (await stripe.events.list({ types: ["product.created"] })).data;
      const results = await standIn.deliver(event?.id ?? "");
      expect(results).toEqual([{ status: 200, body: "noted", error: null }]);
      expect(bodyOf(receiver.received[1])).toMatchObject({
        id: event?.id,
        data: { object: { id: product.id } },
      });
    }),
  ));

test("events are filtered by several types, by delivery, by time, and paged both ways", () =>
  withReceiver((receiver) =>
    withStandIn({ endpoints: [{ url: receiver.url }] }, async (standIn, stripe) => {
      await stripe.products.create({ name: "One" });
      await standIn.deliverPending();
      await standIn.clock.advance(60_000);
      await stripe.customers.create({});
      await stripe.products.create({ name: "Two" });
      const list = async (parameters: Stripe.EventListParams) =>
        (await stripe.events.list(parameters)).data.map(({ id }) => id);
      const [two, customer, one] = await list({ types: ["product.created", "customer.created"] });
      expect(await list({ types: ["customer.created"] })).toEqual([customer]);
      expect(await list({ types: ["product.created"], delivery_success: true })).toEqual([one]);
      expect(await list({ types: ["product.created"], delivery_success: false })).toEqual([two]);
      const { created } = await stripe.events.retrieve(customer ?? "");
      expect(await list({ types: ["product.created"], created: { gte: created } })).toEqual([two]);
      expect(await list({ types: ["product.created"], created: { lt: created } })).toEqual([one]);
      const before = { types: ["product.created", "customer.created"], ending_before: one ?? "", limit: 1 };
      expect(await list(before)).toEqual([customer]);
    }),
  ));

async function chaoticRun(seed: number): Promise<{ arrived: string[]; faults: Array<number | null> }> {
  const outcome = { arrived: [""], faults: [] as Array<number | null> };
  await withReceiver((receiver) =>
    withStandIn({ endpoints: [{ url: receiver.url }] }, async (standIn, stripe) => {
      standIn.chaos({
        seed,
        lose: 0.2,
        duplicate: 0.2,
        reorder: 0.5,
        apiFaults: 0.3,
        faults: [{ status: 429 }],
      });
      for (let i = 0; i < 40; i += 1) {
        await stripe.products.create({ name: `Product ${i + 10}` }).catch(() => undefined);
      }
      const { lost } = await standIn.deliverPending();
      standIn.calm();
      const named = receiver.received.map((post) => JSON.stringify(bodyOf(post).data));
      outcome.arrived = named.map((text) => /Product \d+/.exec(text)?.[0] ?? "");
      outcome.faults = standIn.requests().map(({ status }) => status);
      expect(lost.length + new Set(outcome.arrived).size).toBe(standIn.dump().products.length);
      await expect(stripe.products.create({ name: "Calm" })).resolves.toMatchObject({ name: "Calm" });
    }),
  );
  return outcome;
}

test("chaos loses, doubles and reorders deliveries and fails requests, the same for the same seed", async () => {
  const first = await chaoticRun(7);
  expect(first.faults).toContain(429);
  expect(first.arrived).not.toEqual([...first.arrived].sort());
  expect(new Set(first.arrived).size).toBeLessThan(first.arrived.length);
  expect(await chaoticRun(7)).toEqual(first);
  expect(await chaoticRun(8)).not.toEqual(first);
});

test("chaos also acts on deliveries that run by themselves", () =>
  withReceiver(async (receiver) => {
    const standIn = await startStripeStandIn({ endpoints: [{ url: receiver.url }] });
    try {
      standIn.chaos({ seed: 1, lose: 0.5, duplicate: 1, reorder: 0.5 });
      const stripe = sdkFor(standIn);
      for (let i = 0; i < 10; i += 1) await stripe.products.create({ name: `Product ${i}` });
      await standIn.clock.advance(60_000);
      await standIn.idle();
      const lost = standIn.dump().deliveries.filter(({ status }) => status === "dropped");
      expect(lost.length).toBeGreaterThan(0);
      expect(receiver.received).toHaveLength(2 * (10 - lost.length));
    } finally {
      await standIn.stop();
    }
  }));

test("a 404 without Stripe's shape passes through the SDK as if it were an object", () =>
  withStandIn({}, async (standIn, stripe) => {
    standIn.faults.next(1, { status: "bare_404" });
    const answer = await stripe.customers.retrieve("cus_x");
    expect(answer).not.toHaveProperty("id");
    expect((await refusal(stripe.customers.retrieve("cus_x"))).code).toBe("resource_missing");
  }));

test("a thin destination hears of what only thin events tell, which snapshot endpoints and lists never see", () =>
  withReceiver((thins) =>
    withReceiver((snapshots) => {
      const endpoints = [{ url: thins.url, payload: "thin" as const }, { url: snapshots.url }];
      return withStandIn({ endpoints }, async (standIn, stripe) => {
        const { id: product } = await stripe.products.create({ name: "Sketchpad" });
        const recurring = { interval: "month" } as const;
        const price = await stripe.prices.create({ product, currency: "usd", unit_amount: 1500, recurring });
        const { id: customer } = await stripe.customers.create({});
        standIn.setCard(customer, "ok");
        const { id, items } = await stripe.subscriptions.create({ customer, items: [{ price: price.id }] });
        const [item] = items.data;
        await stripe.subscriptions.update(id, { items: [{ id: item?.id ?? "", quantity: 3 }] });
        await stripe.subscriptions.update(id, { cancel_at: (item?.current_period_end ?? 0) - 86_400 });
        await stripe.subscriptions.update(id, { cancel_at: "" });
        standIn.setCard(customer, "declines");
        await standIn.clock.advance(32 * 86_400_000);
        await standIn.deliverPending();
        const thinOnly = thins.received.map(bodyOf).filter((body) => body.snapshot_event === undefined);
        expect(thinOnly.map(({ type }) => type)).toEqual([
          "v1.customer.subscription.incomplete",
          "v1.invoice_payment.open",
          "v1.customer.subscription.active",
          "v1.customer.subscription.item_quantity_changed",
          "v1.customer.subscription.cancel_at_changed",
          "v1.customer.subscription.cancel_at_changed",
          "v1.invoice_payment.open",
          "v1.customer.subscription.past_due",
        ]);
        expect(thinOnly.at(-1)?.related_object).toMatchObject({ id, url: `/v1/subscriptions/${id}` });
        const snapshotTypes = new Set(snapshots.received.map((post) => bodyOf(post).type));
        expect(snapshotTypes).not.toContain("customer.subscription.past_due");
        expect((await stripe.events.list({ type: "customer.subscription.past_due" })).data).toEqual([]);
      });
    }),
  ));
