import { afterAll, expect, test } from "vitest";
import { fetchSubscription } from "#app/domain/stripe-sync/fetch-subscription.server.ts";
import { parseEnv, setRuntimeEnv } from "#app/infra/env.server.ts";
import {
  aLine,
  anInvoice,
  anItem,
  aPayment,
  aSubscription,
  day,
  list,
  listenAsStripe,
  start,
} from "#tests/stripe-answers.ts";

// What is rare at Stripe and must be read all the same: long lists, old invoices, missing and half answers.

const { apiBase, answers, asked, stop } = await listenAsStripe();
afterAll(stop);
process.env.LOG_LEVEL = "silent";
setRuntimeEnv({
  ...parseEnv({}),
  databaseUrl: "postgresql://nobody@127.0.0.1:1/none",
  masterKey: Buffer.alloc(32),
  stripeSecretKey: "sk_test_latchkey",
  stripeApiBase: apiBase,
});

/** An earlier invoice, which paid for something else. */
const anOldInvoice = (id: string) => anInvoice(id, { lines: list([aLine("si_1", { parent: null })]) });

const aRefund = (id: string) => ({
  object: "refund",
  id,
  amount: 4500,
  status: "pending",
  charge: "ch_1",
  created: start + day,
});

async function fetched(
  world: Record<string, unknown>,
  flaggedPayments: string[] = [],
): Promise<Awaited<ReturnType<typeof fetchSubscription>>> {
  answers.clear();
  asked.length = 0;
  for (const [key, body] of Object.entries(world)) answers.set(key, { body });
  return fetchSubscription("sub_1", { flaggedPayments });
}

test("subscription, items, invoices, lines and payments are read from where they are today", async () => {
  const facts = await fetched({
    "subscriptions/sub_1": aSubscription({
      status: "paused",
      status_details: { paused: { type: "subscription", subscription: { type: "pause_requested" } } },
      pause_collection: { behavior: "void", resumes_at: start + day },
    }),
    "invoices sub_1": list([anInvoice("in_1")]),
    "refunds pi_in_1": list([aRefund("re_1")]),
  });
  expect(facts).toMatchObject({
    id: "sub_1",
    status: "paused",
    pausedBecause: "pause_requested",
    pauseCollection: { behavior: "void", resumesAt: new Date((start + day) * 1000) },
    stripeCustomer: { id: "cus_1", email: "ada@example.com", name: "Ada", deleted: false },
    metadata: { order: "ord_1" },
    items: [
      {
        id: "si_1",
        description: "Lumen: Seat",
        quantity: 3,
        metered: false,
        priceId: "price_1",
        lookupKey: "seat",
        policySlug: "lumen-seat",
        unitAmount: 1500,
        interval: "month",
        periodEnd: new Date((start + 30 * day) * 1000),
      },
    ],
    invoices: [
      {
        id: "in_1",
        status: "paid",
        paidAt: new Date((start + 60) * 1000),
        requiresAction: false,
        lines: [{ itemId: "si_1", priceId: "price_1", proration: false, quantity: 3, amount: 4500 }],
        payments: [
          { id: "pi_in_1", amount: 4500, currency: "usd", refunds: [{ id: "re_1", status: "pending" }] },
        ],
      },
    ],
  });
  expect(asked.sort()).toEqual([
    "disputes pi_in_1",
    "invoices sub_1",
    "refunds pi_in_1",
    "subscriptions/sub_1",
  ]);
});

test("only payments of the paid period and flagged ones are asked for what was taken back", async () => {
  const invoices = [anInvoice("in_2"), anOldInvoice("in_1"), anOldInvoice("in_0")];
  const world = { "subscriptions/sub_1": aSubscription(), "invoices sub_1": list(invoices) };
  await fetched(world, ["pi_in_0"]);
  expect(asked.filter((key) => /^(refunds|disputes|radar)/.test(key)).sort()).toEqual([
    "disputes pi_in_0",
    "disputes pi_in_2",
    "radar/early_fraud_warnings pi_in_0",
    "refunds pi_in_0",
    "refunds pi_in_2",
  ]);
});

test("invoices are read back until the paid period and each flagged payment is found, and no further", async () => {
  const unpaid = anInvoice("in_9", { status: "open", payments: list([]) });
  const facts = await fetched(
    {
      "subscriptions/sub_1": aSubscription(),
      "invoices sub_1": list([unpaid], true),
      "invoices sub_1 after in_9": list([anInvoice("in_5")], true),
      "invoices sub_1 after in_5": list([anOldInvoice("in_2")], true),
    },
    ["pi_in_2"],
  );
  expect(facts?.invoices.map(({ id }) => id)).toEqual(["in_9", "in_5", "in_2"]);
  expect(asked.filter((key) => key.startsWith("invoices"))).toHaveLength(3);
});

