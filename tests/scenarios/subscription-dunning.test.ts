import { expect, test } from "vitest";
import { db } from "#app/infra/db.server.ts";
import { makeSubscription, newestInvoice, payInvoice } from "#tests/scenarios/life-acts.ts";
import { scenario } from "#tests/scenarios/life-harness.ts";
import { inOrder } from "#tests/scenarios/life-operators.ts";
import { after, dayMs, hourMs, minuteMs, openLifeShop, t0, t1, t2 } from "#tests/scenarios/life-shop.ts";
import { playOnce, type Stage } from "#tests/scenarios/life-stage.ts";

// Renewals that are not paid: grace, the four ends of dunning, terms customers (stripe.md 3.3, S53 to S58 and S64b).
const shop = await openLifeShop();
const issued = { "license-issued": 1 };
const graceEnd = after(t1, 7 * dayMs);
const charged = after(t1, 2 * hourMs);

/** Three seats whose first renewal is declined; Stripe tries again after these days, then does what `end` says. */
async function failing(
  s: Stage,
  retryDays: number[],
  dunningEnd: "past_due" | "unpaid" | "canceled" | "paused",
) {
  s.standIn.setBilling({ retryDays, dunningEnd, resumeOnPayment: true });
  const purchase = await s.at(t0, () => s.buy("monthly", { quantity: 3 }));
  if (!purchase) throw new Error("Nothing was bought.");
  s.standIn.setCard(purchase.customerId, "declines");
  return purchase;
}

scenario(shop, "S53", "the same invoice fails four times", {
  play: async (s) => {
    await failing(s, [3, 5, 7], "past_due");
    await s.at(charged);
    await s.expect({
      working: 3,
      code: "GRACE",
      worksUntil: graceEnd,
      mails: { ...issued, "renewal-failed": 1 },
    });
    await s.at(after(t1, 3 * dayMs + 2 * hourMs));
    await s.expect({ working: 3, worksUntil: graceEnd, mails: { ...issued, "renewal-failed": 2 } });
    await s.at(after(t1, 5 * dayMs + 2 * hourMs));
    await s.expect({ working: 3, worksUntil: graceEnd, mails: { ...issued, "renewal-failed": 2 } });
    await s.at(after(t1, 7 * dayMs + 2 * hourMs));
  },
  end: {
    licenses: 3,
    working: 0,
    code: "SUSPENDED",
    paidUntil: t1,
    worksUntil: graceEnd,
    holds: ["unpaid"],
    mails: { ...issued, "renewal-failed": 3, "license-suspended": 1 },
    alerts: [],
  },
  each: true,
});

scenario(shop, "S54", "grace passes without any event", {
  play: async (s) => {
    await failing(s, [30], "past_due");
    await s.at(charged);
    await s.at(after(graceEnd, -minuteMs));
    await s.expect({ working: 3, code: "GRACE" });
    await s.at(after(graceEnd, minuteMs));
  },
  end: {
    licenses: 3,
    working: 0,
    code: "SUSPENDED",
    holds: ["unpaid"],
    mails: { ...issued, "renewal-failed": 1, "license-suspended": 1 },
    audit: { "license.suspended": 3 },
    alerts: [],
  },
  each: true,
});

test("S54 grace passes without any event: the clock is named as the cause", async () => {
  await playOnce(
    shop,
    async (s) => {
      await failing(s, [30], "past_due");
      await s.at(charged);
      await s.at(after(graceEnd, minuteMs));
      const rows = await db().auditLog.findMany({
        where: { event: "license.suspended", licenseId: { in: (await s.licenses()).map(({ id }) => id) } },
      });
      expect(rows.map(({ cause }) => cause)).toEqual(["timer", "timer", "timer"]);
    },
    inOrder(),
  );
});

scenario(shop, "S55", "dunning ends unpaid", {
  play: async (s) => {
    await failing(s, [1], "unpaid");
    await s.at(charged);
    await s.expect({ working: 3, code: "GRACE" });
    await s.at(after(t1, dayMs + 2 * hourMs));
  },
  end: {
    licenses: 3,
    working: 0,
    code: "SUSPENDED",
    paidUntil: t1,
    holds: ["unpaid"],
    mails: { ...issued, "renewal-failed": 2, "license-suspended": 1 },
    audit: { "license.suspended": 3 },
    alerts: [],
  },
  each: true,
});

