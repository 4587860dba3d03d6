import Stripe from "stripe";
import { expect, test } from "vitest";
import { createClock } from "./clock.ts";
import { makeSession, type Receiver, withReceiver, withStandIn } from "./harness.ts";
import type { RunningStandIn } from "./server.ts";

const SECRET = "whsec_test";
const completedOnly = ["checkout.session.completed"];

const completedEvent = (standIn: RunningStandIn) => {
  const event = standIn.events().find(({ type }) => type === "checkout.session.completed");
  if (event === undefined) throw new Error("No session was completed");
  return event;
};

const clockOf = (source: () => number) => createClock({ source });

const idsIn = (receiver: Receiver) => receiver.received.map(({ body }): unknown => JSON.parse(body).id);

test("a delivery is accepted by the SDK's own verification and holds the event the API lists", () =>
  withReceiver((receiver) =>
    withStandIn(
      { deliver: "auto", endpoints: [{ url: receiver.url, secret: SECRET }] },
      async (standIn, stripe) => {
        const session = await makeSession(stripe);
        standIn.pay(session.id);
        await standIn.idle();
        const events = receiver.received.map(({ body, signature }) =>
          stripe.webhooks.constructEvent(body, signature, SECRET),
        );
        expect(events.map(({ type }) => type)).toContain("checkout.session.completed");
        const completed = events.find(({ type }) => type === "checkout.session.completed");
        const listed = await stripe.events.retrieve(completed?.id ?? "");
        expect(listed.data).toEqual(completed?.data);
        expect(completed).toMatchObject({
          object: "event",
          api_version: Stripe.API_VERSION,
          livemode: false,
        });
        expect(completed?.data.object).toMatchObject({ id: session.id, payment_status: "paid" });
        expect(listed.pending_webhooks).toBe(0);
      },
    ),
  ));

test("an answer other than 2xx is retried with a fresh timestamp until it is accepted", () =>
  withReceiver((receiver) => {
    let wireMs = Date.now();
    const endpoints = [{ url: receiver.url, secret: SECRET, enabledEvents: completedOnly }];
    return withStandIn(
      { deliver: "auto", endpoints, clock: clockOf(() => wireMs) },
      async (standIn, stripe) => {
        receiver.answers.push(500, 302);
        const session = await makeSession(stripe);
        standIn.pay(session.id);
        await standIn.idle();
        expect(standIn.deliveries()).toMatchObject([
          { status: "pending", attempts: [{ status: 500, body: "noted" }] },
        ]);
        expect((await stripe.events.list({ delivery_success: false })).data.map(({ type }) => type)).toEqual(
          completedOnly,
        );
        wireMs += 2_000;
        await standIn.clock.advance(1_000);
        wireMs += 2_000;
        await standIn.clock.advance(5_000);
        expect(standIn.deliveries()).toEqual([]);
        expect(receiver.received).toHaveLength(3);
        const stamps = receiver.received.map(({ signature }) => signature.split(",")[0]);
        expect(new Set(stamps).size).toBe(3);
        expect(new Set(idsIn(receiver)).size).toBe(1);
        expect((await stripe.events.list({ delivery_success: false })).data).toEqual([]);
      },
    );
  }));

test("a delivery nobody takes is given up after three days and stays listed as undelivered", () =>
  withStandIn(
    { deliver: "auto", endpoints: [{ url: "http://127.0.0.1:9/", enabledEvents: completedOnly }] },
    async (standIn, stripe) => {
      const session = await makeSession(stripe);
      standIn.pay(session.id);
      await standIn.idle();
      await standIn.clock.advance(4 * 24 * 60 * 60 * 1000);
      const [delivery] = standIn.dump().deliveries;
      expect(delivery?.status).toBe("failed");
      expect(delivery?.attempts[0]).toMatchObject({
        status: null,
        error: expect.stringContaining("ECONNREFUSED"),
      });
      const lost = await stripe.events.list({ delivery_success: false, types: completedOnly });
      expect(lost.data.map(({ id }) => id)).toEqual([delivery?.event]);
    },
  ));

test("several endpoints each get what they listen for, with their own secret and version", () =>
  withReceiver((all) =>
    withReceiver((some) =>
      withStandIn({ deliver: "auto", endpoints: [{ url: all.url }] }, async (standIn, stripe) => {
        const created = await stripe.webhookEndpoints.create({
          url: some.url,
          enabled_events: ["checkout.session.completed"],
          api_version: "2024-06-20",
        });
        expect(created.secret).toMatch(/^whsec_/);
        expect((await stripe.webhookEndpoints.retrieve(created.id)).secret).toBeUndefined();
        const session = await makeSession(stripe);
        standIn.pay(session.id);
        await standIn.idle();
        expect(all.received.length).toBeGreaterThan(3);
        expect(some.received).toHaveLength(1);
        const [post] = some.received;
        const event = stripe.webhooks.constructEvent(
          post?.body ?? "",
          post?.signature ?? "",
          created.secret ?? "",
        );
        expect(event.api_version).toBe("2024-06-20");
      }),
    ),
  ));

