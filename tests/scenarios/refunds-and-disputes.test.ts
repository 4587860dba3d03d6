import { expect, test } from "vitest";
import { db } from "#app/infra/db.server.ts";
import { scenario } from "#tests/scenarios/life-harness.ts";
import { deaf, doubled, inOrder, permuted } from "#tests/scenarios/life-operators.ts";
import { after, dayMs, hourMs, minuteMs, openLifeShop, t0 } from "#tests/scenarios/life-shop.ts";
import { type Director, expectState, playOnce, type Stage } from "#tests/scenarios/life-stage.ts";
import { choose, revoke, sell } from "#tests/scenarios/payment-acts.ts";
import type { DisputeStatus } from "#tests/stripe-stand-in/payments/disputes.ts";

// What takes the money of a one-time sale back, or tries to (stripe.md 3.2, S21 to S34 and S37 to S39).
const shop = await openLifeShop();
const issued = { "license-issued": 1 };
const day = (count: number) => after(t0, count * dayMs);
const two = { "license.issued": 2 };

/** Two licenses for 198 $ together. */
const sellTwo = (s: Stage) => sell(s, t0, "perpetual", 2);

/** One status after the other, a day apart, from the second day on. */
async function dispute(s: Stage, paymentId: string, statuses: DisputeStatus[], inquiry = false) {
  const opened = await s.at(day(1), () => s.standIn.dispute(paymentId, { inquiry }));
  for (const [index, status] of statuses.entries())
    await s.at(day(2 + index), () => s.standIn.moveDispute(opened?.id ?? "", status));
}

scenario(shop, "S21", "full refund", {
  play: async (s) => {
    const { paymentId } = await sellTwo(s);
    await s.expect({ working: 2 });
    await s.at(day(1), () => s.standIn.refund(paymentId));
  },
  end: {
    licenses: 2,
    working: 0,
    code: "SUSPENDED",
    holds: ["refund"],
    mails: { ...issued, refunded: 1 },
    audit: { ...two, "license.suspended": 2 },
    alerts: [],
  },
  perm: true,
  gather: true,
  each: true,
  command: true,
});

scenario(shop, "S21", "full refund, by setting the end of the licenses", {
  play: async (s) => {
    await choose({ onFullRefund: "revoke" });
    const { paymentId } = await sellTwo(s);
    const refund = await s.at(day(1), () => s.standIn.refund(paymentId));
    await s.expect({ working: 0, code: "REVOKED", audit: { "license.revoked": 2 } });
    // Revoked is for good, whatever becomes of the money.
    await s.at(day(3), () => s.standIn.settleRefund(refund?.id ?? "", "failed"));
  },
  end: {
    working: 0,
    audit: { "license.reinstated": 0 },
    alerts: ["refund-failed"],
  },
  // Whoever hears of the refund only when it has failed has no reason to revoke.
  skip: ["lose", "subsets", "staff"],
});

scenario(shop, "S22", "refund before fulfillment", {
  play: async (s) => {
    await s.at(t0, async () => {
      const { sessionId } = await s.buy("perpetual", { quantity: 2 });
      const { payment_intent } = await s.stripe.checkout.sessions.retrieve(sessionId);
      s.standIn.refund(String(payment_intent));
    });
  },
  end: {
    licenses: 2,
    working: 0,
    code: "SUSPENDED",
    holds: ["refund"],
    mails: { refunded: 1 },
    audit: { ...two, "license.suspended": 0 },
    alerts: [],
  },
  perm: true,
  each: true,
});

scenario(shop, "S23", "partial refund", {
  play: async (s) => {
    const { paymentId } = await sellTwo(s);
    await s.at(day(1), () => s.standIn.refund(paymentId, { amount: 5000 }));
  },
  end: {
    licenses: 2,
    working: 2,
    code: "VALID",
    holds: [],
    mails: issued,
    audit: { ...two, "license.suspended": 0, "order.partly-refunded": 1 },
    alerts: ["partial-refund"],
  },
  perm: true,
  each: true,
  also: async () => {
    const rows = await db().auditLog.findMany({ where: { event: "order.partly-refunded" } });
    expect(rows.map(({ after: facts }) => facts).at(-1)).toMatchObject({ refunded: 5000, currency: "usd" });
    expect((await db().alert.findFirstOrThrow()).message).toContain("50.00");
  },
});

