import { expect, test } from "vitest";
import { type EventHint, sourceOfEvent, sourceOfId } from "#app/domain/stripe-sync/stripe-source.ts";

const hint = (type: string, ids: Partial<EventHint> = {}): EventHint => ({
  type,
  objectId: null,
  paymentIntentId: null,
  chargeId: null,
  ...ids,
});

test("ids say what they are", () => {
  expect(sourceOfId("cs_test_a1B2")).toEqual({ sourceId: "cs_test_a1B2", kind: "checkout_session" });
  expect(sourceOfId("cs_live_a1B2")).toEqual({ sourceId: "cs_live_a1B2", kind: "checkout_session" });
  expect(sourceOfId("pi_3Abc")).toEqual({ sourceId: "pi_3Abc", kind: "payment_intent" });
  expect(sourceOfId("ch_3Abc")).toEqual({ sourceId: "ch_3Abc", kind: "charge" });
  expect(sourceOfId("py_3Abc")).toEqual({ sourceId: "py_3Abc", kind: "charge" });
});

test("what is no id of a purchase or payment is no source", () => {
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
    "sub_1",
  ];
  for (const id of [...foreign, "in_1", "cus_1", "xcs_test_a", "pi_1\n", "ch_1;drop"])
    expect(sourceOfId(id), String(id)).toBeNull();
});

test("a session's and a payment's own events are about themselves", () => {
  const table: [type: string, objectId: string][] = [
    ["checkout.session.completed", "cs_test_1"],
    ["checkout.session.async_payment_succeeded", "cs_test_1"],
    ["checkout.session.async_payment_failed", "cs_test_1"],
    ["checkout.session.expired", "cs_test_1"],
    ["payment_intent.succeeded", "pi_1"],
    ["payment_intent.payment_failed", "pi_1"],
    ["v1.checkout.session.completed", "cs_test_1"],
    ["v1.payment_intent.succeeded", "pi_1"],
  ];
  for (const [type, objectId] of table)
    expect(sourceOfEvent(hint(type, { objectId }))?.sourceId).toBe(objectId);
});

test("charges, refunds, disputes and warnings lead to the payment, else the charge, else themselves", () => {
  const types = [
    "charge.succeeded",
    "charge.refunded",
    "charge.dispute.created",
    "charge.refund.updated",
    "refund.created",
    "radar.early_fraud_warning.created",
    "review.opened",
    "v1.charge.dispute.closed",
  ];
  for (const type of types) {
    const ids = { objectId: "ch_9", paymentIntentId: "pi_1", chargeId: "ch_1" };
    expect(sourceOfEvent(hint(type, ids))?.sourceId).toBe("pi_1");
    expect(sourceOfEvent(hint(type, { ...ids, paymentIntentId: null }))?.sourceId).toBe("ch_1");
    expect(sourceOfEvent(hint(type, { objectId: "ch_9" }))?.sourceId).toBe("ch_9");
    expect(sourceOfEvent(hint(type, { objectId: "re_9" }))).toBeNull();
  }
});

test("every other event asks nothing of us, whatever ids it carries", () => {
  const ids = { objectId: "cs_test_1", paymentIntentId: "pi_1", chargeId: "ch_1" };
  const types = [
    "customer.created",
    "customer.subscription.created",
    "invoice.paid",
    "price.updated",
    "checkout.sessions",
    "checkoutXsession.completed",
    "payment_intents.x",
    "chargeback.created",
    "v2.core.account.updated",
    "v1.v1.charge.succeeded",
    "",
  ];
  for (const type of types) expect(sourceOfEvent(hint(type, ids)), type).toBeNull();
});

test("an event of a known kind about an object of another kind is left alone", () => {
  expect(sourceOfEvent(hint("checkout.session.completed", { objectId: "sub_1" }))).toBeNull();
  expect(sourceOfEvent(hint("checkout.session.completed"))).toBeNull();
});
