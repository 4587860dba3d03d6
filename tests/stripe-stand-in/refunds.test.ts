import type Stripe from "stripe";
import { expect, test } from "vitest";
import { makeSession, refusal, withStandIn } from "./harness.ts";
import type { RunningStandIn } from "./server.ts";

/** A paid one-time sale of 99 dollars. */
async function paidSale(
  standIn: RunningStandIn,
  stripe: Stripe,
): Promise<{ intent: string; charge: string }> {
  const session = await makeSession(stripe);
  standIn.pay(session.id);
  const paid = await stripe.checkout.sessions.retrieve(session.id, { expand: ["payment_intent"] });
  if (typeof paid.payment_intent === "string" || paid.payment_intent === null)
    throw new Error("Not expanded");
  return { intent: paid.payment_intent.id, charge: String(paid.payment_intent.latest_charge) };
}

function typesSince(standIn: RunningStandIn, count: number): string[] {
  return standIn
    .events()
    .slice(count)
    .map(({ type }) => type);
}

test("a full refund marks the charge, and says so in two events", () =>
  withStandIn({}, async (standIn, stripe) => {
    const { intent, charge } = await paidSale(standIn, stripe);
    const before = standIn.events().length;
    const refund = await stripe.refunds.create({ payment_intent: intent, metadata: { why: "asked" } });
    expect(refund).toMatchObject({ amount: 9900, status: "succeeded", charge, payment_intent: intent });
    expect(typesSince(standIn, before)).toEqual(["refund.created", "charge.refunded"]);
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 9900, refunded: true });
    expect((await refusal(stripe.refunds.create({ charge }))).code).toBe("charge_already_refunded");
  }));

test("partial refunds add up, and no more than the charge goes back", () =>
  withStandIn({}, async (standIn, stripe) => {
    const { charge } = await paidSale(standIn, stripe);
    await stripe.refunds.create({ charge, amount: 4000 });
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 4000, refunded: false });
    expect((await refusal(stripe.refunds.create({ charge, amount: 6000 }))).param).toBe("amount");
    standIn.refund(charge, { amount: 5900 });
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 9900, refunded: true });
    expect(standIn.events().at(-1)?.data.previous_attributes).toEqual({
      amount_refunded: 4000,
      refunded: false,
    });
  }));

test("a pending refund counts until it fails, which three events tell", () =>
  withStandIn({}, async (standIn, stripe) => {
    const { intent, charge } = await paidSale(standIn, stripe);
    const pending = standIn.refund(intent, { outcome: "pending" });
    expect(pending).toMatchObject({ status: "pending", pending_reason: "processing" });
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ refunded: true });
    const before = standIn.events().length;
    standIn.settleRefund(pending.id, "failed");
    expect(typesSince(standIn, before)).toEqual(["refund.updated", "charge.refund.updated", "refund.failed"]);
    const failed = await stripe.refunds.retrieve(pending.id);
    expect(failed).toMatchObject({ status: "failed", failure_reason: "expired_or_canceled_card" });
    expect(failed).not.toHaveProperty("pending_reason");
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 0, refunded: false });
    expect(() => standIn.settleRefund(pending.id, "succeeded")).toThrow("is failed");
  }));

test("only a refund that waits for the customer can be canceled through the API", () =>
  withStandIn({}, async (standIn, stripe) => {
    const { charge } = await paidSale(standIn, stripe);
    const done = standIn.refund(charge, { amount: 100 });
    expect((await refusal(stripe.refunds.cancel(done.id))).statusCode).toBe(400);
    const waiting = standIn.refund(charge, { outcome: "requires_action" });
    expect((await stripe.refunds.cancel(waiting.id)).status).toBe("canceled");
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 100 });
  }));

test("refunds are listed by payment, by time and by page, newest first, and with their charge", () =>
  withStandIn({}, async (standIn, stripe) => {
    const first = await paidSale(standIn, stripe);
    const second = await paidSale(standIn, stripe);
    const ids: string[] = [];
    for (const amount of [100, 200, 300]) {
      ids.unshift(standIn.refund(first.charge, { amount }).id);
      await standIn.clock.advance(60_000);
    }
    const foreign = standIn.refund(second.charge);
    const list = async (parameters: Stripe.RefundListParams) =>
      (await stripe.refunds.list(parameters)).data.map(({ id }) => id);
    expect(await list({ charge: first.charge })).toEqual(ids);
    expect(await list({ payment_intent: first.intent, limit: 2 })).toEqual(ids.slice(0, 2));
    expect(await list({ payment_intent: first.intent, starting_after: ids[1] ?? "" })).toEqual([ids[2]]);
    expect(await list({ created: { gte: foreign.created } })).toEqual([foreign.id]);
    expect(await list({ charge: first.charge, payment_intent: second.intent })).toEqual([]);
    const charge = await stripe.charges.retrieve(first.charge, { expand: ["refunds"] });
    expect(charge.refunds?.data.map(({ id }) => id)).toEqual(ids);
    expect((await stripe.refunds.retrieve(foreign.id, { expand: ["charge"] })).charge).toMatchObject({
      id: second.charge,
    });
  }));

test("metadata of a refund is merged, and says so in an event", () =>
  withStandIn({}, async (standIn, stripe) => {
    const { charge } = await paidSale(standIn, stripe);
    const refund = await stripe.refunds.create({ charge, metadata: { a: "1" } });
    const updated = await stripe.refunds.update(refund.id, { metadata: { b: "2" } });
    expect(updated.metadata).toEqual({ a: "1", b: "2" });
    expect(standIn.events().at(-1)?.type).toBe("charge.refund.updated");
  }));

test("what was not paid cannot be refunded", () =>
  withStandIn({}, async (standIn, stripe) => {
    const session = await makeSession(stripe);
    standIn.pay(session.id, { method: "delayed_success" });
    const { payment_intent: intent } = await stripe.checkout.sessions.retrieve(session.id);
    const error = await refusal(stripe.refunds.create({ payment_intent: String(intent) }));
    expect(error.code).toBe("payment_intent_unexpected_state");
    expect((await refusal(stripe.refunds.create({}))).statusCode).toBe(400);
    expect((await refusal(stripe.refunds.create({ charge: "ch_none" }))).code).toBe("resource_missing");
  }));

test("a fraud warning is there to be acted on until the charge is refunded", () =>
  withStandIn({}, async (standIn, stripe) => {
    const { intent, charge } = await paidSale(standIn, stripe);
    const warning = standIn.fraudWarning(charge);
    const [listed] = (await stripe.radar.earlyFraudWarnings.list({ payment_intent: intent })).data;
    expect(listed).toMatchObject({ id: warning.id, actionable: true, charge });
    standIn.refund(charge);
    expect(await stripe.radar.earlyFraudWarnings.retrieve(warning.id)).toMatchObject({ actionable: false });
    expect(standIn.events().at(-1)?.type).toBe("radar.early_fraud_warning.updated");
  }));

test("a review stays open until somebody approves it or the money goes back", () =>
  withStandIn({}, async (standIn, stripe) => {
    const { charge, intent } = await paidSale(standIn, stripe);
    const approved = standIn.openReview(charge);
    expect((await stripe.paymentIntents.retrieve(intent)).review).toBe(approved.id);
    expect(await stripe.reviews.approve(approved.id)).toMatchObject({
      open: false,
      closed_reason: "approved",
    });
    const refunded = standIn.openReview(charge);
    standIn.refund(charge);
    expect(await stripe.reviews.retrieve(refunded.id)).toMatchObject({ closed_reason: "refunded" });
    expect((await stripe.reviews.list()).data).toEqual([]);
  }));
