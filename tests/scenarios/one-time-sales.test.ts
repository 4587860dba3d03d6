import { expect, test } from "vitest";
import { getCheckoutReturn } from "#app/domain/checkout/checkout-return.server.ts";
import { newId } from "#app/domain/ids.ts";
import { db } from "#app/infra/db.server.ts";
import { stripe } from "#app/infra/stripe.server.ts";
import { aCustomer } from "#tests/factories.ts";
import {
  checkOut,
  deliverInOrder,
  openShop,
  outcomeOf,
  permutations,
  takeEvents,
  tick,
  work,
} from "#tests/scenarios/sale-harness.ts";

// The scenarios of one-time sales, by their numbers. Every delivery is a signed HTTP request to the webhook, every
// look-up goes through the real SDK to the stand-in.
const shop = await openShop();
const { standIn } = shop;
takeEvents(standIn);

type Outcome = Awaited<ReturnType<typeof outcomeOf>>;

function expectSold(outcome: Outcome, quantity: number): void {
  expect(outcome.licenses).toHaveLength(quantity);
  expect(outcome.licenses.map((license) => license.ordinal)).toEqual(
    Array.from({ length: quantity }, (_, i) => i),
  );
  expect(outcome.licenses.every((license) => license.paidUntil === null && license.holds.length === 0)).toBe(
    true,
  );
  expect(new Set(outcome.licenses.map((license) => license.keyHmac)).size).toBe(quantity);
  expect(outcome.mails["license-issued"]).toBe(1);
  expect(outcome.audit["license.issued"]).toBe(quantity);
  expect(outcome.audit["order.paid"]).toBe(1);
  expect(outcome.alerts).toEqual([]);
  expect(outcome.inStep).toBe(true);
}

async function returnPage(sessionId: string, browserNonce: string | null) {
  return getCheckoutReturn({ sessionId, browserNonce, customerId: null, now: new Date() });
}

test("S01 a card sale of two gives two licenses in every order of its deliveries", async () => {
  const { sessionId } = await checkOut(shop);
  standIn.pay(sessionId);
  const types = takeEvents(standIn).map((event) => event.type);
  expect(types).toContain("checkout.session.completed");
  for (const order of permutations(types.slice(0, 5).map((_, index) => index))) {
    const sale = await checkOut(shop);
    standIn.pay(sale.sessionId);
    const events = takeEvents(standIn);
    await deliverInOrder(
      standIn,
      order.flatMap((index) => events[index] ?? []),
    );
    expectSold(await outcomeOf(sale.sessionId), 2);
  }
}, 180_000);

test("S01 every delivery twice, once at the same moment, changes nothing", async () => {
  const { sessionId } = await checkOut(shop);
  standIn.pay(sessionId);
  const events = takeEvents(standIn);
  await Promise.all(events.map((event) => standIn.deliver(event.id, { copies: 2, concurrently: true })));
  await work();
  await deliverInOrder(standIn, events);
  expectSold(await outcomeOf(sessionId), 2);
  const rows = await db().stripeEvent.findMany({
    where: { eventId: { in: events.map((event) => event.id) } },
  });
  expect(rows.map((row) => row.deliveries)).toEqual(events.map(() => 3));
  expect(rows.every((row) => row.processedAt !== null && row.failedAt === null)).toBe(true);
});

test("S01 only checkout.session.completed enabled gives the same licenses", async () => {
  const { sessionId } = await checkOut(shop);
  standIn.pay(sessionId);
  await deliverInOrder(
    standIn,
    takeEvents(standIn).filter((event) => event.type === "checkout.session.completed"),
  );
  expectSold(await outcomeOf(sessionId), 2);
});

test("S01 without the session's own events the payment's lead to the same licenses", async () => {
  const { sessionId } = await checkOut(shop);
  standIn.pay(sessionId);
  await deliverInOrder(
    standIn,
    takeEvents(standIn).filter((event) => !event.type.startsWith("checkout.session")),
  );
  expectSold(await outcomeOf(sessionId), 2);
});

