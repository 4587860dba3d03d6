import type { TablesAsJson } from "#tests/stripe-stand-in/store.ts";
import type {
  StoredInvoice,
  StoredInvoiceLine,
  StoredSubscription,
  StoredSubscriptionItem,
} from "#tests/stripe-stand-in/stored-types.ts";

// What licenses should exist, told from Stripe's own books and stripe.md 1.3 for the default settings, in the plainest
// way and without a line of the app: a second opinion. Seconds since 1970 all along, as Stripe counts.

export type Books = Readonly<
  Pick<
    TablesAsJson,
    | "sessions"
    | "lines"
    | "charges"
    | "refunds"
    | "disputes"
    | "subscriptions"
    | "invoices"
    | "invoicePayments"
  >
>;

/** What a price sells. `days` null = no end of its own. */
export type SoldPlan = {
  seats: "keys" | "devices";
  devices: number;
  graceDays: number;
  days: number | null;
};
export type Plans = ReadonlyMap<string, SoldPlan>;

export type ExpectedItem = {
  itemKey: string;
  /** Licenses that have a seat; null = as many as there are. */
  count: number | null;
  /** Seats and devices of each license. */
  seats: number | null;
  devices: number | null;
  /** Null = no end; "later" = an end that depends on when the money was first seen. */
  paidUntil: number | null | "later";
  graceUntil: number | null;
  /** What holds every license of it. */
  holds: string[];
  /** What holds those that staff did not extend beyond now. */
  unpaidHold: string | null;
};

export type ExpectedPurchase = {
  source: string;
  /** Ended ones made no license that is new, and none of them works. */
  standing: "nothing" | "live" | "ended";
  items: ExpectedItem[];
};

type Period = { start: number; end: number; invoice: string | null };

const hour = 3600;
const day = 24 * hour;
const slack = 48 * hour;

/** Every purchase in the books with the licenses it should have at `now`. */
export function expectedPurchases(books: Books, plans: Plans, now: Date): ExpectedPurchase[] {
  const at = now.getTime() / 1000;
  return [
    ...books.sessions
      .filter(({ mode }) => mode === "payment")
      .map((session) => expectedSale(books, plans, session)),
    ...books.subscriptions.map((subscription) => expectedSubscription(books, plans, subscription, at)),
  ];
}

function expectedSale(
  books: Books,
  plans: Plans,
  session: TablesAsJson["sessions"][number],
): ExpectedPurchase {
  const isPaid = session.status === "complete" && session.payment_status !== "unpaid";
  if (!isPaid) return { source: session.id, standing: "nothing", items: [] };
  const intent = idOf(session.payment_intent);
  const charges = books.charges.filter(
    (charge) => charge.status === "succeeded" && intent !== null && idOf(charge.payment_intent) === intent,
  );
  const isCard = charges.every((charge) => charge.payment_method_details?.type === "card");
  const items = books.lines
    .filter(({ parent }) => parent === session.id)
    .flatMap((line): ExpectedItem[] => {
      const plan = plans.get(line.price);
      if (!plan) return [];
      const paidAt = charges[0]?.created ?? session.created;
      const end = plan.days === null ? null : isCard ? paidAt + plan.days * day : "later";
      return [
        {
          itemKey: line.id,
          count: plan.seats === "devices" ? Math.min(1, line.quantity) : line.quantity,
          ...sizeOf(plan, line.quantity),
          paidUntil: end,
          graceUntil: null,
          holds: holdsOfCharges(books, charges),
          unpaidHold: null,
        },
      ];
    });
  return { source: session.id, standing: "live", items };
}

function expectedSubscription(
  books: Books,
  plans: Plans,
  subscription: StoredSubscription,
  now: number,
): ExpectedPurchase {
  const source = subscription.id;
  const { status } = subscription;
  if (status === "incomplete" || status === "incomplete_expired")
    return { source, standing: "nothing", items: [] };
  const items = subscription.items.data.flatMap(
    (item) => expectedItem(books, plans, subscription, item, now) ?? [],
  );
  if (status === "canceled") return { source, standing: "ended", items };
  return { source, standing: items.length > 0 ? "live" : "nothing", items };
}

