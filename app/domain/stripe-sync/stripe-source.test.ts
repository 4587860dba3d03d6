import { expect, test } from "vitest";
import {
  concernsReversal,
  type EventHint,
  sourceOfEvent,
  sourceOfId,
} from "#app/domain/stripe-sync/stripe-source.ts";

const hint = (type: string, ids: Partial<EventHint> = {}): EventHint => ({
  type,
  objectId: null,
  paymentIntentId: null,
  chargeId: null,
  invoiceId: null,
  subscriptionId: null,
  ...ids,
});

const sourceIdOf = (type: string, ids: Partial<EventHint>) =>
  sourceOfEvent(hint(type, ids))?.sourceId ?? null;

test("ids say what they are", () => {
  const table: [id: string, kind: string][] = [
    ["cs_test_a1B2", "checkout_session"],
    ["cs_live_a1B2", "checkout_session"],
    ["sub_1Abc", "subscription"],
    ["sub_sched_1Abc", "subscription_schedule"],
    ["pi_3Abc", "payment_intent"],
    ["ch_3Abc", "charge"],
    ["py_3Abc", "charge"],
    ["in_1Abc", "invoice"],
    ["inpay_1Abc", "invoice_payment"],
    ["re_1Abc", "refund"],
    ["pyr_1Abc", "refund"],
    ["dp_1Abc", "dispute"],
    ["du_1Abc", "dispute"],
    ["issfr_1Abc", "fraud_warning"],
    ["prv_1Abc", "review"],
    ["cn_1Abc", "credit_note"],
    ["cus_Abc", "customer"],
    ["price_1Abc", "price"],
  ];
  for (const [sourceId, kind] of table) expect(sourceOfId(sourceId)).toEqual({ sourceId, kind });
});

test("what is no id of anything that can be looked at is no source", () => {
  const foreign = [
    null,
    undefined,
    "",
    "cs_",
    "cs_a1",
    "cs_test_",
    "cs_test_a/b",
    "cs_test_a b",
    "pi_",
    "sub_",
  ];
  for (const id of [...foreign, "si_1", "evt_1", "xcs_test_a", "pi_1\n", "ch_1;drop", "upcoming_in_1"])
    expect(sourceOfId(id), String(id)).toBeNull();
});

test("each row of the event table leads to its source", () => {
  const rows: [types: string[], ids: Partial<EventHint>, sourceId: string | null][] = [
    [
      [
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
      ],
      { objectId: "cs_test_1", subscriptionId: "sub_1", paymentIntentId: "pi_1" },
      "cs_test_1",
    ],
    [["customer.created", "customer.updated", "customer.deleted"], { objectId: "cus_1" }, "cus_1"],
    [
      [
        "customer.subscription.created",
        "customer.subscription.updated",
        "customer.subscription.deleted",
        "customer.subscription.paused",
        "customer.subscription.resumed",
        "customer.subscription.pending_update_applied",
        "customer.subscription.pending_update_expired",
        "customer.subscription.trial_will_end",
      ],
      { objectId: "sub_1" },
      "sub_1",
    ],
    [
      [
        "invoice.created",
        "invoice.finalized",
        "invoice.finalization_failed",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice.payment_failed",
        "invoice.payment_action_required",
        "invoice.payment_attempt_required",
        "invoice.updated",
        "invoice.voided",
        "invoice.marked_uncollectible",
        "invoice.overdue",
        "invoice.will_be_due",
        "invoice.sent",
        "invoice.overpaid",
        "invoice.deleted",
      ],
      { objectId: "in_1", subscriptionId: "sub_1", paymentIntentId: "pi_1" },
      "sub_1",
    ],
    [["invoice.paid", "invoice.payment_failed"], { objectId: "in_1" }, "in_1"],
    [["invoice.upcoming"], { objectId: "upcoming_in_1", subscriptionId: "sub_1" }, "sub_1"],
    [["invoice.upcoming"], { objectId: "in_1" }, null],
    [["invoice_payment.paid"], { objectId: "inpay_1", invoiceId: "in_1", paymentIntentId: "pi_1" }, "in_1"],
    [
      [
        "payment_intent.succeeded",
        "payment_intent.processing",
        "payment_intent.payment_failed",
        "payment_intent.canceled",
      ],
      { objectId: "pi_1", invoiceId: "in_1" },
      "pi_1",
    ],
    [
      ["charge.succeeded", "charge.failed", "charge.updated", "charge.captured", "charge.refunded"],
      { objectId: "ch_1", paymentIntentId: "pi_1", invoiceId: "in_1" },
      "pi_1",
    ],
    [["charge.refunded"], { objectId: "ch_1", invoiceId: "in_1" }, "in_1"],
    [["charge.refunded"], { objectId: "ch_1" }, "ch_1"],
    [
      ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"],
      { objectId: "re_1", paymentIntentId: "pi_1", chargeId: "ch_1" },
      "pi_1",
    ],
    [["refund.created"], { objectId: "re_1", chargeId: "ch_1" }, "ch_1"],
    [["refund.created"], { objectId: "re_1" }, "re_1"],
    [
      [
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
      ],
      { objectId: "dp_1", paymentIntentId: "pi_1", chargeId: "ch_1" },
      "pi_1",
    ],
    [
      ["radar.early_fraud_warning.created", "radar.early_fraud_warning.updated"],
      { objectId: "issfr_1", paymentIntentId: "pi_1", chargeId: "ch_1" },
      "pi_1",
    ],
    [["review.opened", "review.closed"], { objectId: "prv_1", paymentIntentId: "pi_1" }, "pi_1"],
    [
      ["credit_note.created", "credit_note.updated", "credit_note.voided"],
      { objectId: "cn_1", invoiceId: "in_1" },
      "in_1",
    ],
    [["price.created", "price.updated", "price.deleted"], { objectId: "price_1" }, "price_1"],
    [
      ["subscription_schedule.updated", "subscription_schedule.released"],
      { objectId: "sub_sched_1", subscriptionId: "sub_1" },
      "sub_1",
    ],
    [["test_helpers.test_clock.ready", "product.updated", "plan.updated"], { objectId: "clock_1" }, null],
  ];
  for (const [types, ids, sourceId] of rows)
    for (const type of types) expect(sourceIdOf(type, ids), `${type} ${JSON.stringify(ids)}`).toBe(sourceId);
});

