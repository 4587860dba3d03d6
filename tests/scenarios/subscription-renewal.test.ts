import { expect, test } from "vitest";
import { db } from "#app/infra/db.server.ts";
import { newestInvoice, payInvoice } from "#tests/scenarios/life-acts.ts";
import { scenario } from "#tests/scenarios/life-harness.ts";
import { inOrder, subsets } from "#tests/scenarios/life-operators.ts";
import { after, dayMs, hourMs, minuteMs, openLifeShop, t0, t1, t2, t3 } from "#tests/scenarios/life-shop.ts";
import { type Director, playOnce, type Stage } from "#tests/scenarios/life-stage.ts";

// Renewals that are paid, at once or in a roundabout way (stripe.md 3.3, S48 to S52 and S59 to S64c).
const shop = await openLifeShop();
const issued = { "license-issued": 1 };
const slackEnd = after(t1, 48 * hourMs);
/** The renewal's draft is finalized and charged an hour after the period began. */
const charged = after(t1, 2 * hourMs);

async function subscribe(s: Stage, quantity = 3) {
  const purchase = await s.at(t0, () => s.buy("monthly", { quantity }));
  if (!purchase) throw new Error("Nothing was bought.");
  return purchase;
}

scenario(shop, "S48", "renewal", {
  play: async (s) => {
    await subscribe(s);
    await s.at(t1);
    await s.expect({ working: 3, code: "GRACE", paidUntil: t1, worksUntil: slackEnd });
    await s.at(charged);
  },
  end: {
    licenses: 3,
    working: 3,
    code: "VALID",
    paidUntil: t2,
    worksUntil: after(t2, 48 * hourMs),
    holds: [],
    mails: issued,
    audit: { "license.issued": 3, "license.renewed": 3 },
    alerts: [],
  },
  perm: true,
  each: true,
});

scenario(shop, "S49", "rollover event only, then the timer", {
  play: async (s) => {
    await subscribe(s);
    await s.at(t1);
    await s.expect({ working: 3, paidUntil: t1, worksUntil: slackEnd });
    await s.at(charged);
  },
  end: { licenses: 3, working: 3, paidUntil: t2, mails: issued, alerts: [] },
});

test("S49 rollover event only: with the events of subset A the timer alone extends, and never before payment", async () => {
  const types: readonly string[] = subsets.A;
  const onlyA = {
    ...inOrder(),
    deliver: async (events, post) => {
      for (const event of events) if (types.includes(event.type)) await post(event);
    },
  } satisfies Director;
  await playOnce(
    shop,
    async (s) => {
      await subscribe(s);
      await s.at(t1);
      await s.expect({ working: 3, paidUntil: t1, worksUntil: slackEnd });
      await s.at(after(t1, 59 * minuteMs));
      await s.expect({ paidUntil: t1 });
      await s.at(after(t1, 2 * hourMs + minuteMs));
      await s.expect({ working: 3, code: "VALID", paidUntil: t2 });
    },
    onlyA,
  );
});

scenario(shop, "S50", "renewal's webhooks lost entirely", {
  play: async (s) => {
    await subscribe(s);
    await s.at(charged);
  },
  end: { licenses: 3, working: 3, code: "VALID", paidUntil: t2, mails: issued, alerts: [] },
  command: true,
});

test("S50 renewal's webhooks lost entirely: the timer is named as the cause", async () => {
  let isFirst = true;
  const onlyTheFirstMoment = {
    ...inOrder(),
    deliver: async (events, post) => {
      if (isFirst) for (const event of events) await post(event);
      isFirst = false;
    },
  } satisfies Director;
  await playOnce(
    shop,
    async (s) => {
      await subscribe(s);
      await s.at(after(t1, 2 * hourMs + minuteMs));
      await s.expect({ working: 3, code: "VALID", paidUntil: t2 });
      const rows = await db().auditLog.findMany({
        where: { event: "license.renewed", licenseId: { in: (await s.licenses()).map(({ id }) => id) } },
      });
      expect(rows.map(({ cause }) => cause)).toEqual(["timer", "timer", "timer"]);
    },
    onlyTheFirstMoment,
  );
});

scenario(shop, "S51", "renewal fails, then recovers", {
  play: async (s) => {
    const { customerId, subscriptionId } = await subscribe(s);
    s.standIn.setCard(customerId, "declines");
    await s.at(charged);
    await s.expect({
      working: 3,
      code: "GRACE",
      paidUntil: t1,
      worksUntil: after(t1, 7 * dayMs),
      mails: { ...issued, "renewal-failed": 1 },
    });
    await s.at(after(t1, 2 * dayMs), async () => {
      s.standIn.setCard(customerId, "ok");
      await payInvoice(s, subscriptionId);
    });
  },
  end: {
    licenses: 3,
    working: 3,
    code: "VALID",
    paidUntil: t2,
    worksUntil: after(t2, 48 * hourMs),
    holds: [],
    mails: { ...issued, "renewal-failed": 1, "payment-recovered": 1 },
    audit: { "license.renewed": 3 },
    alerts: [],
  },
  perm: true,
  each: true,
});

scenario(shop, "S52", "recovery delivered before failure", {
  play: async (s) => {
    const { customerId, subscriptionId } = await subscribe(s);
    s.standIn.setCard(customerId, "declines");
    await s.at(after(t1, 90 * minuteMs), async () => {
      s.standIn.setCard(customerId, "ok");
      await payInvoice(s, subscriptionId);
    });
  },
  end: { licenses: 3, working: 3, code: "VALID", paidUntil: t2, mails: issued, alerts: [] },
  each: true,
});