function expectedItem(
  books: Books,
  plans: Plans,
  subscription: StoredSubscription,
  item: StoredSubscriptionItem,
  now: number,
): ExpectedItem | null {
  const plan = plans.get(item.price.id);
  const period = paidPeriod(books, subscription, item);
  if (!plan || !period) return null;
  const charges = period.invoice === null ? [] : chargesOf(books, period.invoice);
  const holds = holdsOfCharges(books, charges);
  const { status } = subscription;
  if (status === "canceled")
    return {
      itemKey: item.id,
      count: null,
      seats: null,
      devices: null,
      paidUntil: Math.min(period.end, subscription.ended_at ?? period.end),
      graceUntil: null,
      holds,
      unpaidHold: null,
    };
  const units = seatsOf(books, subscription, item, period);
  const graceUntil = graceOf(subscription, period, plan);
  const owes = status === "past_due" || status === "unpaid";
  return {
    itemKey: item.id,
    count: plan.seats === "devices" ? Math.min(1, units) : units,
    ...sizeOf(plan, Math.max(1, units)),
    paidUntil: period.end,
    graceUntil,
    holds: status === "paused" ? [...holds, `pause:${subscription.id}`] : holds,
    unpaidHold: owes && (graceUntil ?? period.end) <= now ? `unpaid:${subscription.id}` : null,
  };
}

function sizeOf(plan: SoldPlan, units: number): { seats: number; devices: number } {
  const seats = plan.seats === "devices" ? units : 1;
  return { seats, devices: plan.devices * seats };
}

/** The rows of the table of 1.3, as far as they say how long a license goes on after what is paid. */
function graceOf(subscription: StoredSubscription, period: Period, plan: SoldPlan): number | null {
  const { status, cancel_at: cancelAt } = subscription;
  const currentEnd = Math.max(...subscription.items.data.map((item) => item.current_period_end));
  const endsOn = cancelAt ?? (subscription.cancel_at_period_end ? currentEnd : null);
  if (endsOn !== null && endsOn <= period.end) return null;
  if (status === "past_due") return period.end + plan.graceDays * day;
  if (status === "unpaid" || status === "paused") return null;
  if (status === "trialing") return period.end + slack;
  const waitsForGrace =
    subscription.pause_collection !== null || subscription.collection_method === "send_invoice";
  return period.end + (waitsForGrace ? plan.graceDays * day : slack);
}

/** Of the paid and trial periods of an item, the one that started last. */
function paidPeriod(
  books: Books,
  subscription: StoredSubscription,
  item: StoredSubscriptionItem,
): Period | null {
  const full = paidLines(books, subscription.id).filter(({ line }) => !isProration(line));
  const chargeable = full.filter(({ line }) => !belongsToTrial(subscription, line));
  const own = chargeable.filter(({ line }) => itemOf(line) === item.id);
  const periods: Period[] = (own.length > 0 ? own : chargeable).map(({ line, invoice }) => ({
    ...line.period,
    invoice,
  }));
  const { trial_start: start, trial_end: end } = subscription;
  if (start !== null && end !== null) periods.push({ start, end, invoice: null });
  const [latest] = periods.sort((a, b) => b.start - a.start || b.end - a.end);
  return latest ?? null;
}

function belongsToTrial({ trial_start, trial_end }: StoredSubscription, line: StoredInvoiceLine): boolean {
  if (trial_start === null || trial_end === null) return false;
  return line.amount === 0 && line.period.start >= trial_start && line.period.start < trial_end;
}

