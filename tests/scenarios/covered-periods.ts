import { stripe } from "#app/infra/stripe.server.ts";
import type { RunningStandIn } from "#tests/stripe-stand-in/server.ts";

/** A span money or a trial stands for, told by the stand-in's own books; no end = bought for good. */
export type CoveredPeriod = { start: Date; end: Date | null };

/**
 * What is paid for in this purchase, worked out from Stripe's side alone and without a rule of ours. With `courtesy` the
 * vendor gives the periods away in which collection is paused.
 */
export async function coveredPeriods(
  standIn: RunningStandIn,
  sourceId: string,
  courtesy: boolean,
): Promise<CoveredPeriod[]> {
  return sourceId.startsWith("sub_") ? subscribedPeriods(sourceId, courtesy) : soldForGood(standIn, sourceId);
}

function soldForGood(standIn: RunningStandIn, sessionId: string): CoveredPeriod[] {
  const sale = standIn.sales().find(({ session }) => session === sessionId);
  if (!sale) return [];
  const isPaid = sale.paymentStatus === "paid" || sale.paymentStatus === "no_payment_required";
  return sale.status === "complete" && isPaid ? [{ start: new Date(0), end: null }] : [];
}

async function subscribedPeriods(subscriptionId: string, courtesy: boolean): Promise<CoveredPeriod[]> {
  const [subscription, invoices] = await Promise.all([
    stripe().subscriptions.retrieve(subscriptionId),
    stripe().invoices.list({ subscription: subscriptionId, status: "paid", limit: 100 }),
  ]);
  const { trial_start, trial_end } = subscription;
  const trial = trial_start && trial_end ? [{ start: trial_start, end: trial_end }] : [];
  const paid = invoices.data
    .flatMap((invoice) => invoice.lines.data)
    .filter((line) => line.parent?.subscription_item_details?.proration === false)
    .map((line) => line.period);
  const given =
    courtesy && subscription.pause_collection
      ? subscription.items.data.map((item) => ({
          start: item.current_period_start,
          end: item.current_period_end,
        }))
      : [];
  return [...trial, ...paid, ...given].map(({ start, end }) => ({
    start: new Date(start * 1000),
    end: new Date(end * 1000),
  }));
}
