import Stripe from "stripe";
import { stripe } from "#app/infra/stripe.server.ts";
import { type Sandbox, until } from "#tests/stripe-sandbox/sandbox.ts";

export type OpenPoint = {
  number: number;
  question: string;
  /** What the code was written for; it accepts both answers unless it says otherwise. */
  assumed: string;
  ask: (sandbox: Sandbox) => Promise<string>;
};

const byHand = (what: string) => async () =>
  `cannot be asked through the API: buy ${what} on a real Checkout page and look at the session and its events.`;

async function eventTypes(since: number, about: (object: unknown) => boolean): Promise<string[]> {
  const types: string[] = [];
  for await (const event of stripe().events.list({ created: { gte: since }, limit: 100 }))
    if (about(event.data.object)) types.push(event.type);
  return types.reverse();
}

const mentions = (id: string) => (object: unknown) => JSON.stringify(object).includes(id);
const seconds = () => Math.floor(Date.now() / 1000);

/** stripe.md section 7, in its numbers. */
export const openPoints: readonly OpenPoint[] = [
  {
    number: 1,
    question:
      "Does customer.subscription.updated come again when a renewal of an active subscription is paid?",
    assumed: "no, so the follow-up timer is essential",
    ask: async (sandbox) => {
      const subscriber = await sandbox.subscribe();
      const found = await stripe().subscriptions.retrieve(subscriber.subscription);
      const end = found.items.data[0]?.current_period_end ?? 0;
      const since = seconds();
      await sandbox.advanceTo(subscriber.clock, new Date((end + 7_200) * 1000));
      const types = await eventTypes(since - 60, mentions(subscriber.subscription));
      return types.filter((type) => /^(customer\.subscription|invoice)\./.test(type)).join(", ");
    },
  },
  {
    number: 2,
    question: "payment_status of a session whose subscription starts with a trial",
    assumed: "paid or no_payment_required",
    ask: byHand("a plan with a trial"),
  },
  {
    number: 3,
    question: "order of events and statuses of a subscription bought in Checkout",
    assumed: "any",
    ask: byHand("a subscription"),
  },
  {
    number: 4,
    question: "Do charge.amount_refunded and charge.refunded fall back when a refund fails?",
    assumed: "not relied on: refunds are summed",
    ask: async () => {
      const intent = await stripe().paymentIntents.create({
        amount: 1000,
        currency: "usd",
        payment_method: "pm_card_refundFail",
        confirm: true,
        automatic_payment_methods: { enabled: true, allow_redirects: "never" },
        expand: ["latest_charge"],
      });
      const refund = await stripe().refunds.create({ payment_intent: intent.id });
      const ended = await until("The refund's failure", async () => {
        const { status } = await stripe().refunds.retrieve(refund.id);
        return status === "failed" && status;
      });
      const charge = intent.latest_charge;
      const after = await stripe().charges.retrieve(typeof charge === "string" ? charge : (charge?.id ?? ""));
      return `refund ${ended}, amount_refunded ${after.amount_refunded}, refunded ${after.refunded}`;
    },
  },
  {
    number: 5,
    question: "proration of the first full line after a change of interval",
    assumed: "false",
    ask: async (sandbox) => {
      const { subscription } = await sandbox.subscribe();
      const found = await stripe().subscriptions.retrieve(subscription);
      const item = found.items.data[0]?.id ?? "";
      const changed = await stripe().subscriptions.update(subscription, {
        items: [{ id: item, price: sandbox.prices.yearly }],
      });
      const latest = changed.latest_invoice;
      const invoice = await stripe().invoices.retrieve(
        typeof latest === "string" ? latest : (latest?.id ?? ""),
      );
      return invoice.lines.data
        .map((line) => {
          const days = Math.round((line.period.end - line.period.start) / 86_400);
          return `${line.amount} for ${days} days: proration ${line.parent?.subscription_item_details?.proration}`;
        })
        .join("; ");
    },
  },
  {
    number: 6,
    question: "events of an invoice of nothing",
    assumed: "invoice.paid, perhaps invoice.payment_succeeded too",
    ask: async (sandbox) => {
      const since = seconds();
      const coupon = await stripe().coupons.create({ percent_off: 100, duration: "once" });
      const { subscription } = await sandbox.subscribe({ coupon: coupon.id });
      const types = await eventTypes(since - 60, mentions(subscription));
      return types.filter((type) => type.startsWith("invoice.")).join(", ");
    },
  },
  {
    number: 7,
    question: "error code for payment_method_types on a Checkout Session",
    assumed: "none is read; the parameter is not sent",
    ask: async (sandbox) => {
      try {
        await stripe().rawRequest("POST", "/v1/checkout/sessions", {
          mode: "payment",
          success_url: "https://example.com/",
          line_items: [{ price: sandbox.prices.oneTime, quantity: 1 }],
          payment_method_types: ["card"],
        });
        return "accepted";
      } catch (error) {
        return error instanceof Stripe.errors.StripeError ? `${error.code}: ${error.message}` : String(error);
      }
    },
  },
  {
    number: 8,
    question: "statuses of a dispute that is answered",
    assumed: "won or lost; an appeal may follow either",
    ask: async () => {
      const intent = await stripe().paymentIntents.create({
        amount: 1000,
        currency: "usd",
        payment_method: "pm_card_createDispute",
        confirm: true,
        automatic_payment_methods: { enabled: true, allow_redirects: "never" },
      });
      const dispute = await until("The dispute", async () => {
        const { data } = await stripe().disputes.list({ payment_intent: intent.id });
        return data[0] ?? null;
      });
      const first = `${dispute.status} (${dispute.payment_method_details?.card?.case_type ?? "no case type"})`;
      await stripe().disputes.update(dispute.id, {
        evidence: { uncategorized_text: "losing_evidence" },
        submit: true,
      });
      const last = await until("The decision", async () => {
        const { status } = await stripe().disputes.retrieve(dispute.id);
        return (status === "won" || status === "lost") && status;
      });
      return `${first} → ${last}`;
    },
  },
  {
    number: 9,
    question: "limit for reads in a burst",
    assumed: "20 a second sustained stays below it",
    ask: async (sandbox) => {
      const reads = Array.from({ length: 60 }, () =>
        stripe()
          .prices.retrieve(sandbox.prices.monthly, {}, { maxNetworkRetries: 0 })
          .then(
            () => false,
            (error: unknown) => error instanceof Stripe.errors.StripeRateLimitError,
          ),
      );
      const refused = (await Promise.all(reads)).filter(Boolean).length;
      return `${refused} of 60 reads at once were refused`;
    },
  },
];