scenario(shop, "S24", "two partial refunds that add up", {
  play: async (s) => {
    const { paymentId } = await sellTwo(s);
    await s.at(day(1), () => s.standIn.refund(paymentId, { amount: 9900 }));
    await s.expect({ working: 2, holds: [] });
    await s.at(day(2), () => s.standIn.refund(paymentId, { amount: 9900 }));
  },
  end: {
    licenses: 2,
    working: 0,
    code: "SUSPENDED",
    holds: ["refund"],
    mails: { ...issued, refunded: 1 },
    audit: { ...two, "license.suspended": 2 },
    alerts: ["partial-refund"],
  },
  perm: true,
  each: true,
});

scenario(shop, "S25", "pending refund fails", {
  play: async (s) => {
    const { paymentId } = await sellTwo(s);
    const refund = await s.at(day(1), () => s.standIn.refund(paymentId, { outcome: "pending" }));
    await s.expect({ working: 0, code: "SUSPENDED", holds: ["refund"] });
    await s.at(day(3), () => s.standIn.settleRefund(refund?.id ?? "", "failed"));
  },
  end: {
    licenses: 2,
    working: 2,
    code: "VALID",
    holds: [],
    mails: { ...issued, refunded: 1, "license-reinstated": 1 },
    audit: { ...two, "license.suspended": 2, "license.reinstated": 2 },
    alerts: ["refund-failed"],
  },
  perm: true,
  gather: true,
  each: true,
});

scenario(shop, "S25", "refund that had succeeded fails, and nobody says so", {
  play: async (s) => {
    const { paymentId } = await sellTwo(s);
    const refund = await s.at(day(1), () => s.standIn.refund(paymentId, { outcome: "pending" }));
    await s.at(day(2), () => {
      s.standIn.settleRefund(refund?.id ?? "", "failed");
      for (const { id } of s.standIn.takePending()) s.standIn.drop(id);
    });
    // A refund on its way is looked at every day.
    await s.at(after(day(3), hourMs));
  },
  end: {
    working: 2,
    code: "VALID",
    holds: [],
    mails: { ...issued, refunded: 1, "license-reinstated": 1 },
    alerts: ["refund-failed"],
  },
});

scenario(shop, "S26", "refund canceled", {
  play: async (s) => {
    const { paymentId } = await sellTwo(s);
    const refund = await s.at(day(1), () => s.standIn.refund(paymentId, { outcome: "requires_action" }));
    await s.expect({ working: 0, code: "SUSPENDED", holds: ["refund"] });
    await s.at(day(3), () => s.standIn.settleRefund(refund?.id ?? "", "canceled"));
  },
  end: {
    licenses: 2,
    working: 2,
    code: "VALID",
    holds: [],
    mails: { ...issued, refunded: 1, "license-reinstated": 1 },
    audit: { ...two, "license.suspended": 2, "license.reinstated": 2 },
    alerts: [],
  },
  perm: true,
  each: true,
});

scenario(shop, "S27", "inquiry opened and closed", {
  play: async (s) => {
    const { paymentId } = await sellTwo(s);
    await dispute(s, paymentId, ["warning_under_review", "warning_closed"], true);
  },
  end: {
    licenses: 2,
    working: 2,
    code: "VALID",
    holds: [],
    mails: issued,
    audit: { ...two, "license.suspended": 0 },
    alerts: ["inquiry-opened"],
  },
  each: true,
});

scenario(shop, "S27", "inquiry that suspends by setting", {
  play: async (s) => {
    await choose({ onInquiry: "suspend" });
    const { paymentId } = await sellTwo(s);
    const inquiry = await s.at(day(1), () => s.standIn.dispute(paymentId, { inquiry: true }));
    await s.expect({ working: 0, code: "SUSPENDED", holds: ["dispute"] });
    await s.at(day(2), () => s.standIn.moveDispute(inquiry?.id ?? "", "warning_closed"));
  },
  end: {
    working: 2,
    holds: [],
    mails: { ...issued, "license-suspended": 1, "license-reinstated": 1 },
    alerts: ["inquiry-opened"],
  },
  each: true,
});

