import { expect } from "vitest";
import { scenario } from "#tests/scenarios/life-harness.ts";
import { after, dayMs, hourMs, openLifeShop, t0, t1, t2 } from "#tests/scenarios/life-shop.ts";
import type { Stage } from "#tests/scenarios/life-stage.ts";
import { choose, newestPayment, sell } from "#tests/scenarios/payment-acts.ts";

// Money of a subscription that goes back: it counts for the period it paid for (stripe.md 3.2, S35 and S36).
const shop = await openLifeShop();
const issued = { "license-issued": 1 };
const charged = after(t1, 2 * hourMs);

/** Three seats; gives the payment of the first month. */
async function firstPayment(s: Stage): Promise<{ subscriptionId: string; paymentId: string }> {
  const sale = await s.at(t0, () => s.buy("monthly", { quantity: 3 }));
  if (!sale) throw new Error("Nothing was bought.");
  return { subscriptionId: sale.subscriptionId, paymentId: await newestPayment(s, sale.subscriptionId) };
}

scenario(shop, "S35", "refund of an old subscription invoice", {
  play: async (s) => {
    const { paymentId } = await firstPayment(s);
    await s.at(charged);
    await s.at(after(t1, 3 * dayMs), () => s.standIn.refund(paymentId));
  },
  end: {
    licenses: 3,
    working: 3,
    code: "VALID",
    paidUntil: t2,
    holds: [],
    mails: issued,
    audit: { "license.issued": 3, "license.suspended": 0 },
    alerts: ["partial-refund"],
  },
  perm: true,
  each: true,
});

scenario(shop, "S35", "dispute about an old subscription invoice", {
  play: async (s) => {
    const { paymentId } = await firstPayment(s);
    await s.at(charged);
    await s.at(after(t1, 3 * dayMs), () => s.standIn.dispute(paymentId));
  },
  end: {
    licenses: 3,
    working: 3,
    code: "VALID",
    paidUntil: t2,
    holds: [],
    mails: issued,
    audit: { "license.suspended": 0 },
    alerts: ["dispute-opened"],
  },
  each: true,
});

async function refundCurrent(s: Stage): Promise<void> {
  const { paymentId } = await firstPayment(s);
  await s.at(after(t0, 5 * dayMs), () => s.standIn.refund(paymentId));
}

scenario(shop, "S36", "full refund of the current period's invoice", {
  play: refundCurrent,
  end: {
    licenses: 3,
    working: 0,
    code: "SUSPENDED",
    paidUntil: t1,
    holds: ["refund"],
    mails: { ...issued, refunded: 1 },
    audit: { "license.suspended": 3 },
    alerts: [],
  },
  perm: true,
  each: true,
});

scenario(shop, "S36", "full refund of one period, until the next one is paid", {
  play: async (s) => {
    await refundCurrent(s);
    await s.at(t1);
    await s.expect({ working: 0, code: "SUSPENDED", holds: ["refund"] });
    await s.at(charged);
  },
  end: {
    licenses: 3,
    working: 3,
    code: "VALID",
    paidUntil: t2,
    holds: [],
    mails: { ...issued, refunded: 1, "license-reinstated": 1 },
    audit: { "license.suspended": 3, "license.reinstated": 3 },
    // Since the next period is paid, it is one of an earlier period that went back.
    alerts: ["partial-refund"],
  },
  each: true,
});

scenario(shop, "S36", "full refund of the current period's invoice, by setting the end of the licenses", {
  play: async (s) => {
    await choose({ onFullRefund: "revoke" });
    await refundCurrent(s);
    await s.expect({ working: 0, code: "REVOKED" });
    await s.at(charged);
  },
  end: { licenses: 3, working: 0, code: "REVOKED", audit: { "license.issued": 3, "license.revoked": 3 } },
  // Whoever hears of it only when the next period is paid has no reason to revoke.
  skip: ["lose", "subsets", "staff"],
});

scenario(shop, "S36", "part of the current period's invoice refunded", {
  play: async (s) => {
    const { paymentId } = await firstPayment(s);
    await s.at(after(t0, 5 * dayMs), () => s.standIn.refund(paymentId, { amount: 1500 }));
  },
  end: {
    licenses: 3,
    working: 3,
    holds: [],
    mails: issued,
    audit: { "order.partly-refunded": 1 },
    alerts: ["partial-refund"],
  },
});

scenario(shop, "S36", "refund of a one-time sale of the same customer", {
  play: async (s) => {
    await firstPayment(s);
    const { paymentId } = await sell(s, after(t0, dayMs), "perpetual", 1);
    await s.at(after(t0, 2 * dayMs), () => s.standIn.refund(paymentId));
  },
  end: { licenses: 4, working: 3, holds: ["refund"], alerts: [] },
  also: (_stage, { licenses }) => {
    expect(licenses.map(({ plan, code }) => `${plan} ${code}`)).toEqual([
      "perpetual SUSPENDED",
      "standard VALID",
      "standard VALID",
      "standard VALID",
    ]);
  },
});
