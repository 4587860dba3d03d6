import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { startRenewal } from "#app/domain/checkout/start-renewal.server.ts";
import { db } from "#app/infra/db.server.ts";
import { scenario } from "#tests/scenarios/life-harness.ts";
import { doubled, inOrder, permuted } from "#tests/scenarios/life-operators.ts";
import { after, dayMs, hourMs, openLifeShop, t0 } from "#tests/scenarios/life-shop.ts";
import { type Buying, expectState, playOnce, type Stage } from "#tests/scenarios/life-stage.ts";
import { paymentOfSale, revoke } from "#tests/scenarios/payment-acts.ts";

// A dated license and what prolongs it: another one-time purchase, which can be lost, refunded and disputed like any.
const shop = await openLifeShop();
const day = (count: number) => after(t0, count * dayMs);
const mails = { "license-issued": 1, "license-renewed": 1 };

/** One license until day 365. */
const sellDated = (s: Stage) => s.at(t0, () => s.buy("dated"));

/** The owner of the only license opens the page to renew it; until the shop has a license there is nothing to renew. */
async function openRenewal(s: Stage): Promise<string> {
  if ((await s.licenses()).length === 0) await s.tick();
  const [license] = await s.licenses();
  if (!license?.customerId) throw new Error("There is no license to renew.");
  const { orderId } = await startRenewal({
    licenseId: license.id,
    customerId: license.customerId,
    browserNonce: randomBytes(16).toString("hex"),
    now: s.now(),
  });
  const { stripeSessionId } = await db().order.findUniqueOrThrow({ where: { id: orderId } });
  if (!stripeSessionId) throw new Error("The renewal has no session.");
  return stripeSessionId;
}

/** Renews the only license; gives the session and its payment. */
async function renew(s: Stage, instant: Date, pay: Buying["pay"] = {}) {
  const renewal = await s.at(instant, async () => {
    const sessionId = await openRenewal(s);
    s.standIn.pay(sessionId, pay);
    return { sessionId, paymentId: await paymentOfSale(s, sessionId) };
  });
  if (!renewal) throw new Error("Nothing was renewed.");
  return renewal;
}

scenario(shop, "Renewal", "bought early, nothing of the old time is lost", {
  play: async (s) => {
    await sellDated(s);
    await s.expect({ working: 1, paidUntil: day(365) });
    await renew(s, day(300));
  },
  end: {
    licenses: 1,
    working: 1,
    paidUntil: day(730),
    holds: [],
    mails,
    audit: { "license.issued": 1, "license.renewed": 1 },
    alerts: [],
  },
  perm: true,
  gather: true,
  each: true,
  command: true,
  skip: ["staff"],
});

scenario(shop, "Renewal", "bought late, nothing is paid for days that have passed", {
  play: async (s) => {
    await sellDated(s);
    await s.at(after(day(366), hourMs));
    await s.expect({ working: 0, code: "EXPIRED" });
    await renew(s, day(400));
  },
  end: {
    licenses: 1,
    working: 1,
    code: "VALID",
    paidUntil: day(765),
    mails: { ...mails, "license-expired": 1 },
    audit: { "license.renewed": 1 },
    alerts: [],
  },
  perm: true,
  each: true,
  skip: ["staff"],
});

scenario(shop, "Renewal", "paid with delay, counts from when the money arrived", {
  play: async (s) => {
    await sellDated(s);
    const { sessionId } = await renew(s, day(300), { method: "delayed_success" });
    await s.expect({ working: 1, paidUntil: day(365), mails: { "license-issued": 1, "payment-pending": 1 } });
    await s.at(day(301), () => s.standIn.settle(sessionId, "succeeded"));
  },
  end: {
    licenses: 1,
    working: 1,
    paidUntil: day(730),
    mails: { ...mails, "payment-pending": 1 },
    alerts: [],
  },
  perm: true,
  each: true,
  skip: ["staff"],
});

scenario(shop, "Renewal", "refunded, takes its time with it and leaves the first purchase alone", {
  play: async (s) => {
    await sellDated(s);
    const { paymentId } = await renew(s, day(300));
    await s.expect({ paidUntil: day(730) });
    await s.at(day(310), () => s.standIn.refund(paymentId));
  },
  end: {
    licenses: 1,
    working: 1,
    paidUntil: day(365),
    holds: [],
    mails: { ...mails, refunded: 1 },
    audit: { "license.renewed": 1, "license.shortened": 1, "license.suspended": 0 },
    alerts: [],
  },
  perm: true,
  gather: true,
  each: true,
  skip: ["staff"],
});

