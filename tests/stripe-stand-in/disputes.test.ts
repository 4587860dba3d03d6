import type Stripe from "stripe";
import { expect, test } from "vitest";
import { makeSession, refusal, withStandIn } from "./harness.ts";
import type { RunningStandIn } from "./server.ts";

async function paidCharge(standIn: RunningStandIn, stripe: Stripe): Promise<string> {
  const session = await makeSession(stripe);
  standIn.pay(session.id);
  return standIn.dump().charges.at(-1)?.id ?? "";
}

/** The types of the events that `work` causes, without their common beginning. */
function disputeEventsOf(standIn: RunningStandIn, work: () => unknown): string[] {
  const before = standIn.events().length;
  work();
  return standIn
    .events()
    .slice(before)
    .map(({ type }) => type.replace("charge.dispute.", ""));
}

test("a chargeback takes the money, and winning it brings the money back", () =>
  withStandIn({}, async (standIn, stripe) => {
    const charge = await paidCharge(standIn, stripe);
    const opening = disputeEventsOf(standIn, () => standIn.dispute(charge));
    expect(opening).toEqual(["created", "funds_withdrawn"]);
    const [dispute] = (await stripe.disputes.list({ charge })).data;
    expect(dispute).toMatchObject({ status: "needs_response", amount: 9900, is_charge_refundable: false });
    expect(dispute?.payment_method_details?.card?.case_type).toBe("chargeback");
    expect((await refusal(stripe.refunds.create({ charge }))).code).toBe("charge_disputed");
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ disputed: true });

    const id = dispute?.id ?? "";
    expect(disputeEventsOf(standIn, () => standIn.moveDispute(id, "under_review"))).toEqual(["updated"]);
    const winning = disputeEventsOf(standIn, () => standIn.moveDispute(id, "won"));
    expect(winning).toEqual(["closed", "funds_reinstated"]);
    expect(disputeEventsOf(standIn, () => standIn.moveDispute(id, "won"))).toEqual([]);
    const won = await stripe.disputes.retrieve(id);
    expect(won.balance_transactions.map(({ amount }) => amount)).toEqual([-9900, 9900]);
  }));

test("an inquiry moves no money and leaves the charge refundable, until it becomes a chargeback", () =>
  withStandIn({}, async (standIn, stripe) => {
    const charge = await paidCharge(standIn, stripe);
    const opening = disputeEventsOf(standIn, () => standIn.dispute(charge, { inquiry: true }));
    expect(opening).toEqual(["created"]);
    const [inquiry] = (await stripe.disputes.list({ charge })).data;
    expect(inquiry).toMatchObject({ status: "warning_needs_response", is_charge_refundable: true });
    expect(inquiry?.payment_method_details?.card?.case_type).toBe("inquiry");
    await stripe.refunds.create({ charge, amount: 100 });

    const id = inquiry?.id ?? "";
    const turning = disputeEventsOf(standIn, () => standIn.moveDispute(id, "needs_response"));
    expect(turning).toEqual(["updated", "funds_withdrawn"]);
    const chargeback = await stripe.disputes.retrieve(id);
    expect(chargeback.payment_method_details?.card?.case_type).toBe("chargeback");
    expect((await refusal(stripe.refunds.create({ charge }))).code).toBe("charge_disputed");
  }));

test("an inquiry that ends is closed without any money moving", () =>
  withStandIn({}, async (standIn, stripe) => {
    const charge = await paidCharge(standIn, stripe);
    const { id } = standIn.dispute(charge, { inquiry: true });
    expect(disputeEventsOf(standIn, () => standIn.moveDispute(id, "warning_closed"))).toEqual(["closed"]);
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ disputed: false });
  }));

