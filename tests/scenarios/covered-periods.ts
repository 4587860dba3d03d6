import type { RunningStandIn } from "#tests/stripe-stand-in/server.ts";

/** A span money or a trial stands for, told by the stand-in's own books; no end = bought for good. */
export type CoveredPeriod = { start: Date; end: Date | null };

/** What is paid for in this purchase, worked out from Stripe's side alone. */
export function coveredPeriods(standIn: RunningStandIn, sourceId: string): CoveredPeriod[] {
  const sale = standIn.sales().find(({ session }) => session === sourceId);
  if (!sale) return [];
  const isPaid = sale.paymentStatus === "paid" || sale.paymentStatus === "no_payment_required";
  return sale.status === "complete" && isPaid ? [{ start: new Date(0), end: null }] : [];
}