scenario(shop, "Renewal", "whose refund fails, counts again", {
  play: async (s) => {
    await sellDated(s);
    const { paymentId } = await renew(s, day(300));
    const refund = await s.at(day(310), () => s.standIn.refund(paymentId, { outcome: "pending" }));
    await s.expect({ paidUntil: day(365) });
    await s.at(day(312), () => s.standIn.settleRefund(refund?.id ?? "", "failed"));
  },
  end: { licenses: 1, working: 1, paidUntil: day(730), holds: [], alerts: ["refund-failed"] },
  each: true,
  skip: ["staff"],
});

scenario(shop, "Renewal", "disputed and won, counts again", {
  play: async (s) => {
    await sellDated(s);
    const { paymentId } = await renew(s, day(300));
    const opened = await s.at(day(310), () => s.standIn.dispute(paymentId));
    await s.expect({ working: 1, paidUntil: day(365), holds: [] });
    await s.at(day(330), () => s.standIn.moveDispute(opened?.id ?? "", "won"));
  },
  end: {
    licenses: 1,
    working: 1,
    paidUntil: day(730),
    holds: [],
    audit: { "license.renewed": 2, "license.shortened": 1 },
    alerts: ["dispute-opened"],
  },
  perm: true,
  each: true,
  skip: ["staff"],
});

scenario(shop, "Renewal", "of a license whose first purchase is refunded, does not lift the hold", {
  play: async (s) => {
    const sale = await sellDated(s);
    await renew(s, day(300));
    const paymentId = await paymentOfSale(s, sale?.sessionId ?? "");
    await s.at(day(310), () => s.standIn.refund(paymentId));
  },
  end: {
    licenses: 1,
    working: 0,
    code: "SUSPENDED",
    paidUntil: day(730),
    holds: ["refund"],
    mails: { ...mails, refunded: 1 },
    alerts: [],
  },
  each: true,
  skip: ["staff"],
});

scenario(shop, "Renewal", "bought twice, adds up", {
  play: async (s) => {
    await sellDated(s);
    await renew(s, day(300));
    await renew(s, day(310));
  },
  end: {
    licenses: 1,
    working: 1,
    paidUntil: day(3 * 365),
    mails: { ...mails, "license-renewed": 2 },
    audit: { "license.renewed": 2 },
    alerts: [],
  },
  perm: true,
  gather: true,
  each: true,
  skip: ["staff"],
});

test("Renewal of a license that was revoked meanwhile: the buyer gets another one, the revoked stays revoked", async () => {
  const play = async (s: Stage) => {
    await sellDated(s);
    const sessionId = await s.at(day(300), () => openRenewal(s));
    for (const license of await s.licenses()) await revoke(license, s.now());
    await s.at(after(day(300), hourMs), () => s.standIn.pay(sessionId ?? ""));
  };
  for (const director of [
    inOrder(),
    doubled(),
    ...Array.from({ length: 6 }, (_, index) => permuted(index)),
  ]) {
    const { state } = await playOnce(shop, play, director);
    expectState(state, { licenses: 2, working: 1, mails: { "license-issued": 2 } });
    expect(state.licenses.map(({ code, paidUntil, revokedBy }) => [code, paidUntil, revokedBy])).toEqual([
      ["REVOKED", day(365).toISOString(), "staff"],
      ["VALID", after(day(665), hourMs).toISOString(), null],
    ]);
  }
}, 60_000);

test("Renewal paid on an earlier payment page of the same order prolongs the license all the same", async () => {
  const play = async (s: Stage) => {
    await sellDated(s);
    await s.at(day(300), async () => {
      const earlier = await openRenewal(s);
      const where = { stripeSessionId: earlier };
      await db().order.update({ where, data: { checkoutAttempt: { increment: 1 } } });
      expect(await openRenewal(s)).not.toBe(earlier);
      s.standIn.pay(earlier);
    });
  };
  for (const director of [inOrder(), doubled(), permuted(1)]) {
    const { state } = await playOnce(shop, play, director);
    expectState(state, { licenses: 1, working: 1, paidUntil: day(730), mails });
  }
}, 60_000);