scenario(shop, "S28", "inquiry becomes a chargeback", {
  play: async (s) => {
    const { paymentId } = await sellTwo(s);
    const inquiry = await s.at(day(1), () => s.standIn.dispute(paymentId, { inquiry: true }));
    await s.expect({ working: 2, holds: [] });
    await s.at(day(2), () => s.standIn.moveDispute(inquiry?.id ?? "", "needs_response"));
  },
  end: {
    licenses: 2,
    working: 0,
    code: "SUSPENDED",
    holds: ["dispute"],
    mails: { ...issued, "license-suspended": 1 },
    audit: { ...two, "license.suspended": 2 },
    alerts: ["dispute-opened", "inquiry-opened"],
  },
  each: true,
});

scenario(shop, "S29", "dispute won", {
  play: async (s) => {
    const { paymentId } = await sellTwo(s);
    const opened = await s.at(day(1), () => s.standIn.dispute(paymentId));
    await s.expect({ working: 0, code: "SUSPENDED", holds: ["dispute"] });
    await s.at(day(20), () => s.standIn.moveDispute(opened?.id ?? "", "won"));
  },
  end: {
    licenses: 2,
    working: 2,
    code: "VALID",
    holds: [],
    mails: { ...issued, "license-suspended": 1, "license-reinstated": 1 },
    audit: { ...two, "license.suspended": 2, "license.reinstated": 2 },
    alerts: ["dispute-opened"],
  },
  perm: true,
  gather: true,
  each: true,
});

scenario(shop, "S29", "dispute that is only told about, by setting", {
  play: async (s) => {
    await choose({ onDisputeOpen: "alert" });
    const { paymentId } = await sellTwo(s);
    await s.at(day(1), () => s.standIn.dispute(paymentId));
  },
  end: { working: 2, holds: [], mails: issued, alerts: ["dispute-opened"] },
});

scenario(shop, "S30", "closed (won) delivered before created", {
  play: async (s) => {
    const { paymentId } = await sellTwo(s);
    await s.at(day(1), () => {
      const { id } = s.standIn.dispute(paymentId);
      s.standIn.moveDispute(id, "won");
    });
  },
  end: {
    licenses: 2,
    working: 2,
    code: "VALID",
    holds: [],
    mails: issued,
    audit: { ...two, "license.suspended": 0, "license.reinstated": 0 },
    alerts: [],
  },
  perm: true,
  gather: true,
  each: true,
});

scenario(shop, "S31", "dispute lost", {
  play: async (s) => {
    const { paymentId } = await sellTwo(s);
    await dispute(s, paymentId, ["under_review", "lost"]);
    await s.at(day(25));
  },
  end: {
    licenses: 2,
    working: 0,
    code: "SUSPENDED",
    holds: ["dispute"],
    mails: { ...issued, "license-suspended": 1 },
    audit: { ...two, "license.suspended": 2, "license.revoked": 0 },
    alerts: ["dispute-lost", "dispute-opened"],
  },
  each: true,
});

scenario(shop, "S31", "dispute lost, by setting the end of the licenses after thirty days", {
  play: async (s) => {
    await choose({ disputeLostRevokeAfterDays: 30 });
    const { paymentId } = await sellTwo(s);
    await dispute(s, paymentId, ["lost"]);
    await s.expect({ code: "SUSPENDED", holds: ["dispute"] });
    await s.at(after(day(31), -minuteMs));
    await s.expect({ code: "SUSPENDED", audit: { "license.revoked": 0 } });
    await s.at(after(day(31), minuteMs));
  },
  end: {
    licenses: 2,
    working: 0,
    code: "REVOKED",
    holds: ["dispute"],
    mails: { ...issued, "license-suspended": 1 },
    audit: { ...two, "license.suspended": 2, "license.revoked": 2 },
    alerts: ["dispute-lost", "dispute-opened"],
  },
});