/** As many as ordered in good standing; otherwise no more than the money for this period covers. */
function seatsOf(
  books: Books,
  subscription: StoredSubscription,
  item: StoredSubscriptionItem,
  period: Period,
): number {
  const ordered = item.quantity ?? 1;
  if (subscription.status === "active" || subscription.status === "trialing") return ordered;
  const stillThere = new Set(subscription.items.data.map(({ id }) => id));
  const paid = paidLines(books, subscription.id)
    .map(({ line }) => line)
    .filter((line) => itemOf(line) === item.id || !stillThere.has(itemOf(line) ?? item.id))
    .filter((line) => line.amount >= 0 && line.period.start >= period.start)
    .filter((line) => line.period.start < period.end && line.period.end >= period.end)
    .flatMap((line) => line.quantity ?? []);
  return paid.length === 0 ? ordered : Math.min(ordered, Math.max(...paid));
}

/** Spans that money or a trial stands for: outside of them, and their grace, nothing of this source may work. */
export function coveredSpans(books: Books, source: string): { start: number; end: number | null }[] {
  const subscription = books.subscriptions.find(({ id }) => id === source);
  if (!subscription) {
    const session = books.sessions.find(({ id }) => id === source);
    const isPaid = session?.status === "complete" && session.payment_status !== "unpaid";
    return isPaid ? [{ start: session.created, end: null }] : [];
  }
  const { trial_start: start, trial_end: end } = subscription;
  const trial = start !== null && end !== null ? [{ start, end }] : [];
  const paid = paidLines(books, source).filter(({ line }) => !isProration(line));
  return [...trial, ...paid.map(({ line }) => line.period)];
}

function paidLines(books: Books, subscription: string): { line: StoredInvoiceLine; invoice: string }[] {
  return books.invoices
    .filter((invoice) => invoice.status === "paid" && subscriptionOf(invoice) === subscription)
    .flatMap((invoice) => invoice.lines.data.map((line) => ({ line, invoice: invoice.id })))
    .filter(({ line }) => itemOf(line) !== null);
}

function subscriptionOf(invoice: StoredInvoice): string | null {
  return idOf(invoice.parent?.subscription_details?.subscription ?? null);
}

function itemOf(line: StoredInvoiceLine): string | null {
  return line.parent?.subscription_item_details?.subscription_item ?? null;
}

function isProration(line: StoredInvoiceLine): boolean {
  return line.parent?.subscription_item_details?.proration ?? false;
}

function chargesOf(books: Books, invoice: string): TablesAsJson["charges"] {
  const intents = books.invoicePayments
    .filter((payment) => payment.invoice === invoice && payment.status === "paid")
    .map(({ payment }) => payment.payment_intent);
  return books.charges.filter(
    (charge) => charge.status === "succeeded" && intents.includes(idOf(charge.payment_intent) ?? ""),
  );
}

const moneyBack = ["succeeded", "pending", "requires_action"];
const disputed = ["needs_response", "under_review", "lost", "appeal_needs_response", "appeal_under_review"];

/** All of the money back, or on its way: each charge it came from. Each dispute that is open or lost. */
function holdsOfCharges(books: Books, charges: TablesAsJson["charges"]): string[] {
  const ids = charges.map(({ id }) => id);
  const refunds = books.refunds.filter(
    (refund) => ids.includes(idOf(refund.charge) ?? "") && moneyBack.includes(refund.status ?? ""),
  );
  const taken = charges.reduce((sum, charge) => sum + charge.amount_captured, 0);
  const returned = refunds.reduce((sum, refund) => sum + refund.amount, 0);
  const refunded =
    taken > 0 && returned >= taken ? refunds.map((refund) => `refund:${idOf(refund.charge)}`) : [];
  const disputes = books.disputes
    .filter((dispute) => ids.includes(idOf(dispute.charge) ?? "") && disputed.includes(dispute.status))
    .map(({ id }) => `dispute:${id}`);
  return [...new Set([...refunded, ...disputes])];
}

function idOf(value: string | { id: string } | null): string | null {
  return typeof value === "string" ? value : (value?.id ?? null);
}