test("S02 the return page before the webhook shows the keys, the webhook adds nothing", async () => {
  const { sessionId, browserNonce } = await checkOut(shop);
  standIn.pay(sessionId);
  const events = takeEvents(standIn);
  const page = await returnPage(sessionId, browserNonce);
  expect(page).toMatchObject({ state: "ready", mine: true });
  expect(page.state === "ready" && page.mine && page.licenses).toHaveLength(2);
  await deliverInOrder(standIn, events);
  const outcome = await outcomeOf(sessionId);
  expectSold(outcome, 2);
  expect(outcome.auditCauses).toEqual(["return page"]);
});

test("S03 fifty return pages and deliveries at the same moment give exactly the licenses and one mail", async () => {
  const { sessionId, browserNonce } = await checkOut(shop);
  standIn.pay(sessionId);
  const events = takeEvents(standIn);
  const pages = Array.from({ length: 25 }, () => returnPage(sessionId, browserNonce));
  const deliveries = Array.from({ length: 25 }, (_, index) => {
    const event = events[index % events.length];
    if (!event) throw new Error("The sale caused no events.");
    return standIn.deliver(event.id);
  });
  const [shown, answers] = await Promise.all([Promise.all(pages), Promise.all(deliveries), work(), work()]);
  await work();
  expect(answers.flat().every((answer) => answer.status === 200)).toBe(true);
  expect(shown.map((page) => page.state)).toEqual(shown.map(() => "ready"));
  expectSold(await outcomeOf(sessionId), 2);
});

test("S04 with every webhook lost one tick gives the licenses", async () => {
  const { sessionId } = await checkOut(shop);
  standIn.pay(sessionId);
  takeEvents(standIn);
  await tick();
  const outcome = await outcomeOf(sessionId);
  expectSold(outcome, 2);
  // The regular check read Stripe's list of events; the record names the event it found there.
  const found = await db().stripeEvent.findMany({ where: { sourceId: sessionId } });
  expect(found.every(({ note }) => note?.startsWith("Found by the regular check"))).toBe(true);
  expect(found.map(({ dedupeKey }) => dedupeKey)).toEqual(expect.arrayContaining(outcome.auditCauses));
  expect(outcome.auditCauses).toHaveLength(1);
});

test("S04 without a sweep the sale's own timer finds it after fifteen minutes", async () => {
  const { sessionId } = await checkOut(shop);
  standIn.pay(sessionId);
  takeEvents(standIn);
  await work(new Date(Date.now() + 14 * 60_000));
  expect((await outcomeOf(sessionId)).licenses).toHaveLength(0);
  await work(new Date(Date.now() + 16 * 60_000));
  const outcome = await outcomeOf(sessionId);
  expectSold(outcome, 2);
  expect(outcome.auditCauses).toEqual(["timer"]);
});

test("S05 the buyer closes the tab: the webhook alone is enough", async () => {
  const { sessionId } = await checkOut(shop);
  standIn.pay(sessionId);
  await deliverInOrder(standIn, takeEvents(standIn));
  expectSold(await outcomeOf(sessionId), 2);
});

test("S06 a delayed payment gives nothing until it succeeds", async () => {
  const { sessionId, browserNonce } = await checkOut(shop);
  standIn.pay(sessionId, { method: "delayed_success" });
  await deliverInOrder(standIn, takeEvents(standIn));
  const waiting = await outcomeOf(sessionId);
  expect(waiting.licenses).toHaveLength(0);
  expect(waiting.mails).toEqual({ "payment-pending": 1 });
  expect(waiting.audit["order.awaiting-payment"]).toBe(1);
  expect(await returnPage(sessionId, browserNonce)).toMatchObject({ state: "awaiting-payment", mine: true });
  standIn.settle(sessionId, "succeeded");
  await deliverInOrder(standIn, takeEvents(standIn));
  const settled = await outcomeOf(sessionId);
  expectSold(settled, 2);
  expect(settled.mails).toEqual({ "payment-pending": 1, "license-issued": 1 });
});

