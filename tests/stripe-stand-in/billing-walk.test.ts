import type Stripe from "stripe";
import { expect, test } from "vitest";
import { DAY, HOUR, recurring, withBilling } from "./billing-harness.ts";
import { seededRandom } from "./random.ts";
import type { RunningStandIn } from "./server.ts";
import { CARD_BEHAVIOURS, type StoredInvoice, type StoredSubscription } from "./stored-types.ts";

const SEEDS = 5;
const STEPS = 150;

type Walk = {
  standIn: RunningStandIn;
  stripe: Stripe;
  prices: string[];
  random: () => number;
  pick: <T>(from: readonly [T, ...T[]]) => T;
};
type Act = (walk: Walk, subscription: StoredSubscription, invoice: StoredInvoice) => unknown;

const acts: readonly [Act, ...Act[]] = [
  ({ standIn, pick }, { customer }) => standIn.setCard(customer, pick(CARD_BEHAVIOURS)),
  ({ stripe, pick, random, prices }, { id, items }) =>
    stripe.subscriptions.update(id, {
      items: [
        {
          id: items.data[0]?.id ?? "",
          quantity: 1 + Math.floor(random() * 5),
          ...(random() < 0.4 && { price: prices[Math.floor(random() * prices.length)] ?? "" }),
        },
      ],
      proration_behavior: pick(["always_invoice", "create_prorations", "none"]),
      payment_behavior: pick(["allow_incomplete", "pending_if_incomplete", "error_if_incomplete"]),
    }),
  ({ stripe, random }, { id }) => stripe.subscriptions.update(id, { cancel_at_period_end: random() < 0.3 }),
  ({ stripe, pick, random }, { id }) =>
    stripe.subscriptions.update(id, {
      pause_collection:
        random() < 0.5 ? { behavior: pick(["void", "keep_as_draft", "mark_uncollectible"]) } : "",
    }),
  ({ stripe }, { id }) => stripe.subscriptions.pause(id),
  ({ stripe, pick }, { id }) =>
    stripe.subscriptions.resume(id, {
      billing_cycle_anchor: { type: pick(["now", "unchanged"]) },
      payment_behavior: pick(["resume_on_payment_attempt", "resume_on_payment_success"]),
    }),
  ({ stripe, standIn, random }, { id }) =>
    stripe.subscriptions.update(id, {
      trial_end: random() < 0.5 ? "now" : Math.floor((standIn.clock.now().getTime() + 5 * DAY) / 1000),
    }),
  ({ stripe, random }, { id }) =>
    random() < 0.2 && stripe.subscriptions.cancel(id, { prorate: true, invoice_now: true }),
  ({ stripe, random }, _subscription, { id }) =>
    stripe.invoices.pay(id, random() < 0.2 ? { paid_out_of_band: true } : {}),
  ({ stripe, random }, _subscription, { id }) => random() < 0.3 && stripe.invoices.voidInvoice(id),
  ({ stripe, random }, _subscription, { id }) => random() < 0.3 && stripe.invoices.markUncollectible(id),
  ({ stripe }, _subscription, { id }) => stripe.invoices.finalizeInvoice(id),
  ({ standIn, pick, random }) =>
    standIn.setBilling({
      dunningEnd: pick(["past_due", "unpaid", "canceled", "paused"]),
      firstPaymentFailure: pick(["incomplete", "paused"]),
      resumeOnPayment: random() < 0.5,
    }),
  ({ standIn, random }) => standIn.clock.advance(Math.floor(random() * 20) * DAY + HOUR),
  ({ standIn, random }) => standIn.clock.advance(Math.floor(random() * 5) * HOUR),
];

function subscribe({ standIn, random, pick, prices }: Walk): void {
  standIn.subscribe({
    price: prices[Math.floor(random() * prices.length)] ?? "",
    quantity: 1 + Math.floor(random() * 4),
    card: pick(CARD_BEHAVIOURS),
    ...(random() < 0.3 && { trialDays: 14 }),
    ...(random() < 0.2 && { collectionMethod: "send_invoice", daysUntilDue: 10 }),
  });
}

/** What no sequence of requests may bring about. */
function findContradictions(standIn: RunningStandIn): string[] {
  const { subscriptions, invoices, invoiceRecords, invoicePayments } = standIn.dump();
  const now = Math.floor(standIn.clock.now().getTime() / 1000);
  const found: string[] = [];
  const invoiceOf = new Map(invoices.map((invoice) => [invoice.id, invoice]));
  for (const { id, status, items, status_details, created } of subscriptions) {
    const isRunning = ["active", "trialing", "past_due", "unpaid"].includes(status);
    if (isRunning && items.data.some((item) => item.current_period_end <= now)) found.push("period is over");
    if (status !== "paused" && status_details !== undefined) found.push("details without a pause");
    if (status === "incomplete" && now - created > 24 * 3600) found.push("incomplete for too long");
    const newest = invoiceRecords
      .filter(({ subscription }) => subscription === id)
      .flatMap((record) => invoiceOf.get(record.id) ?? [])
      .filter((invoice) => invoice.status !== "void" && invoice.status !== "draft")
      .at(-1);
    if (status === "past_due" && newest?.status === "paid") found.push("late although it is paid");
  }
  for (const invoice of invoices) {
    if (invoice.status === "paid" && invoice.amount_remaining !== 0) found.push("paid with something left");
  }
  for (const { status, invoice } of invoicePayments) {
    const isOpen = ["open", "uncollectible"].includes(invoiceOf.get(invoice)?.status ?? "");
    if (status === "open" && !isOpen) found.push("an open payment of a closed invoice");
  }
  return found;
}

/** Refusals are answers; anything else is a fault of the stand-in. */
function isRefusal(error: unknown): boolean {
  const status = error instanceof Error ? Reflect.get(error, "statusCode") : undefined;
  return typeof status === "number" && status < 500;
}

test("no sequence of requests and time leads to a contradiction or a failure of the stand-in", async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    await withBilling(async (standIn, stripe) => {
      const random = seededRandom(seed);
      const pick: Walk["pick"] = (from) => from[Math.floor(random() * from.length)] ?? from[0];
      const prices = [
        (await recurring(stripe)).id,
        (await recurring(stripe, 2900)).id,
        (await recurring(stripe, 15_000, "year")).id,
      ];
      const walk = { standIn, stripe, prices, random, pick };
      for (let step = 0; step < STEPS; step += 1) {
        const { subscriptions, invoices } = standIn.dump();
        if (subscriptions.length === 0 || (subscriptions.length < 6 && random() < 0.1)) {
          subscribe(walk);
          continue;
        }
        const subscription = subscriptions[Math.floor(random() * subscriptions.length)];
        const invoice = invoices[Math.floor(random() * invoices.length)];
        if (subscription === undefined || invoice === undefined) continue;
        try {
          await pick(acts)(walk, subscription, invoice);
        } catch (error) {
          if (!isRefusal(error)) throw error;
        }
        expect(findContradictions(standIn), `seed ${seed}, step ${step}`).toEqual([]);
      }
    });
  }
}, 60_000);