test("while a secret is rolled every delivery is signed with both", () =>
  withReceiver((receiver) =>
    withStandIn(
      { endpoints: [{ url: receiver.url, secret: "whsec_old", enabledEvents: completedOnly }] },
      async (standIn, stripe) => {
        const session = await makeSession(stripe);
        standIn.pay(session.id);
        const event = completedEvent(standIn);
        const endpointId = standIn.dump().endpoints[0]?.id ?? "";
        standIn.setSecrets(endpointId, ["whsec_new", "whsec_old"]);
        expect(await standIn.deliver(event.id)).toMatchObject([{ status: 200, body: "noted" }]);
        const [post] = receiver.received;
        for (const secret of ["whsec_new", "whsec_old"]) {
          expect(stripe.webhooks.constructEvent(post?.body ?? "", post?.signature ?? "", secret).id).toBe(
            event.id,
          );
        }
        expect(() =>
          stripe.webhooks.constructEvent(post?.body ?? "", post?.signature ?? "", "whsec_other"),
        ).toThrow();
      },
    ),
  ));

test("a thin endpoint gets ids only, and the same id on every delivery", () =>
  withReceiver((receiver) =>
    withStandIn(
      { endpoints: [{ url: receiver.url, secret: SECRET, payload: "thin", enabledEvents: completedOnly }] },
      async (standIn, stripe) => {
        const session = await makeSession(stripe);
        standIn.pay(session.id);
        const event = completedEvent(standIn);
        await standIn.deliver(event.id, { copies: 2 });
        const [post] = receiver.received;
        const thin = stripe.parseEventNotification(post?.body ?? "", post?.signature ?? "", SECRET);
        expect(thin).toMatchObject({
          object: "v2.core.event",
          type: "v1.checkout.session.completed",
          snapshot_event: event.id,
          related_object: {
            id: session.id,
            type: "checkout.session",
            url: `/v1/checkout/sessions/${session.id}`,
          },
        });
        expect(thin.id).not.toBe(event.id);
        expect(new Set(idsIn(receiver))).toEqual(new Set([thin.id]));
        expect((await stripe.v2.core.events.retrieve(thin.id)).type).toBe(thin.type);
      },
    ),
  ));

test("in manual mode a test takes events, delivers them in its own order, twice, as another event, or not at all", () =>
  withReceiver((receiver) =>
    withStandIn({ endpoints: [{ url: receiver.url, secret: SECRET }] }, async (standIn, stripe) => {
      const session = await makeSession(stripe);
      standIn.takePending();
      standIn.pay(session.id);
      const pending = standIn.takePending();
      expect(pending.map(({ type }) => type)).toEqual([
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
      ]);
      expect(standIn.takePending()).toEqual([]);
      expect(receiver.received).toEqual([]);
      const [intentCreated, charge, , completed] = pending.map(({ id }) => id);
      await standIn.deliver(completed ?? "", { copies: 2, concurrently: true });
      await standIn.deliver(charge ?? "");
      standIn.drop(intentCreated ?? "");
      expect(idsIn(receiver)).toEqual([completed, completed, charge]);
      await standIn.deliver(completed ?? "", { asNewEventId: true });
      expect(idsIn(receiver).at(-1)).not.toBe(completed);
      const undelivered = await stripe.events.list({ delivery_success: false, types: ["payment_intent.*"] });
      expect(undelivered.data.map(({ id }) => id)).toContain(intentCreated);
    }),
  ));

test("held deliveries wait and are posted when released", () =>
  withReceiver((receiver) =>
    withStandIn(
      { deliver: "auto", endpoints: [{ url: receiver.url, secret: SECRET, enabledEvents: completedOnly }] },
      async (standIn, stripe) => {
        standIn.hold();
        const session = await makeSession(stripe);
        standIn.pay(session.id);
        await standIn.idle();
        expect(receiver.received).toEqual([]);
        standIn.release();
        await standIn.idle();
        expect(idsIn(receiver)).toEqual([completedEvent(standIn).id]);
      },
    ),
  ));

test("signed requests can be made with any secret, time and scheme", () =>
  withStandIn({}, async (standIn, stripe) => {
    const session = await makeSession(stripe);
    standIn.pay(session.id);
    const event = completedEvent(standIn);
    const verify = (options: { secret: string; timestamp?: number; scheme?: string }) => {
      const { body, headers } = standIn.signedRequest(event, options);
      return stripe.webhooks.constructEvent(body, headers["stripe-signature"] ?? "", SECRET).id;
    };
    const now = Math.floor(Date.now() / 1000);
    expect(verify({ secret: SECRET })).toBe(event.id);
    expect(verify({ secret: SECRET, timestamp: now - 290 })).toBe(event.id);
    expect(() => verify({ secret: SECRET, timestamp: now - 301 })).toThrow("tolerance");
    expect(() => verify({ secret: SECRET, scheme: "v0" })).toThrow();
    expect(() => verify({ secret: "whsec_wrong" })).toThrow();
  }));

test("events page backwards with ending_before and filter by type and date", () =>
  withStandIn({}, async (standIn, stripe) => {
    const first = await makeSession(stripe);
    standIn.pay(first.id);
    const cursor = completedEvent(standIn).id;
    await standIn.clock.advance(60_000);
    const second = await makeSession(stripe);
    standIn.pay(second.id);
    const newer = await stripe.events.list({ ending_before: cursor, types: completedOnly });
    expect(newer.data.map(({ data }) => data.object)).toMatchObject([{ id: second.id }]);
    const since = (await stripe.events.retrieve(cursor)).created;
    const dated = await stripe.events.list({ created: { gt: since }, type: "checkout.session.*" });
    expect(dated.data.map(({ data }) => data.object)).toMatchObject([{ id: second.id }]);
  }));