test("S06 in every order of its deliveries", async () => {
  const wanted = [
    "checkout.session.completed",
    "payment_intent.processing",
    "payment_intent.succeeded",
    "charge.succeeded",
    "checkout.session.async_payment_succeeded",
  ];
  for (const order of permutations(wanted)) {
    const { sessionId } = await checkOut(shop);
    standIn.pay(sessionId, { method: "delayed_success" });
    standIn.settle(sessionId, "succeeded");
    const events = takeEvents(standIn);
    await deliverInOrder(
      standIn,
      order.flatMap((type) => events.filter((event) => event.type === type)),
    );
    expectSold(await outcomeOf(sessionId), 2);
  }
}, 180_000);

test("S06 with the success lost one tick gives the licenses", async () => {
  const { sessionId } = await checkOut(shop);
  standIn.pay(sessionId, { method: "delayed_success" });
  await deliverInOrder(standIn, takeEvents(standIn));
  standIn.settle(sessionId, "succeeded");
  takeEvents(standIn);
  await tick();
  expectSold(await outcomeOf(sessionId), 2);
});

test("S07 a delayed payment that fails gives no license and one mail, in every order of its deliveries", async () => {
  const first = await checkOut(shop);
  standIn.pay(first.sessionId, { method: "delayed_failure" });
  await deliverInOrder(standIn, takeEvents(standIn));
  standIn.settle(first.sessionId, "failed");
  const late = takeEvents(standIn);
  expect(late.map((event) => event.type)).toContain("checkout.session.async_payment_failed");
  await deliverInOrder(standIn, late);
  const outcome = await outcomeOf(first.sessionId);
  expect(outcome.licenses).toHaveLength(0);
  expect(outcome.mails).toEqual({ "payment-pending": 1, "payment-failed": 1 });
  expect(outcome.audit["order.payment-failed"]).toBe(1);
  expect(await returnPage(first.sessionId, first.browserNonce)).toMatchObject({ state: "payment-failed" });

  for (const order of permutations([0, 1, 2, 3, 4])) {
    const { sessionId } = await checkOut(shop);
    standIn.pay(sessionId, { method: "delayed_failure" });
    standIn.settle(sessionId, "failed");
    const events = takeEvents(standIn);
    const picked = [...events.slice(0, 2), ...events.slice(-3)];
    await deliverInOrder(
      standIn,
      order.flatMap((index) => picked[index] ?? []),
    );
    const each = await outcomeOf(sessionId);
    expect(each.licenses).toHaveLength(0);
    expect(each.mails).toEqual({ "payment-failed": 1 });
    expect(each.audit["license.issued"]).toBeUndefined();
  }
}, 180_000);

test("S08 success before completed: issued once, and no mail that a payment is pending", async () => {
  const { sessionId } = await checkOut(shop);
  standIn.pay(sessionId, { method: "delayed_success" });
  const early = takeEvents(standIn);
  standIn.settle(sessionId, "succeeded");
  await deliverInOrder(standIn, takeEvents(standIn));
  await deliverInOrder(standIn, early);
  const outcome = await outcomeOf(sessionId);
  expectSold(outcome, 2);
  expect(outcome.mails).toEqual({ "license-issued": 1 });
});