test("a trial long over does not stand in for the year that was paid before a dozen changes", async () => {
  const year = { start: start + 14 * day, end: start + 379 * day };
  const proration = { subscription: "sub_1", subscription_item: "si_1", proration: true };
  const changes = Array.from({ length: 12 }, (_, index) =>
    anInvoice(`in_change_${index}`, {
      billing_reason: "subscription_update",
      created: start + (100 - index) * day,
      lines: list([
        aLine("si_1", { period: year, parent: { subscription_item_details: proration }, amount: 100 }),
      ]),
    }),
  );
  const paid = anInvoice("in_year", {
    created: start + 14 * day,
    lines: list([aLine("si_1", { period: year })]),
  });
  const facts = await fetched({
    "subscriptions/sub_1": aSubscription({
      trial_start: start,
      trial_end: start + 14 * day,
      items: list([anItem("si_1", { current_period_start: year.start, current_period_end: year.end })]),
    }),
    "invoices sub_1": list(changes, true),
    "invoices sub_1 after in_change_11": list([paid], true),
    "invoices sub_1 after in_year": list([anInvoice("in_trial", { total: 0 })]),
  });
  expect(facts?.invoices.map(({ id }) => id)).toContain("in_year");
  expect(asked).not.toContain("invoices sub_1 after in_year");
  expect(asked).toContain("refunds pi_in_year");
});

test("a subscription whose period is nowhere to be found is not read for ever", async () => {
  const world: Record<string, unknown> = { "subscriptions/sub_1": aSubscription() };
  for (let page = 0; page < 30; page++)
    world[page === 0 ? "invoices sub_1" : `invoices sub_1 after in_${page - 1}`] = list(
      [anInvoice(`in_${page}`, { status: "void" })],
      true,
    );
  const facts = await fetched(world);
  expect(facts?.invoices).toHaveLength(10);
});

test("items, lines and payments beyond the first are read from their own lists", async () => {
  const facts = await fetched({
    "subscriptions/sub_1": aSubscription({ items: list([anItem("si_1")], true) }),
    "subscription_items sub_1 after si_1": list([anItem("si_2", { quantity: null })]),
    "invoices sub_1": list([
      anInvoice("in_1", {
        lines: list([aLine("si_1")], true),
        payments: list([aPayment("pi_1")], true),
      }),
    ]),
    "invoices/in_1/lines after il_si_1": list([aLine("si_2")]),
    "invoice_payments in_1 after inpay_pi_1": list([
      aPayment("pi_2", { is_default: false }),
      aPayment("pi_3", { is_default: false, status: "canceled" }),
    ]),
  });
  expect(facts?.items.map(({ id, quantity }) => [id, quantity])).toEqual([
    ["si_1", 3],
    ["si_2", null],
  ]);
  expect(facts?.invoices[0]?.lines.map(({ itemId }) => itemId)).toEqual(["si_1", "si_2"]);
  expect(facts?.invoices[0]?.payments.map(({ id }) => id)).toEqual(["pi_1", "pi_2"]);
});

test("whether the bank waits for the customer is asked of invoices that are failing, of no others", async () => {
  const open = { status: "open", payments: list([aPayment("pi_1", { status: "open", amount_paid: null })]) };
  const world = {
    "subscriptions/sub_1": aSubscription({ status: "past_due" }),
    "invoices sub_1": list([anInvoice("in_2", open), anInvoice("in_1")]),
    "payment_intents/pi_1": { object: "payment_intent", id: "pi_1", status: "requires_action" },
  };
  const facts = await fetched(world);
  expect(facts?.invoices.map(({ requiresAction }) => requiresAction)).toEqual([true, false]);
  await fetched({
    ...world,
    "subscriptions/sub_1": aSubscription(),
    "invoices sub_1": list([anInvoice("in_2", { ...open, attempt_count: 0 }), anInvoice("in_1")]),
  });
  expect(asked.some((key) => key.startsWith("payment_intents"))).toBe(false);
});

test("a deleted customer and payments made elsewhere are normal answers", async () => {
  const facts = await fetched({
    "subscriptions/sub_1": aSubscription({
      customer: { object: "customer", id: "cus_1", deleted: true },
      status: "canceled",
      ended_at: start + day,
      cancellation_details: { reason: "payment_disputed" },
    }),
    "invoices sub_1": list([
      anInvoice("in_1", {
        payments: list([aPayment("-", { payment: { type: "payment_record", payment_record: "pr_1" } })]),
      }),
    ]),
  });
  expect(facts).toMatchObject({
    stripeCustomer: { id: "cus_1", email: null, name: null, deleted: true },
    endedBecause: "payment_disputed",
    invoices: [{ payments: [{ id: "pr_1", amount: 4500, refunds: [] }] }],
  });
  expect(asked.some((key) => key.startsWith("refunds"))).toBe(false);
});

test("a subscription Stripe does not know is null; an answer that is none is an error", async () => {
  const missing = { error: { type: "invalid_request_error", code: "resource_missing", message: "No such" } };
  answers.clear();
  for (const key of ["subscriptions/sub_1", "invoices sub_1"])
    answers.set(key, { status: 404, body: missing });
  expect(await fetchSubscription("sub_1", { flaggedPayments: [] })).toBeNull();
  for (const body of [{ message: "not here" }, {}, { object: "balance" }]) {
    answers.set("subscriptions/sub_1", { status: 404, body });
    answers.set("invoices sub_1", { body: list([]) });
    await expect(fetchSubscription("sub_1", { flaggedPayments: [] })).rejects.toThrow();
  }
  await expect(
    fetched({ "subscriptions/sub_1": aSubscription(), "invoices sub_1": { object: "list", data: {} } }),
  ).rejects.toThrow();
  await expect(
    fetched({ "subscriptions/sub_1": aSubscription({ items: undefined }), "invoices sub_1": list([]) }),
  ).rejects.toThrow();
});