test("a thin event, which names one object only, leads there", () => {
  const rows: [type: string, objectId: string][] = [
    ["v1.checkout.session.completed", "cs_test_1"],
    ["v1.invoice.paid", "in_1"],
    ["v1.charge.refunded", "ch_1"],
    ["v1.charge.dispute.closed", "dp_1"],
    ["v1.refund.failed", "re_1"],
    ["v1.radar.early_fraud_warning.created", "issfr_1"],
    ["v1.review.opened", "prv_1"],
    ["v1.credit_note.created", "cn_1"],
    ["v1.subscription_schedule.updated", "sub_sched_1"],
    ["v1.invoice_payment.open", "inpay_1"],
    ["v1.invoice_payment.canceled", "inpay_1"],
    ["v1.customer.updated", "cus_1"],
    ["v1.price.updated", "price_1"],
    ...[
      "active",
      "past_due",
      "unpaid",
      "trialing",
      "incomplete",
      "incomplete_expired",
      "cancel_at_changed",
      "item_added",
      "item_removed",
      "item_price_changed",
      "item_quantity_changed",
    ].map((change): [string, string] => [`v1.customer.subscription.${change}`, "sub_1"]),
  ];
  for (const [type, objectId] of rows) expect(sourceIdOf(type, { objectId }), type).toBe(objectId);
});

test("every other event asks nothing of us, whatever ids it carries", () => {
  const ids = { objectId: "cs_test_1", paymentIntentId: "pi_1", chargeId: "ch_1", subscriptionId: "sub_1" };
  const types = [
    "customer.source.created",
    "customer.discount.created",
    "checkout.sessions",
    "checkoutXsession.expired",
    "payment_intents.x",
    "chargeback.created",
    "v2.core.account.updated",
    "v1.v1.charge.succeeded",
    "",
  ];
  for (const type of types) expect(sourceIdOf(type, ids), type).toBeNull();
});

test("an event of a known kind about an object of another kind is left alone", () => {
  expect(sourceIdOf("checkout.session.completed", { objectId: "sub_1" })).toBeNull();
  expect(sourceIdOf("customer.subscription.updated", { objectId: "cus_1" })).toBeNull();
  expect(sourceIdOf("checkout.session.completed", {})).toBeNull();
});

test("refunds, disputes and warnings concern money taken back, other news of a payment do not", () => {
  const reversals = ["charge.refunded", "refund.failed", "charge.refund.updated", "charge.dispute.closed"];
  for (const type of [...reversals, "radar.early_fraud_warning.created", "v1.charge.refunded"])
    expect(concernsReversal(type), type).toBe(true);
  for (const type of ["charge.succeeded", "payment_intent.succeeded", "invoice.paid", "charge.updated"])
    expect(concernsReversal(type), type).toBe(false);
});
