import { expect, test } from "vitest";
import { parseEvent } from "#app/domain/webhook-inbox/parse-event.server.ts";

const snapshot = (type: string, object: unknown, more: object = {}) =>
  parseEvent(
    JSON.stringify({
      object: "event",
      id: "evt_1",
      type,
      livemode: false,
      api_version: "2026-10-28.endive",
      created: 1_795_000_000,
      data: { object },
      ...more,
    }),
  );

const sourceOf = (type: string, object: unknown) => snapshot(type, object)?.source?.sourceId ?? null;

test("an invoice leads to its subscription wherever its API version keeps it", () => {
  const invoice = { object: "invoice", id: "in_1" };
  const shapes = [
    { parent: { type: "subscription_details", subscription_details: { subscription: "sub_1" } } },
    { parent: { subscription_details: { subscription: { id: "sub_1", object: "subscription" } } } },
    { subscription: "sub_1" },
    { subscription: { id: "sub_1" } },
    { lines: { data: [{ subscription: null }, { subscription: "sub_1" }] } },
    { lines: { data: [{ parent: { subscription_item_details: { subscription: "sub_1" } } }] } },
    { lines: { data: [{ parent: { invoice_item_details: { subscription: "sub_1" } } }] } },
    { parent: null, subscription: "sub_1", lines: "nonsense" },
  ];
  for (const shape of shapes)
    expect(sourceOf("invoice.paid", { ...invoice, ...shape }), JSON.stringify(shape)).toBe("sub_1");
  expect(sourceOf("invoice.paid", invoice)).toBe("in_1");
});

test("the invoice that is coming leads to its subscription, with or without an id", () => {
  const parent = { subscription_details: { subscription: "sub_1" } };
  expect(sourceOf("invoice.upcoming", { object: "invoice", parent })).toBe("sub_1");
  expect(
    sourceOf("invoice.upcoming", { object: "invoice", id: "upcoming_in_9", subscription: "sub_1" }),
  ).toBe("sub_1");
  expect(sourceOf("invoice.upcoming", { object: "invoice", id: "in_1" })).toBeNull();
});

test("charges, refunds and disputes lead to their payment, expanded or not", () => {
  expect(sourceOf("charge.refunded", { object: "charge", id: "ch_1", payment_intent: "pi_1" })).toBe("pi_1");
  const refund = { object: "refund", id: "re_1", charge: { id: "ch_1" }, payment_intent: { id: "pi_1" } };
  expect(sourceOf("refund.created", refund)).toBe("pi_1");
  const oldCharge = { object: "charge", id: "ch_1", payment_intent: null, invoice: "in_1" };
  expect(sourceOf("charge.refunded", oldCharge)).toBe("in_1");
  expect(sourceOf("charge.dispute.created", { object: "dispute", id: "dp_1", charge: "ch_1" })).toBe("ch_1");
});

test("payments of invoices, credit notes and schedules lead on", () => {
  expect(
    sourceOf("invoice_payment.paid", { object: "invoice_payment", id: "inpay_1", invoice: "in_1" }),
  ).toBe("in_1");
  expect(sourceOf("credit_note.created", { object: "credit_note", id: "cn_1", invoice: "in_1" })).toBe(
    "in_1",
  );
  const schedule = { object: "subscription_schedule", id: "sub_sched_1", subscription: "sub_1" };
  expect(sourceOf("subscription_schedule.updated", schedule)).toBe("sub_1");
  expect(sourceOf("subscription_schedule.created", { ...schedule, subscription: null })).toBe("sub_sched_1");
});

test("a thin event is its snapshot twin's row and leads to its related object", () => {
  const thin = (more: object) =>
    parseEvent(
      JSON.stringify({
        object: "v2.core.event",
        id: "evt_thin",
        type: "v1.customer.subscription.past_due",
        livemode: false,
        created: "2026-11-21T12:00:00.000Z",
        related_object: { id: "sub_1", type: "subscription", url: "/v1/subscriptions/sub_1" },
        ...more,
      }),
    );
  expect(thin({ snapshot_event: "evt_snap" })).toMatchObject({ dedupeKey: "evt_snap", eventId: "evt_thin" });
  expect(thin({})).toMatchObject({
    dedupeKey: "evt_thin",
    objectType: "subscription",
    source: { sourceId: "sub_1", kind: "subscription" },
    accountId: null,
  });
  expect(thin({ related_object: null })?.source).toBeNull();
});

test("an event of a connected account says so", () => {
  const object = { object: "checkout.session", id: "cs_test_1" };
  expect(snapshot("checkout.session.completed", object, { account: "acct_1" })?.accountId).toBe("acct_1");
  expect(snapshot("checkout.session.completed", object)?.accountId).toBeNull();
});

test("nothing but ids is believed, and no shape of the object breaks the reading", () => {
  const strange: unknown[] = [
    {
      object: "subscription",
      id: "sub_1",
      items: null,
      payment_intent: 5,
      charge: [],
      invoice: {},
      parent: [],
    },
    { object: "subscription", id: "sub_1", lines: { data: [null, 3, { parent: "x" }] }, subscription: true },
    { object: "subscription", id: "sub_1", status: { nested: "active" } },
  ];
  for (const object of strange)
    expect(sourceOf("customer.subscription.updated", object), JSON.stringify(object)).toBe("sub_1");
  expect(sourceOf("customer.subscription.updated", { id: 7 })).toBeNull();
});