scenario(shop, "S32", "lost, then appealed, then won", {
  play: async (s) => {
    const { paymentId } = await sellTwo(s);
    const opened = await s.at(day(1), () => s.standIn.dispute(paymentId));
    await s.at(day(20), () => s.standIn.moveDispute(opened?.id ?? "", "lost"));
    await s.expect({ code: "SUSPENDED", holds: ["dispute"] });
    await s.at(day(25), () => s.standIn.moveDispute(opened?.id ?? "", "appeal_under_review"));
    await s.expect({ code: "SUSPENDED", holds: ["dispute"] });
    await s.at(day(60), () => s.standIn.moveDispute(opened?.id ?? "", "won"));
  },
  end: {
    licenses: 2,
    working: 2,
    code: "VALID",
    holds: [],
    mails: { ...issued, "license-suspended": 1, "license-reinstated": 1 },
    audit: { ...two, "license.suspended": 2, "license.reinstated": 2 },
    alerts: ["dispute-lost", "dispute-opened"],
  },
  each: true,
});

scenario(shop, "S32", "won, then appealed, then won", {
  play: async (s) => {
    const { paymentId } = await sellTwo(s);
    const opened = await s.at(day(1), () => s.standIn.dispute(paymentId));
    await s.at(day(20), () => s.standIn.moveDispute(opened?.id ?? "", "won"));
    await s.expect({ working: 2, holds: [] });
    await s.at(day(25), () => s.standIn.moveDispute(opened?.id ?? "", "appeal_under_review"));
    await s.expect({ code: "SUSPENDED", holds: ["dispute"] });
    await s.at(day(60), () => s.standIn.moveDispute(opened?.id ?? "", "won"));
  },
  end: {
    licenses: 2,
    working: 2,
    code: "VALID",
    holds: [],
    mails: { ...issued, "license-suspended": 2, "license-reinstated": 2 },
    audit: { ...two, "license.suspended": 4, "license.reinstated": 4 },
    alerts: ["dispute-opened"],
  },
  each: true,
});

scenario(shop, "S33", "two disputes on one charge, one won", {
  play: async (s) => {
    const { paymentId } = await sellTwo(s);
    const first = await s.at(day(1), () => s.standIn.dispute(paymentId, { amount: 9900 }));
    await s.at(day(2), () => s.standIn.dispute(paymentId, { amount: 9900 }));
    await s.at(day(20), () => s.standIn.moveDispute(first?.id ?? "", "won"));
  },
  end: {
    licenses: 2,
    working: 0,
    code: "SUSPENDED",
    holds: ["dispute"],
    mails: { ...issued, "license-suspended": 2 },
    alerts: ["dispute-opened"],
  },
  each: true,
  also: (_stage, { licenses }) => {
    expect(licenses.map(({ holds }) => holds.filter((hold) => hold === "dispute"))).toEqual([
      ["dispute"],
      ["dispute"],
    ]);
  },
});

scenario(shop, "S34", "refund and dispute together, dispute won", {
  play: async (s) => {
    const { paymentId } = await sellTwo(s);
    await s.at(day(1), () => s.standIn.refund(paymentId, { outcome: "pending" }));
    const opened = await s.at(day(2), () => s.standIn.dispute(paymentId));
    await s.expect({ code: "SUSPENDED", holds: ["dispute", "refund"] });
    await s.at(day(20), () => s.standIn.moveDispute(opened?.id ?? "", "won"));
  },
  end: {
    licenses: 2,
    working: 0,
    code: "SUSPENDED",
    holds: ["refund"],
    mails: { ...issued, refunded: 1, "license-suspended": 1 },
    alerts: ["dispute-opened"],
  },
  each: true,
});

