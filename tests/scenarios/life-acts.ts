import type { PlanName } from "#tests/scenarios/life-shop.ts";
import type { Stage } from "#tests/scenarios/life-stage.ts";

type Made = {
  plan: PlanName;
  quantity?: number;
  /** The first payment still has to be made. */
  incomplete?: boolean;
  /** Fourteen days, and nothing to pay with at their end. */
  trialWithoutCard?: boolean;
  /** Billed by invoice, due after so many days. */
  daysUntilDue?: number;
};

/** A subscription made at Stripe and not in our shop, for a customer with an address and, unless said, a card. */
export async function makeSubscription(
  { stripe, shop, standIn }: Stage,
  made: Made,
): Promise<{ subscriptionId: string; customerId: string }> {
  const customer = await stripe.customers.create({ email: `made-at-stripe-${Math.random()}@example.com` });
  const noCard = made.trialWithoutCard || made.daysUntilDue !== undefined;
  if (!noCard) standIn.setCard(customer.id, "ok");
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: shop.priceOf(made.plan).stripePriceId, quantity: made.quantity ?? 1 }],
    ...(made.incomplete && { payment_behavior: "default_incomplete" }),
    ...(made.trialWithoutCard && {
      trial_period_days: 14,
      trial_settings: { end_behavior: { missing_payment_method: "pause" } },
    }),
    ...(made.daysUntilDue !== undefined && {
      collection_method: "send_invoice",
      days_until_due: made.daysUntilDue,
    }),
  });
  return { subscriptionId: subscription.id, customerId: customer.id };
}

/** The newest invoice of a subscription. */
export async function newestInvoice({ stripe }: Stage, subscriptionId: string) {
  const { data } = await stripe.invoices.list({ subscription: subscriptionId, limit: 1 });
  const [invoice] = data;
  if (!invoice) throw new Error(`${subscriptionId} has no invoice.`);
  return invoice;
}

/** Pays the newest invoice. */
export async function payInvoice(
  stage: Stage,
  subscriptionId: string,
  options: { outOfBand?: boolean } = {},
): Promise<void> {
  const { id, status } = await newestInvoice(stage, subscriptionId);
  if (status === "draft") await stage.stripe.invoices.finalizeInvoice(id, { auto_advance: false });
  await stage.stripe.invoices.pay(id, options.outOfBand ? { paid_out_of_band: true } : {});
}