test("S09 a coupon of 100 % still gives the licenses", async () => {
  const coupon = await stripe().coupons.create({ percent_off: 100, duration: "once" });
  const session = await stripe().checkout.sessions.create({
    mode: "payment",
    line_items: [{ price: shop.perpetual.stripePriceId, quantity: 2 }],
    discounts: [{ coupon: coupon.id }],
    success_url: "http://localhost:3000/checkout/return?session_id={CHECKOUT_SESSION_ID}",
  });
  standIn.pay(session.id, { email: "free@example.com" });
  const events = takeEvents(standIn);
  await deliverInOrder(standIn, events);
  const outcome = await outcomeOf(session.id);
  expectSold(outcome, 2);
  expect(outcome.order).toMatchObject({ amountTotal: 0, paymentIntentId: null });
});

test("S10 an expired session gives nothing and closes the order", async () => {
  const { sessionId, browserNonce } = await checkOut(shop);
  standIn.expire(sessionId);
  await deliverInOrder(standIn, takeEvents(standIn));
  const outcome = await outcomeOf(sessionId);
  expect(outcome.licenses).toHaveLength(0);
  expect(outcome.mails).toEqual({});
  expect(outcome.audit["order.expired"]).toBe(1);
  expect(await returnPage(sessionId, browserNonce)).toEqual({ state: "expired" });
});

test("S10 the expiry lost is found by the sale's timer", async () => {
  const { sessionId } = await checkOut(shop);
  standIn.expire(sessionId);
  takeEvents(standIn);
  await work(new Date(Date.now() + 16 * 60_000));
  expect((await outcomeOf(sessionId)).order?.expiredAt).toBeInstanceOf(Date);
});

test("S11 an expired event that comes after completed takes nothing away", async () => {
  const expired = await checkOut(shop);
  standIn.expire(expired.sessionId);
  const [template] = takeEvents(standIn);
  const { sessionId } = await checkOut(shop);
  standIn.pay(sessionId);
  await deliverInOrder(standIn, takeEvents(standIn));
  if (!template) throw new Error("Expiring caused no event.");
  const late = {
    ...template,
    id: "evt_late_expired",
    data: { object: { ...template.data.object, id: sessionId } },
  };
  const { body, headers } = standIn.signedRequest(late, { secret: "whsec_scenarios" });
  const answer = await fetch(shop.webhookUrl, { method: "POST", body, headers });
  expect(answer.status).toBe(200);
  await work();
  const outcome = await outcomeOf(sessionId);
  expectSold(outcome, 2);
  expect(outcome.order?.expiredAt).toBeNull();
});

test("S12 two events with ids of their own about one session give one set of licenses", async () => {
  const { sessionId } = await checkOut(shop);
  standIn.pay(sessionId);
  const events = takeEvents(standIn);
  await deliverInOrder(standIn, events);
  for (const event of events)
    await standIn.deliver(event.id, { asNewEventId: true, copies: 2, concurrently: true });
  await work();
  takeEvents(standIn);
  expectSold(await outcomeOf(sessionId), 2);
});

test("S13 the same buyer buying again gets licenses again", async () => {
  const email = "again@example.com";
  const first = await checkOut(shop, { email });
  standIn.pay(first.sessionId);
  const second = await checkOut(shop, { email });
  standIn.pay(second.sessionId);
  await deliverInOrder(standIn, takeEvents(standIn));
  expectSold(await outcomeOf(first.sessionId), 2);
  expectSold(await outcomeOf(second.sessionId), 2);
  const customer = await db().customer.findUniqueOrThrow({ where: { email }, include: { licenses: true } });
  expect(customer.licenses).toHaveLength(4);
});

test("S14 of two lines only the one whose price is in the catalog gives a license, and staff are told", async () => {
  const foreign = await stripe().prices.create({
    currency: "usd",
    unit_amount: 500,
    product_data: { name: "Sticker" },
  });
  const session = standIn.createSession({
    line_items: [
      { price: shop.perpetual.stripePriceId, quantity: 1 },
      { price: foreign.id, quantity: 3 },
    ],
  });
  standIn.pay(session.id, { email: "mixed@example.com" });
  await deliverInOrder(standIn, takeEvents(standIn));
  const outcome = await outcomeOf(session.id);
  expect(outcome.licenses).toHaveLength(1);
  expect(outcome.mails).toEqual({ "license-issued": 1 });
  expect(outcome.alerts).toEqual(["unmapped-price"]);
});

