import type { StripeObject } from "#tests/stripe-stand-in/stored-types.ts";

/** The statuses of a subscription that have a thin event of their own. */
const STATUS_EVENTS = new Set([
  "active",
  "past_due",
  "unpaid",
  "trialing",
  "incomplete",
  "incomplete_expired",
]);

type Item = { price: string | null; quantity: number | null };

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function itemsOf(subscription: Record<string, unknown>): Map<string, Item> {
  const list = isRecord(subscription.items) ? subscription.items.data : [];
  const items = new Map<string, Item>();
  for (const item of Array.isArray(list) ? list : []) {
    if (!isRecord(item)) continue;
    const price = isRecord(item.price) ? item.price.id : item.price;
    items.set(String(item.id), {
      price: typeof price === "string" ? price : null,
      quantity: typeof item.quantity === "number" ? item.quantity : null,
    });
  }
  return items;
}

function itemChanges(before: Map<string, Item>, after: Map<string, Item>): string[] {
  const types = new Set<string>();
  for (const [id, item] of after) {
    const old = before.get(id);
    if (old === undefined) types.add("item_added");
    else {
      if (old.price !== item.price) types.add("item_price_changed");
      if (old.quantity !== item.quantity) types.add("item_quantity_changed");
    }
  }
  for (const id of before.keys()) if (!after.has(id)) types.add("item_removed");
  return [...types];
}

/** The types only thin destinations can hear of, which this snapshot event stands for as well. Source: the SDK's list of v2 events. */
export function thinOnlyTypes(
  type: string,
  object: StripeObject,
  previousAttributes: Record<string, unknown> | undefined,
): string[] {
  if (object.object !== "subscription") return [];
  const after: Record<string, unknown> = { ...object };
  const isNew = type === "customer.subscription.created";
  if (!isNew && type !== "customer.subscription.updated" && type !== "customer.subscription.deleted")
    return [];
  const before = isNew ? {} : { ...after, ...previousAttributes };
  const changes = isNew ? [] : itemChanges(itemsOf(before), itemsOf(after));
  const status = String(after.status);
  if (before.status !== status && STATUS_EVENTS.has(status)) changes.unshift(status);
  if ((before.cancel_at ?? null) !== (after.cancel_at ?? null)) changes.push("cancel_at_changed");
  return changes.map((change) => `customer.subscription.${change}`);
}
