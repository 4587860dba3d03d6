import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import type {
  StoredInvoice,
  StoredSubscription,
  StoredSubscriptionItem,
} from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";

/** A list inside another object shows its first page only. */
const FIRST_PAGE = 10;

/** A subscription as the API and events write it: items with today's price, the first page of them. */
export function wireSubscription(standIn: StandIn, subscription: StoredSubscription): StoredSubscription {
  const { items } = subscription;
  const data = items.data.slice(0, FIRST_PAGE).map((item) => wireItem(standIn, item));
  return { ...subscription, items: { ...items, data, has_more: items.data.length > FIRST_PAGE } };
}

export function wireItem(standIn: StandIn, item: StoredSubscriptionItem): StoredSubscriptionItem {
  return { ...item, price: standIn.store.prices.get(item.price.id) ?? item.price };
}

export function wireInvoice(invoice: StoredInvoice): StoredInvoice {
  const { lines } = invoice;
  if (lines.data.length <= FIRST_PAGE) return invoice;
  return { ...invoice, lines: { ...lines, data: lines.data.slice(0, FIRST_PAGE), has_more: true } };
}

export function requireSubscription(standIn: StandIn, id: string, param?: string): StoredSubscription {
  const subscription = standIn.store.subscriptions.get(id);
  if (subscription === undefined) throw resourceMissing("subscription", id, param);
  return subscription;
}

export function requireInvoice(standIn: StandIn, id: string, param?: string): StoredInvoice {
  const invoice = standIn.store.invoices.get(id);
  if (invoice === undefined) throw resourceMissing("invoice", id, param);
  return invoice;
}

export function emitInvoice(standIn: StandIn, type: string, invoice: StoredInvoice, cause: Cause): void {
  emit(standIn, type, wireInvoice(invoice), cause);
}

/** What `previous_attributes` says: every top-level field that is different now, as it was. */
function changedFields(before: object, after: object): Record<string, unknown> {
  const now = new Map<string, unknown>(Object.entries(after));
  return Object.fromEntries(
    Object.entries(before).filter(([field, value]) => {
      const current = now.get(field);
      return current !== value && JSON.stringify(current) !== JSON.stringify(value);
    }),
  );
}

/** Stores the changes and tells of them: `customer.subscription.updated`, or the type given. Silent when nothing changed. */
export function changeSubscription(
  standIn: StandIn,
  id: string,
  changes: Partial<StoredSubscription>,
  cause: Cause,
  type = "customer.subscription.updated",
): StoredSubscription {
  const before = requireSubscription(standIn, id);
  return announceChange(standIn, before, { ...before, ...changes }, cause, type);
}

/** The same for a subscription that is already as it shall be, and may have lost a field. */
export function announceChange(
  standIn: StandIn,
  before: StoredSubscription,
  after: StoredSubscription,
  cause: Cause,
  type = "customer.subscription.updated",
): StoredSubscription {
  const previous = changedFields(wireSubscription(standIn, before), wireSubscription(standIn, after));
  if (Object.keys(previous).length === 0 && type === "customer.subscription.updated") return before;
  standIn.store.subscriptions.put(after);
  emit(standIn, type, wireSubscription(standIn, after), cause, previous);
  return after;
}