test("S14 a sale with nothing of ours in it leaves no trace but its events", async () => {
  const foreign = await stripe().prices.create({
    currency: "usd",
    unit_amount: 500,
    product_data: { name: "Mug" },
  });
  const session = standIn.createSession({ line_items: [{ price: foreign.id, quantity: 1 }] });
  standIn.pay(session.id, { email: "mug@example.com" });
  const events = takeEvents(standIn);
  await deliverInOrder(standIn, events);
  const outcome = await outcomeOf(session.id);
  expect(outcome).toMatchObject({ order: null, licenses: [], alerts: [] });
  expect(await db().customer.findUnique({ where: { email: "mug@example.com" } })).toBeNull();
  const row = await db().stripeEvent.findFirstOrThrow({
    where: { sourceId: session.id, type: "checkout.session.completed" },
  });
  expect(row.ignoredAt).toBeInstanceOf(Date);
  expect(row.note).toContain("None of the prices");
});

test("S15 a guest without a Stripe customer is found by the address they typed", async () => {
  const session = standIn.createSession({
    line_items: [{ price: shop.perpetual.stripePriceId, quantity: 2 }],
    customer_creation: "if_required",
  });
  standIn.pay(session.id, { email: "Guest@Example.com" });
  await deliverInOrder(standIn, takeEvents(standIn));
  const outcome = await outcomeOf(session.id);
  expectSold(outcome, 2);
  expect(outcome.licenses[0]?.customer?.email).toBe("guest@example.com");
  expect(outcome.recipients).toEqual(["guest@example.com"]);
});

test("S16 whoever was signed in owns the licenses, whatever address they typed", async () => {
  const owner = await aCustomer({ email: "owner@example.com" });
  const { sessionId } = await checkOut(shop, { customerId: owner.id, email: owner.email });
  standIn.pay(sessionId, { email: "billing@example.com" });
  await deliverInOrder(standIn, takeEvents(standIn));
  const outcome = await outcomeOf(sessionId);
  expectSold(outcome, 2);
  expect(outcome.licenses[0]?.customerId).toBe(owner.id);
  expect(outcome.order?.email).toBe("billing@example.com");
  expect(outcome.recipients).toEqual(["owner@example.com"]);
});

test("S16 a session made elsewhere may name the owner by reference", async () => {
  const owner = await aCustomer({ email: "reference@example.com" });
  const session = standIn.createSession({
    line_items: [{ price: shop.perpetual.stripePriceId, quantity: 2 }],
    client_reference_id: owner.id,
  });
  standIn.pay(session.id, { email: "somebody-else@example.com" });
  await deliverInOrder(standIn, takeEvents(standIn));
  const outcome = await outcomeOf(session.id);
  expectSold(outcome, 2);
  expect(outcome.licenses[0]?.customerId).toBe(owner.id);
});

test("S17 a sale without any address is kept for staff and delivered once an address is known", async () => {
  const session = standIn.createSession(
    { line_items: [{ price: shop.perpetual.stripePriceId, quantity: 2 }], customer_creation: "always" },
    { withholdCustomerDetails: true },
  );
  standIn.pay(session.id, { email: null });
  await deliverInOrder(standIn, takeEvents(standIn));
  const parked = await outcomeOf(session.id);
  expect(parked.licenses).toHaveLength(0);
  expect(parked.alerts).toEqual(["no-email"]);
  expect(parked.order?.paidAt).toBeInstanceOf(Date);
  const { customer } = await stripe().checkout.sessions.retrieve(session.id);
  if (typeof customer !== "string") throw new Error("The session has no customer.");
  await stripe().customers.update(customer, { email: "found@example.com" });
  await standIn.deliver(
    standIn.events().findLast((event) => event.type === "checkout.session.completed")?.id ?? "",
  );
  await work();
  const delivered = await outcomeOf(session.id);
  expect(delivered.licenses).toHaveLength(2);
  expect(delivered.recipients).toEqual(["found@example.com"]);
});