scenario(shop, "S34", "refund and dispute together, refund failed", {
  play: async (s) => {
    const { paymentId } = await sellTwo(s);
    const refund = await s.at(day(1), () => s.standIn.refund(paymentId, { outcome: "pending" }));
    await s.at(day(2), () => s.standIn.dispute(paymentId));
    await s.at(day(5), () => s.standIn.settleRefund(refund?.id ?? "", "failed"));
  },
  end: {
    licenses: 2,
    working: 0,
    code: "SUSPENDED",
    holds: ["dispute"],
    mails: { ...issued, refunded: 1, "license-suspended": 1 },
    alerts: ["dispute-opened", "refund-failed"],
  },
  each: true,
});

scenario(shop, "S37", "early fraud warning", {
  play: async (s) => {
    const { paymentId } = await sellTwo(s);
    await s.at(day(1), () => s.standIn.fraudWarning(paymentId));
  },
  end: {
    licenses: 2,
    working: 2,
    code: "VALID",
    holds: [],
    mails: issued,
    audit: { ...two, "license.suspended": 0 },
    alerts: ["fraud-warning"],
  },
  each: true,
});

scenario(shop, "S37", "early fraud warning that suspends by setting, then refunded", {
  play: async (s) => {
    await choose({ onEarlyFraud: "suspend" });
    const { paymentId } = await sellTwo(s);
    await s.at(day(1), () => s.standIn.fraudWarning(paymentId));
    await s.expect({ working: 0, code: "SUSPENDED", holds: ["fraud"] });
    await s.at(day(2), () => s.standIn.refund(paymentId));
  },
  end: {
    licenses: 2,
    working: 0,
    code: "SUSPENDED",
    holds: ["refund"],
    mails: { ...issued, "license-suspended": 1, refunded: 1 },
    alerts: ["fraud-warning"],
  },
  each: true,
});

scenario(shop, "S38", "refund of a foreign payment", {
  play: async (s) => {
    await s.at(t0, async () => {
      const { id } = s.standIn.createSession({
        line_items: [
          { price_data: { currency: "usd", unit_amount: 700, product_data: { name: "Mug" } }, quantity: 1 },
        ],
      });
      s.standIn.pay(id, { email: "somebody@example.com" });
      const { payment_intent } = await s.stripe.checkout.sessions.retrieve(id);
      s.standIn.refund(String(payment_intent));
    });
    // Payments nobody knows are asked about for a day.
    for (const count of [1, 2, 3]) await s.at(day(count));
  },
  end: { licenses: 0, mails: {}, alerts: [] },
  perm: true,
  each: true,
  skip: ["staff"],
  also: async () => {
    const events = await db().stripeEvent.findMany({
      select: { type: true, ignoredAt: true, processedAt: true },
    });
    expect(events.filter(({ ignoredAt, processedAt }) => !ignoredAt && !processedAt)).toEqual([]);
    expect(await db().order.count()).toBe(0);
    expect(await db().stripeSource.count({ where: { failCount: { gt: 0 } } })).toBe(0);
  },
});

const onlySold: Director = {
  ...deaf(),
  deliver: async (events, post) => {
    for (const event of events) if (event.type === "checkout.session.completed") await post(event);
  },
};
for (const [name, directors] of Object.entries<Director[]>({
  "in order": [inOrder()],
  "every delivery twice": [doubled()],
  "in every order": Array.from({ length: 24 }, (_, index) => permuted(index)),
  "the refund's events lost and a tick": [onlySold],
}))
  test(`S39 refund after revocation by staff: ${name}`, async () => {
    for (const director of directors) {
      const { state } = await playOnce(shop, revokedAndRefunded, director);
      expectState(state, { licenses: 2, working: 0, code: "REVOKED", holds: [] });
      expect(state.licenses.map(({ revokedBy }) => revokedBy)).toEqual(["staff", "staff"]);
      expect(state.audit).toMatchObject({ "license.revoked": 2 });
      expect(state.audit).not.toHaveProperty("license.suspended");
      expect(state.mails).toEqual(issued);
    }
  }, 60_000);

async function revokedAndRefunded(s: Stage): Promise<void> {
  const { paymentId } = await sellTwo(s);
  for (const license of await s.licenses()) await revoke(license, s.now());
  await s.at(day(1), () => s.standIn.refund(paymentId));
}
