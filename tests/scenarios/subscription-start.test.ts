import { expect } from "vitest";
import { makeSubscription, payInvoice } from "#tests/scenarios/life-acts.ts";
import { scenario } from "#tests/scenarios/life-harness.ts";
import { after, dayMs, hourMs, minuteMs, openLifeShop, t0, t1 } from "#tests/scenarios/life-shop.ts";

// How subscriptions begin, trials included (stripe.md 3.3, S40 to S47).
const shop = await openLifeShop();
const issued = { "license-issued": 1 };
const trialEnd = after(t0, 14 * dayMs);

scenario(shop, "S40", "subscription starts, quantity 3", {
  play: async (s) => {
    await s.at(t0, () => s.buy("monthly", { quantity: 3 }));
  },
  end: {
    licenses: 3,
    working: 3,
    code: "VALID",
    paidUntil: t1,
    worksUntil: after(t1, 48 * hourMs),
    holds: [],
    mails: issued,
    audit: { "license.issued": 3, "subscription.started": 1 },
    alerts: [],
  },
  perm: true,
  each: true,
});

scenario(shop, "S41", "incomplete only, never paid", {
  play: async (s) => {
    await s.at(t0, () => makeSubscription(s, { plan: "monthly", quantity: 3, incomplete: true }));
    await s.expect({ licenses: 0 });
    await s.at(after(t0, 24 * hourMs));
  },
  end: { licenses: 0, mails: {}, alerts: [] },
  perm: true,
  skip: ["staff"],
});

scenario(shop, "S42", "deleted before created", {
  play: async (s) => {
    await s.at(t0, async () => {
      const { subscriptionId } = await s.buy("monthly", { quantity: 3 });
      await s.stripe.subscriptions.cancel(subscriptionId);
    });
  },
  end: { working: 0, mails: {}, alerts: [] },
  perm: true,
  each: true,
  skip: ["staff"],
});

scenario(shop, "S43", "old created (incomplete) after updated (active)", {
  play: async (s) => {
    await s.at(t0, async () => {
      const { subscriptionId } = await makeSubscription(s, {
        plan: "monthly",
        quantity: 3,
        incomplete: true,
      });
      await s.standIn.clock.set(after(t0, 10 * minuteMs));
      await payInvoice(s, subscriptionId);
    });
  },
  end: { licenses: 3, working: 3, code: "VALID", paidUntil: t1, mails: issued, alerts: [] },
  perm: true,
  each: true,
});

scenario(shop, "S44", "trial starts", {
  play: async (s) => {
    await s.at(t0, () => s.buy("trial", { quantity: 3 }));
  },
  end: {
    licenses: 3,
    working: 3,
    code: "VALID",
    paidUntil: trialEnd,
    mails: issued,
    audit: { "license.issued": 3 },
    alerts: [],
  },
  perm: true,
  each: true,
});

scenario(shop, "S45", "trial converts", {
  play: async (s) => {
    await s.at(t0, () => s.buy("trial", { quantity: 3 }));
    await s.at(trialEnd);
    await s.expect({ working: 3, code: "GRACE", paidUntil: trialEnd });
    await s.at(after(trialEnd, 2 * hourMs));
  },
  end: {
    licenses: 3,
    working: 3,
    code: "VALID",
    paidUntil: new Date("2027-02-24T09:00:00Z"),
    mails: issued,
    audit: { "license.issued": 3, "license.renewed": 3 },
    alerts: [],
  },
  perm: true,
  each: true,
});

scenario(shop, "S46", "trial ends without a payment method", {
  play: async (s) => {
    await s.at(t0, () => makeSubscription(s, { plan: "trial", quantity: 3, trialWithoutCard: true }));
    await s.expect({ working: 3, paidUntil: trialEnd });
    await s.at(after(trialEnd, 2 * hourMs));
  },
  end: {
    licenses: 3,
    working: 0,
    code: "SUSPENDED",
    holds: ["pause"],
    mails: { ...issued, "license-suspended": 1 },
    audit: { "license.suspended": 3 },
    alerts: [],
  },
  each: true,
});

scenario(shop, "S47", "trial_will_end after the payment was taken", {
  play: async (s) => {
    const purchase = await s.at(t0, () => s.buy("trial", { quantity: 3 }));
    await s.at(after(t0, 5 * dayMs), () =>
      s.stripe.subscriptions.update(purchase?.subscriptionId ?? "", { trial_end: "now" }),
    );
    await s.at(after(t0, 5 * dayMs + 2 * hourMs));
  },
  end: {
    licenses: 3,
    working: 3,
    code: "VALID",
    paidUntil: new Date("2027-02-15T09:00:00Z"),
    mails: issued,
    alerts: [],
  },
  also: (_stage, state) => expect(state.mails).not.toHaveProperty("trial-ending"),
});
