import { deepStrictEqual, ok } from "node:assert/strict";
import { stripe } from "#app/infra/stripe.server.ts";
import { type Sandbox, type SeenLicense, type Subscriber, until } from "#tests/stripe-sandbox/sandbox.ts";

export type Life = { name: string; play: (sandbox: Sandbox) => Promise<void> };

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const later = (from: Date, ms: number) => new Date(from.getTime() + ms);

/** How many licenses work, and until when the first is paid. */
function working(licenses: readonly SeenLicense[]): number {
  return licenses.filter(({ status }) => !["suspended", "revoked", "expired"].includes(status)).length;
}

async function periodEnd({ subscription }: Subscriber): Promise<Date> {
  const found = await stripe().subscriptions.retrieve(subscription);
  const end = found.items.data[0]?.current_period_end;
  if (!end) throw new Error(`${subscription} has no item with a period.`);
  return new Date(end * 1000);
}

async function itemOf({ subscription }: Subscriber): Promise<string> {
  const found = await stripe().subscriptions.retrieve(subscription);
  return found.items.data[0]?.id ?? "";
}

/** Over the end of the running period, and past the hour in which a renewal is still a draft. */
async function intoNextPeriod(sandbox: Sandbox, subscriber: Subscriber): Promise<Date> {
  const end = await periodEnd(subscriber);
  await sandbox.advanceTo(subscriber.clock, later(end, 2 * hourMs));
  return end;
}

export const lives: readonly Life[] = [
  {
    name: "S40 S48 a subscription starts with three seats and renews",
    play: async (sandbox) => {
      const subscriber = await sandbox.subscribe({ quantity: 3 });
      const first = await sandbox.sync(subscriber);
      ok(working(first) === 3, `3 licenses should work, ${working(first)} do`);
      deepStrictEqual(first[0]?.paidUntil, await periodEnd(subscriber));
      await intoNextPeriod(sandbox, subscriber);
      const renewed = await sandbox.sync(subscriber);
      ok(working(renewed) === 3, `3 licenses should work after the renewal, ${working(renewed)} do`);
      deepStrictEqual(renewed[0]?.paidUntil, await periodEnd(subscriber));
    },
  },
  {
    name: "S49 the rollover alone gives nothing",
    play: async (sandbox) => {
      const subscriber = await sandbox.subscribe();
      const end = await periodEnd(subscriber);
      await sandbox.sync(subscriber);
      await sandbox.advanceTo(subscriber.clock, later(end, 60_000));
      const [license] = await sandbox.sync(subscriber);
      deepStrictEqual(license?.paidUntil, end);
      ok(license?.status === "grace", `it should go on in grace, it is ${license?.status}`);
    },
  },
  {
    name: "S51 a renewal fails, the card is replaced, the invoice paid",
    play: async (sandbox) => {
      const subscriber = await sandbox.subscribe();
      await sandbox.sync(subscriber);
      await sandbox.useCard(subscriber, "pm_card_chargeCustomerFail");
      const end = await intoNextPeriod(sandbox, subscriber);
      const [failing] = await sandbox.sync(subscriber);
      deepStrictEqual(failing?.paidUntil, end);
      ok(failing?.status === "grace", `a failed renewal should leave it in grace, it is ${failing?.status}`);
      await sandbox.useCard(subscriber, "pm_card_visa");
      const { data } = await stripe().invoices.list({
        subscription: subscriber.subscription,
        status: "open",
      });
      await stripe().invoices.pay(data[0]?.id ?? "");
      const [recovered] = await sandbox.sync(subscriber);
      deepStrictEqual(recovered?.paidUntil, await periodEnd(subscriber));
    },
  },
  {
    name: "S54 the grace passes",
    play: async (sandbox) => {
      const subscriber = await sandbox.subscribe();
      await sandbox.sync(subscriber);
      await sandbox.useCard(subscriber, "pm_card_chargeCustomerFail");
      const end = await intoNextPeriod(sandbox, subscriber);
      await sandbox.sync(subscriber);
      await sandbox.advanceTo(subscriber.clock, later(end, 7 * dayMs + hourMs));
      const licenses = await sandbox.sync(subscriber);
      ok(working(licenses) === 0, "no license should work once the grace is over");
    },
  },
  {
    name: "S65 S66 seats go up, down and up again",
    play: async (sandbox) => {
      const subscriber = await sandbox.subscribe({ quantity: 3 });
      await sandbox.sync(subscriber);
      const id = await itemOf(subscriber);
      for (const quantity of [5, 3, 4]) {
        await stripe().subscriptions.update(subscriber.subscription, { items: [{ id, quantity }] });
        const seats = working(await sandbox.sync(subscriber));
        ok(seats === quantity, `${quantity} seats should work, ${seats} do`);
      }
    },
  },
  {
    name: "S71 S72 canceled at the period's end, in both billing modes",
    play: async (sandbox) => {
      for (const billingMode of ["classic", "flexible"] as const) {
        const subscriber = await sandbox.subscribe({ billingMode });
        await sandbox.sync(subscriber);
        const end = await periodEnd(subscriber);
        await stripe().subscriptions.update(subscriber.subscription, { cancel_at_period_end: true });
        ok(working(await sandbox.sync(subscriber)) === 1, `${billingMode}: it should work until the end`);
        await sandbox.advanceTo(subscriber.clock, later(end, hourMs));
        const [license] = await sandbox.sync(subscriber);
        ok(license?.status === "expired", `${billingMode}: it should have expired, it is ${license?.status}`);
      }
    },
  },
  {
    name: "S74 canceled at once",
    play: async (sandbox) => {
      const subscriber = await sandbox.subscribe();
      await sandbox.sync(subscriber);
      const { ended_at: endedAt } = await stripe().subscriptions.cancel(subscriber.subscription);
      await sandbox.advanceTo(subscriber.clock, new Date(((endedAt ?? 0) + 60) * 1000));
      const [license] = await sandbox.sync(subscriber);
      ok(license?.status === "expired", `it should have expired, it is ${license?.status}`);
    },
  },
  {
    name: "S36 the running period is refunded",
    play: async (sandbox) => {
      const subscriber = await sandbox.subscribe();
      await sandbox.sync(subscriber);
      await stripe().refunds.create({ payment_intent: await sandbox.paymentOf(subscriber.subscription) });
      const [license] = await sandbox.sync(subscriber);
      deepStrictEqual(license?.holds, ["refund"]);
    },
  },
  {
    name: "S28 the payment is disputed",
    play: async (sandbox) => {
      const subscriber = await sandbox.subscribe({ card: "pm_card_createDispute" });
      const payment = await sandbox.paymentOf(subscriber.subscription);
      await until("The dispute", async () => {
        const { data } = await stripe().disputes.list({ payment_intent: payment });
        return data.length > 0;
      });
      const [license] = await sandbox.sync(subscriber);
      deepStrictEqual(license?.holds, ["dispute"]);
    },
  },
];