scenario(shop, "S59", "3-D Secure needed on renewal", {
  play: async (s) => {
    const { customerId } = await subscribe(s);
    s.standIn.setCard(customerId, "requires_action");
    await s.at(charged);
  },
  end: {
    licenses: 3,
    working: 3,
    code: "GRACE",
    paidUntil: t1,
    worksUntil: after(t1, 7 * dayMs),
    holds: [],
    mails: { ...issued, "payment-action-required": 1 },
    alerts: [],
  },
  each: true,
});

scenario(shop, "S59", "3-D Secure done by the customer", {
  play: async (s) => {
    const { customerId, subscriptionId } = await subscribe(s);
    s.standIn.setCard(customerId, "requires_action");
    await s.at(charged);
    const invoice = await newestInvoice(s, subscriptionId);
    await s.at(after(t1, dayMs), () => s.standIn.approveAction(invoice.id));
  },
  end: { licenses: 3, working: 3, code: "VALID", paidUntil: t2, holds: [], alerts: [] },
});

scenario(shop, "S60", "out-of-band payment", {
  play: async (s) => {
    const { subscriptionId } = await subscribe(s);
    await s.at(after(t1, 10 * minuteMs), () => payInvoice(s, subscriptionId, { outOfBand: true }));
  },
  end: { licenses: 3, working: 3, code: "VALID", paidUntil: t2, mails: issued, alerts: [] },
  each: true,
});

scenario(shop, "S61", "delayed renewal fails after active", {
  play: async (s) => {
    const { customerId } = await subscribe(s);
    s.standIn.setCard(customerId, "delayed_failure");
    await s.at(charged);
    await s.expect({ working: 3, code: "GRACE", paidUntil: t1, worksUntil: slackEnd });
    await s.at(after(t1, 4 * dayMs));
  },
  end: {
    licenses: 3,
    working: 0,
    code: "EXPIRED",
    paidUntil: t1,
    holds: [],
    mails: issued,
    alerts: ["invoice-uncollectible"],
  },
  each: true,
});

scenario(shop, "S62", "marked uncollectible while active", {
  play: async (s) => {
    const { subscriptionId } = await subscribe(s);
    await s.at(after(t1, 10 * minuteMs), async () => {
      const { id } = await newestInvoice(s, subscriptionId);
      await s.stripe.invoices.finalizeInvoice(id, { auto_advance: false });
      await s.stripe.invoices.markUncollectible(id);
    });
    await s.at(charged);
  },
  end: {
    licenses: 3,
    working: 3,
    code: "GRACE",
    paidUntil: t1,
    worksUntil: slackEnd,
    mails: issued,
    alerts: ["invoice-uncollectible"],
  },
  each: true,
});

scenario(shop, "S63", "small proration invoice paid", {
  play: async (s) => {
    const { subscriptionId } = await subscribe(s, 1);
    await s.at(after(t0, 10 * minuteMs), async () => {
      const [item] = (await s.stripe.subscriptionItems.list({ subscription: subscriptionId })).data;
      await s.stripe.subscriptions.update(subscriptionId, {
        items: [{ id: item?.id ?? "", price: s.shop.priceOf("monthlyNew").stripePriceId }],
        proration_behavior: "always_invoice",
      });
      expect(await newestInvoice(s, subscriptionId)).toMatchObject({ status: "paid", amount_paid: 40 });
    });
  },
  end: {
    licenses: 1,
    working: 1,
    paidUntil: t1,
    mails: issued,
    audit: { "license.issued": 1, "license.renewed": 0 },
    alerts: [],
  },
  each: true,
});

scenario(shop, "S64", "manual invoice of the same customer", {
  play: async (s) => {
    const { customerId } = await subscribe(s);
    await s.at(after(t0, dayMs), async () => {
      const { id } = await s.stripe.invoices.create({ customer: customerId, auto_advance: false });
      await s.stripe.invoiceItems.create({
        customer: customerId,
        invoice: id,
        amount: 9900,
        currency: "usd",
      });
      await s.stripe.invoices.finalizeInvoice(id, { auto_advance: false });
      await s.stripe.invoices.pay(id);
    });
    // Payments nobody knows are asked about for a day.
    for (const day of [2, 3, 4]) await s.at(after(t0, day * dayMs));
  },
  end: { licenses: 3, working: 3, paidUntil: t1, mails: issued, audit: { "license.renewed": 0 }, alerts: [] },
  each: true,
  also: async () => {
    const open = await db().stripeEvent.findMany({
      where: { processedAt: null, ignoredAt: null },
      select: { type: true },
    });
    expect(open).toEqual([]);
  },
});

scenario(shop, "S64c", "subscription that is 100 % off for ever", {
  play: async (s) => {
    await s.at(t0, async () => {
      const coupon = await s.stripe.coupons.create({ percent_off: 100, duration: "forever" });
      await s.stripe.promotionCodes.create({
        promotion: { type: "coupon", coupon: coupon.id },
        code: "FRIEND",
      });
      return s.buy("monthly", { quantity: 3, pay: { promotionCode: "FRIEND" } });
    });
    await s.expect({ working: 3, paidUntil: t1 });
    await s.at(charged);
    await s.expect({ working: 3, paidUntil: t2 });
    await s.at(after(t2, 2 * hourMs));
  },
  end: {
    licenses: 3,
    working: 3,
    code: "VALID",
    paidUntil: t3,
    mails: issued,
    audit: { "license.issued": 3, "license.renewed": 6 },
    alerts: [],
  },
  each: true,
});
