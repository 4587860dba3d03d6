import type { Settings } from "#app/domain/setting/settings.ts";
import {
  failingInvoice,
  governingInvoice,
  type InvoiceFacts,
  type InvoiceLine,
  isEnded,
  type SubscriptionFacts,
  type SubscriptionItem,
} from "#app/domain/subscription/subscription.ts";

/** A service period that money (or a trial) covers; `invoiceId` null for trials and metered items. */
export type PaidPeriod = { invoiceId: string | null; start: Date; end: Date };

type PaidLine = { invoiceId: string; line: InvoiceLine };

/**
 * The period that counts for an item: of those paid for, the one that started last (I3). Not the one that ends last: a
 * switch from yearly to monthly must be able to shorten. Prorations pay for a change within a period, never for a
 * period. Null = nothing is paid, so nothing is owed.
 */
export function paidPeriodOf(
  subscription: SubscriptionFacts,
  item: SubscriptionItem,
  settings: Settings,
): PaidPeriod | null {
  if (item.metered) return meteredPeriod(subscription, item);
  const periods = fullLines(subscription, item, settings).map(
    ({ invoiceId, line }): PaidPeriod => ({ invoiceId, start: line.periodStart, end: line.periodEnd }),
  );
  const { trialStart, trialEnd } = subscription;
  if (trialStart && trialEnd) periods.push({ invoiceId: null, start: trialStart, end: trialEnd });
  return latest(periods) ?? issuedPeriod(subscription, item, settings);
}

/**
 * Whether invoices created before `readTo` can no longer hold the paid period of this item, so that reading further back
 * is in vain. A trial, or a period of other items, stands in for the item's own only where the own one would have shown:
 * behind a dozen invoices for changes there may be one for the year.
 */
export function isPeriodSettled(
  subscription: SubscriptionFacts,
  item: SubscriptionItem,
  settings: Settings,
  readTo: Date,
): boolean {
  if (item.metered || ownLines(subscription, item).length > 0) return true;
  const period = paidPeriodOf(subscription, item, settings);
  return period !== null && readTo < period.start && readTo < item.periodStart;
}

/** How many units the money for this period covers, prorations included; null when no line says. */
export function paidUnitsOf(
  subscription: SubscriptionFacts,
  item: SubscriptionItem,
  period: PaidPeriod,
): number | null {
  const current = new Set(subscription.items.map(({ id }) => id));
  const covering = paidLines(subscription).filter(
    ({ line }) =>
      (line.itemId === item.id || (line.itemId !== null && !current.has(line.itemId))) &&
      line.periodStart >= period.start &&
      line.periodStart < period.end &&
      line.periodEnd >= period.end &&
      line.amount >= 0,
  );
  const quantities = covering.flatMap(({ line }) => line.quantity ?? []);
  return quantities.length > 0 ? Math.max(...quantities) : null;
}

/** Lines that pay for a full period, of whichever item. */
function linesOfPeriods(subscription: SubscriptionFacts): PaidLine[] {
  return paidLines(subscription).filter(({ line }) => !line.proration && !isTrialLine(subscription, line));
}

function ownLines(subscription: SubscriptionFacts, item: SubscriptionItem): PaidLine[] {
  return linesOfPeriods(subscription).filter(({ line }) => line.itemId === item.id);
}

/** Lines that pay for a full period of this item, or of one it took the place of. */
function fullLines(subscription: SubscriptionFacts, item: SubscriptionItem, settings: Settings): PaidLine[] {
  const own = ownLines(subscription, item);
  if (own.length > 0) return own;
  const full = linesOfPeriods(subscription);
  const current = new Set(subscription.items.map(({ id }) => id));
  const replaced = full.filter(({ line }) => line.itemId !== null && !current.has(line.itemId));
  // What left before the period that runs now was not replaced by an item that came in it.
  if (lastStart(replaced) >= lastStart(full)) return replaced;
  // An item added in the middle of a period runs with the others: at once in good standing, else when it was paid.
  const inGoodStanding = subscription.status === "active" || subscription.status === "trialing";
  const isPaid = paidLines(subscription).some(({ line }) => line.itemId === item.id);
  const runs = isPaid || (settings.seatsFollow === "immediately" && inGoodStanding);
  return runs ? full : [];
}

function lastStart(lines: readonly PaidLine[]): number {
  return Math.max(0, ...lines.map(({ line }) => line.periodStart.getTime()));
}

/** The trial's own line costs nothing and is "paid" at once; the trial's end counts, also after it was moved. */
function isTrialLine({ trialStart, trialEnd }: SubscriptionFacts, line: InvoiceLine): boolean {
  if (!trialStart || !trialEnd || line.amount !== 0) return false;
  return line.periodStart >= trialStart && line.periodStart < trialEnd;
}

function paidLines(subscription: SubscriptionFacts): PaidLine[] {
  return subscription.invoices
    .filter((invoice) => invoice.status === "paid")
    .flatMap((invoice) => invoice.lines.map((line) => ({ invoiceId: invoice.id, line })));
}

/**
 * Metered prices bill afterwards: while nothing is failing or was given up the running period counts, else the last one
 * billed. One that was canceled on request was good until then.
 */
function meteredPeriod(subscription: SubscriptionFacts, item: SubscriptionItem): PaidPeriod {
  const { endedAt, endedBecause } = subscription;
  if (isEnded(subscription)) {
    const end = endedBecause === "payment_failed" ? null : endedAt;
    return { invoiceId: null, start: item.periodStart, end: end ?? item.periodStart };
  }
  const isGood =
    ["active", "trialing"].includes(subscription.status) &&
    !failingInvoice(subscription) &&
    governingInvoice(subscription)?.status !== "uncollectible";
  const end = isGood ? item.periodEnd : item.periodStart;
  return { invoiceId: null, start: item.periodStart, end };
}

/** By setting, an invoice that was sent lets a terms customer begin: nothing is paid, all of it is grace. */
function issuedPeriod(
  subscription: SubscriptionFacts,
  item: SubscriptionItem,
  settings: Settings,
): PaidPeriod | null {
  if (settings.sendInvoice !== "onIssue" || subscription.collectionMethod !== "send_invoice") return null;
  const invoice = oldestIssued(subscription, item);
  const line = invoice?.lines.find((each) => each.itemId === item.id && !each.proration);
  return invoice && line ? { invoiceId: invoice.id, start: line.periodStart, end: line.periodStart } : null;
}

/** The oldest invoice for a period of this item that was sent and not paid: trust is given once, not every month. */
export function oldestIssued(
  subscription: Pick<SubscriptionFacts, "invoices">,
  item: Pick<SubscriptionItem, "id">,
): InvoiceFacts | null {
  return (
    subscription.invoices.findLast(
      ({ status, lines }) =>
        status === "open" && lines.some((line) => !line.proration && line.itemId === item.id),
    ) ?? null
  );
}

function latest(periods: readonly PaidPeriod[]): PaidPeriod | null {
  return periods.reduce<PaidPeriod | null>((best, period) => {
    if (!best || period.start > best.start) return period;
    return period.start.getTime() === best.start.getTime() && period.end > best.end ? period : best;
  }, null);
}
