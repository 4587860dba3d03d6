import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest } from "#tests/stripe-stand-in/errors.ts";
import { mergeMetadata } from "#tests/stripe-stand-in/parameters.ts";
import { requirePrice } from "#tests/stripe-stand-in/resources/prices.ts";
import type {
  StoredInvoiceLine,
  StoredSubscription,
  StoredSubscriptionItem,
} from "#tests/stripe-stand-in/stored-types.ts";
import type { InvoiceItemInput } from "./invoice-items.ts";
import { hasSameInterval, intervalOf, newItem, planOf } from "./items.ts";
import { periodLine, priceOfItem, pricingOf, productNameOf } from "./lines.ts";
import { periodEndAfter } from "./periods.ts";

export type ItemChange = {
  id?: string | undefined;
  price?: string | undefined;
  quantity?: number | undefined;
  deleted?: boolean | undefined;
  metadata?: Record<string, string> | null | undefined;
};

export type ChangePlan = {
  items: StoredSubscriptionItem[];
  /** Unused time given back and remaining time charged, within the running periods. */
  prorations: InvoiceItemInput[];
  /** Whole periods that start now, because the interval changed. */
  fullLines: StoredInvoiceLine[];
  /** Now, when a new billing cycle starts; else null. */
  anchor: number | null;
};

/** What a change of items comes to, without doing it. Throws Stripe's error for what cannot be. */
export function planChange(
  standIn: StandIn,
  subscription: StoredSubscription,
  changes: readonly ItemChange[],
  options: { prorates: boolean; resetsAnchor: boolean; now: number },
): ChangePlan {
  const { now } = options;
  const wanted = changedItems(standIn, subscription, changes);
  const old = new Map(subscription.items.data.map((item) => [item.id, item]));
  const isTrial = subscription.status === "trialing";
  const startsOver = !isTrial && (options.resetsAnchor || changesInterval(subscription.items.data, wanted));
  const items = startsOver ? wanted.map((item) => startedOver(item, now)) : wanted;
  const prorations: InvoiceItemInput[] = [];
  if (!isTrial && options.prorates) {
    const kept = new Map(items.map((item) => [item.id, item]));
    for (const before of subscription.items.data) {
      const after = kept.get(before.id);
      if (startsOver || after === undefined || isOtherwise(before, after)) {
        prorations.push(share(standIn, subscription, before, now, "unused"));
      }
    }
    for (const after of startsOver ? [] : items) {
      const before = old.get(after.id);
      if (before === undefined || isOtherwise(before, after)) {
        prorations.push(share(standIn, subscription, after, now, "remaining"));
      }
    }
  }
  const fullLines = startsOver
    ? items.map((item) =>
        periodLine(standIn, item, { start: item.current_period_start, end: item.current_period_end }),
      )
    : [];
  const worth = prorations.filter(({ amount }) => amount !== 0);
  return { items, prorations: worth, fullLines, anchor: startsOver ? now : null };
}

/** Whether an item is billed at another interval now, or all of them gave way to others that are. */
function changesInterval(
  before: readonly StoredSubscriptionItem[],
  after: readonly StoredSubscriptionItem[],
): boolean {
  const old = new Map(before.map((item) => [item.id, item]));
  const isSwitched = after.some((item) => {
    const known = old.get(item.id);
    return known !== undefined && !hasSameInterval(known.price, item.price);
  });
  return (
    isSwitched || !after.some((item) => before.some((known) => hasSameInterval(known.price, item.price)))
  );
}

function isOtherwise(before: StoredSubscriptionItem, after: StoredSubscriptionItem): boolean {
  return before.price.id !== after.price.id || before.quantity !== after.quantity;
}

function startedOver(item: StoredSubscriptionItem, now: number): StoredSubscriptionItem {
  const end = periodEndAfter(now, intervalOf(item.price), now);
  return { ...item, current_period_start: now, current_period_end: end };
}

function changedItems(
  standIn: StandIn,
  subscription: StoredSubscription,
  changes: readonly ItemChange[],
): StoredSubscriptionItem[] {
  const items = new Map(subscription.items.data.map((item) => [item.id, item]));
  for (const [index, change] of changes.entries()) {
    if (change.id === undefined) {
      const added = addedItem(standIn, subscription, change, index);
      if ([...items.values()].some(({ price }) => price.id === added.price.id)) {
        const message = `Cannot add multiple subscription items with the same plan: ${added.price.id}`;
        throw invalidRequest(message, `items[${index}][price]`);
      }
      items.set(added.id, added);
      continue;
    }
    const item = items.get(change.id);
    if (item === undefined) {
      throw invalidRequest(
        `No such subscription item: '${change.id}'`,
        `items[${index}][id]`,
        "resource_missing",
      );
    }
    if (change.deleted === true) items.delete(item.id);
    else items.set(item.id, changedItem(standIn, item, change, index));
  }
  if (items.size === 0) {
    throw invalidRequest("A subscription must have at least one active plan.", "items");
  }
  return [...items.values()];
}

function changedItem(
  standIn: StandIn,
  item: StoredSubscriptionItem,
  change: ItemChange,
  index: number,
): StoredSubscriptionItem {
  const price =
    change.price === undefined ? item.price : requirePrice(standIn, change.price, `items[${index}][price]`);
  const isMetered = price.recurring?.usage_type === "metered";
  const { quantity: _old, ...rest } = item;
  return {
    ...rest,
    price,
    plan: planOf(price),
    ...(isMetered ? {} : { quantity: change.quantity ?? item.quantity ?? 1 }),
    metadata: change.metadata === undefined ? item.metadata : mergeMetadata(item.metadata, change.metadata),
  };
}

/** A new item keeps step with the items that are billed at the same interval. */
function addedItem(
  standIn: StandIn,
  subscription: StoredSubscription,
  change: ItemChange,
  index: number,
): StoredSubscriptionItem {
  const param = `items[${index}][price]`;
  if (change.price === undefined) {
    throw invalidRequest(`Missing required param: ${param}.`, param, "parameter_missing");
  }
  const price = requirePrice(standIn, change.price, param);
  const peer = subscription.items.data.find((item) => hasSameInterval(item.price, price));
  const isTrial = subscription.status === "trialing";
  const now = standIn.clock.seconds();
  const end =
    isTrial && subscription.trial_end !== null
      ? subscription.trial_end
      : periodEndAfter(subscription.billing_cycle_anchor, intervalOf(price), now);
  return newItem(standIn, {
    subscription: subscription.id,
    price,
    quantity: change.quantity,
    period: { start: peer?.current_period_start ?? now, end: peer?.current_period_end ?? end },
    metadata: mergeMetadata(null, change.metadata),
  });
}

/** The part of an item's period that is left, given back or charged. */
export function share(
  standIn: StandIn,
  subscription: StoredSubscription,
  item: StoredSubscriptionItem,
  now: number,
  kind: "unused" | "remaining",
): InvoiceItemInput {
  const { current_period_start: start, current_period_end: end } = item;
  const fraction = Math.max(0, end - now) / (end - start);
  const amount = Math.round(priceOfItem(item) * fraction);
  const name = `${item.quantity ?? 1} × ${productNameOf(standIn, item.price)}`;
  return {
    customer: subscription.customer,
    amount: kind === "unused" ? -amount : amount,
    currency: item.price.currency,
    description: kind === "unused" ? `Unused time on ${name}` : `Remaining time on ${name}`,
    quantity: item.quantity ?? 1,
    period: { start: now, end },
    proration: true,
    pricing: pricingOf(item.price),
    subscription: subscription.id,
    subscriptionItem: item.id,
  };
}