scenario(shop, "S56", "unpaid, old invoice paid, new draft exists", {
  play: async (s) => {
    const { customerId, subscriptionId } = await failing(s, [1], "unpaid");
    await s.at(charged);
    const owed = await newestInvoice(s, subscriptionId);
    await s.at(after(t1, dayMs + 2 * hourMs));
    await s.at(after(t2, 2 * hourMs));
    expect(await newestInvoice(s, subscriptionId)).toMatchObject({ status: "draft" });
    s.standIn.setCard(customerId, "ok");
    await s.at(after(t2, 5 * dayMs), async () => {
      await s.stripe.invoices.pay(owed.id);
      expect(await s.stripe.subscriptions.retrieve(subscriptionId)).toMatchObject({ status: "unpaid" });
    });
  },
  end: { licenses: 3, working: 0, code: "SUSPENDED", paidUntil: t2, holds: ["unpaid"] },
  each: true,
});

scenario(shop, "S57", "dunning ends canceled", {
  play: async (s) => {
    await failing(s, [3, 9], "canceled");
    await s.at(charged);
    await s.at(after(t1, 3 * dayMs + 2 * hourMs));
    await s.at(after(graceEnd, minuteMs));
    await s.expect({ working: 0, code: "SUSPENDED", holds: ["unpaid"] });
    await s.at(after(t1, 9 * dayMs + 2 * hourMs));
  },
  end: {
    licenses: 3,
    working: 0,
    code: "EXPIRED",
    paidUntil: t1,
    holds: [],
    mails: { ...issued, "renewal-failed": 2, "license-suspended": 1, "license-expired": 1 },
    audit: { "license.suspended": 3, "subscription.ended": 1 },
    alerts: [],
  },
  each: true,
});

scenario(shop, "S58", "dunning ends paused, later paid and resumed", {
  play: async (s) => {
    const { customerId, subscriptionId } = await failing(s, [1], "paused");
    await s.at(charged);
    await s.at(after(t1, dayMs + 2 * hourMs));
    await s.expect({ working: 0, code: "SUSPENDED", holds: ["pause"] });
    s.standIn.setCard(customerId, "ok");
    await s.at(after(t1, 3 * dayMs), () => payInvoice(s, subscriptionId));
  },
  end: {
    licenses: 3,
    working: 3,
    code: "VALID",
    paidUntil: t2,
    holds: [],
    mails: { ...issued, "renewal-failed": 1, "license-suspended": 1, "license-reinstated": 1 },
    audit: { "license.suspended": 3, "license.reinstated": 3 },
    alerts: [],
  },
  each: true,
});

scenario(shop, "S64b", "30-day terms, paid on day 20, then not paid", {
  play: async (s) => {
    const made = await s.at(t0, () =>
      makeSubscription(s, { plan: "monthly", quantity: 3, daysUntilDue: 30 }),
    );
    const subscriptionId = made?.subscriptionId ?? "";
    await s.at(after(t0, 2 * hourMs));
    await s.expect({ working: 0, mails: {} });
    await s.at(after(t0, 20 * dayMs), () => payInvoice(s, subscriptionId, { outOfBand: true }));
    await s.expect({ working: 3, paidUntil: t1, worksUntil: graceEnd, mails: issued });
    await s.at(charged);
    await s.expect({ working: 3, code: "GRACE" });
    await s.at(after(graceEnd, hourMs));
    await s.expect({ working: 0 });
    // By now the next invoice is there, and Stripe judges a subscription by its newest one.
    await s.at(after(t2, 30 * dayMs + 2 * hourMs));
  },
  end: {
    licenses: 3,
    working: 0,
    paidUntil: t1,
    mails: { ...issued, "renewal-failed": 1, "license-suspended": 1 },
    alerts: [],
  },
  each: true,
});