test("a decided dispute can be appealed, and only money that came back is taken again", () =>
  withStandIn({}, async (standIn, stripe) => {
    const charge = await paidCharge(standIn, stripe);
    const won = standIn.dispute(charge);
    standIn.moveDispute(won.id, "won");
    const appealOfWon = disputeEventsOf(standIn, () => standIn.moveDispute(won.id, "appeal_under_review"));
    expect(appealOfWon).toEqual(["updated", "funds_withdrawn"]);
    const lost = standIn.dispute(charge, { reason: "product_not_received" });
    expect(disputeEventsOf(standIn, () => standIn.moveDispute(lost.id, "lost"))).toEqual(["closed"]);
    const appealOfLost = disputeEventsOf(standIn, () =>
      standIn.moveDispute(lost.id, "appeal_needs_response"),
    );
    expect(appealOfLost).toEqual(["updated"]);
    standIn.moveDispute(lost.id, "won");
    const statuses = (await stripe.disputes.list({ charge })).data.map(({ status }) => status);
    expect(statuses).toEqual(["won", "appeal_under_review"]);
  }));

test("a prevented dispute is closed with the money where it was", () =>
  withStandIn({}, async (standIn, stripe) => {
    const charge = await paidCharge(standIn, stripe);
    const { id } = standIn.dispute(charge, { inquiry: true });
    expect(disputeEventsOf(standIn, () => standIn.moveDispute(id, "prevented"))).toEqual(["closed"]);
    expect((await stripe.disputes.retrieve(id)).is_charge_refundable).toBe(true);
    await stripe.refunds.create({ charge });
  }));

test("evidence puts a dispute under review, and closing it gives it up", () =>
  withStandIn({}, async (standIn, stripe) => {
    const charge = await paidCharge(standIn, stripe);
    const { id } = standIn.dispute(charge);
    const draft = await stripe.disputes.update(id, {
      evidence: { uncategorized_text: "They used it." },
      submit: false,
    });
    expect(draft).toMatchObject({ status: "needs_response", evidence_details: { has_evidence: true } });
    const answered = await stripe.disputes.update(id, { evidence: { customer_name: "Ada" } });
    expect(answered).toMatchObject({ status: "under_review", evidence_details: { submission_count: 1 } });
    expect(answered.evidence).toMatchObject({ uncategorized_text: "They used it.", customer_name: "Ada" });
    expect((await stripe.disputes.close(id)).status).toBe("lost");
    const asked = standIn.dispute(charge, { inquiry: true });
    expect((await stripe.disputes.close(asked.id)).status).toBe("warning_closed");
  }));

test("disputes are listed by payment intent and time, with the charge inside when asked for", () =>
  withStandIn({}, async (standIn, stripe) => {
    const charge = await paidCharge(standIn, stripe);
    const other = await paidCharge(standIn, stripe);
    const intent = String((await stripe.charges.retrieve(charge)).payment_intent);
    const early = standIn.dispute(charge);
    await standIn.clock.advance(3_600_000);
    const late = standIn.dispute(intent, { inquiry: true, amount: 500 });
    standIn.dispute(other);
    const ofIntent = await stripe.disputes.list({ payment_intent: intent, expand: ["data.charge"] });
    expect(ofIntent.data.map(({ id }) => id)).toEqual([late.id, early.id]);
    expect(ofIntent.data[0]?.charge).toMatchObject({ id: charge });
    const recent = await stripe.disputes.list({ charge, created: { gt: early.created } });
    expect(recent.data.map(({ amount }) => amount)).toEqual([500]);
  }));

test("a chargeback can end the subscription it is about, and says why", () =>
  withStandIn({}, async (standIn, stripe) => {
    const { id: product } = await stripe.products.create({ name: "Sketchpad" });
    const recurring = { interval: "month" } as const;
    const price = await stripe.prices.create({ product, currency: "usd", unit_amount: 1500, recurring });
    const { id: customer } = await stripe.customers.create({});
    standIn.setCard(customer, "ok");
    const { id } = await stripe.subscriptions.create({ customer, items: [{ price: price.id }] });
    standIn.dispute(standIn.dump().charges[0]?.id ?? "", { cancelSubscription: true });
    const ended = await stripe.subscriptions.retrieve(id);
    expect(ended).toMatchObject({ status: "canceled", cancellation_details: { reason: "payment_disputed" } });
    expect(standIn.events().at(-1)?.type).toBe("customer.subscription.deleted");
  }));