test("S17 without an address a signed-in buyer still gets the licenses", async () => {
  const owner = await aCustomer();
  const { sessionId } = await checkOut(shop, { customerId: owner.id, email: owner.email });
  standIn.pay(sessionId, { email: null });
  await deliverInOrder(standIn, takeEvents(standIn));
  expect((await outcomeOf(sessionId)).licenses.map((license) => license.customerId)).toEqual([
    owner.id,
    owner.id,
  ]);
});

test("S18 a Payment Link sale is recognized by its price", async () => {
  const link = await stripe().paymentLinks.create({
    line_items: [{ price: shop.perpetual.stripePriceId, quantity: 2 }],
  });
  const opened = await fetch(link.url, { redirect: "manual" });
  const sessionId = /cs_test_\w+/.exec(opened.headers.get("location") ?? "")?.[0];
  if (!sessionId) throw new Error("The Payment Link opened no session.");
  standIn.pay(sessionId, { email: "link@example.com" });
  await deliverInOrder(standIn, takeEvents(standIn));
  const outcome = await outcomeOf(sessionId);
  expectSold(outcome, 2);
  expect(outcome.order?.origin).toBe("payment_link");
});

test("S18 other people's checkout code names the plan by metadata.slug", async () => {
  const unmapped = await stripe().prices.create({
    currency: "usd",
    unit_amount: 4200,
    product_data: { name: "Lumen (old shop)" },
  });
  for (const [slug, paidUntil] of [
    ["lumen", null],
    ["lumen-yearly", expect.any(Date)],
  ] as const) {
    const session = standIn.createSession({
      line_items: [{ price: unmapped.id, quantity: 1 }],
      metadata: { slug },
    });
    standIn.pay(session.id, { email: "slug@example.com" });
    await deliverInOrder(standIn, takeEvents(standIn));
    const outcome = await outcomeOf(session.id);
    expect(outcome.licenses).toHaveLength(1);
    expect(outcome.licenses[0]?.paidUntil).toEqual(paidUntil);
  }
});

test("S19 what the buyer saw in their currency does not change what the order says", async () => {
  const session = standIn.createSession(
    { line_items: [{ price: shop.perpetual.stripePriceId, quantity: 2 }] },
    { presentment: { currency: "eur", amount: 18_300 } },
  );
  standIn.pay(session.id, { email: "euro@example.com" });
  await deliverInOrder(standIn, takeEvents(standIn));
  const outcome = await outcomeOf(session.id);
  expectSold(outcome, 2);
  expect(outcome.order).toMatchObject({ amountTotal: 19_800, currency: "usd" });
});

test("S20 all lines of a long order are delivered", async () => {
  const prices = await Promise.all(
    Array.from({ length: 23 }, async (_, index) => {
      const price = await stripe().prices.create({
        currency: "usd",
        unit_amount: 1000 + index,
        product_data: { name: `Pack ${index}` },
      });
      await db().price.create({
        data: {
          id: newId("price"),
          policyId: shop.perpetual.policy.id,
          stripePriceId: price.id,
          amount: 1000 + index,
          currency: "usd",
        },
      });
      return price.id;
    }),
  );
  const session = standIn.createSession({ line_items: prices.map((price) => ({ price, quantity: 1 })) });
  standIn.pay(session.id, { email: "bulk@example.com" });
  await deliverInOrder(standIn, takeEvents(standIn));
  const outcome = await outcomeOf(session.id);
  expect(outcome.licenses).toHaveLength(23);
  expect(outcome.mails).toEqual({ "license-issued": 1 });
});
