import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest } from "#tests/stripe-stand-in/errors.ts";
import { newId } from "#tests/stripe-stand-in/ids.ts";
import type { StoredPlan, StoredPrice, StoredSubscriptionItem } from "#tests/stripe-stand-in/stored-types.ts";
import type { Interval } from "./periods.ts";

export function intervalOf(price: StoredPrice): Interval {
  if (price.recurring === null) {
    const message = `The price specified is set to \`type=one_time\` but this field only accepts prices with \`type=recurring\`.`;
    throw invalidRequest(message, "items[0][price]");
  }
  return price.recurring;
}

export function hasSameInterval(one: StoredPrice, other: StoredPrice): boolean {
  const [a, b] = [intervalOf(one), intervalOf(other)];
  return a.interval === b.interval && a.interval_count === b.interval_count;
}

/** The plan that every recurring price also is. */
export function planOf(price: StoredPrice): StoredPlan {
  const { interval, interval_count } = intervalOf(price);
  return {
    id: price.id,
    object: "plan",
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: price.unit_amount_decimal,
    billing_scheme: price.billing_scheme,
    created: price.created,
    currency: price.currency,
    interval,
    interval_count,
    livemode: price.livemode,
    metadata: price.metadata,
    meter: null,
    nickname: price.nickname,
    product: price.product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: price.recurring?.trial_period_days ?? null,
    usage_type: price.recurring?.usage_type ?? "licensed",
  };
}

export type ItemInput = {
  subscription: string;
  price: StoredPrice;
  quantity: number | undefined;
  period: { start: number; end: number };
  metadata?: Record<string, string>;
};

/** One thing that is subscribed to. Metered prices have no quantity. */
export function newItem(standIn: StandIn, input: ItemInput): StoredSubscriptionItem {
  const isMetered = input.price.recurring?.usage_type === "metered";
  return {
    id: newId("si", 14),
    object: "subscription_item",
    billing_thresholds: null,
    created: standIn.clock.seconds(),
    current_period_end: input.period.end,
    current_period_start: input.period.start,
    current_trial: null,
    discounts: [],
    metadata: input.metadata ?? {},
    plan: planOf(input.price),
    price: input.price,
    ...(isMetered ? {} : { quantity: input.quantity ?? 1 }),
    subscription: input.subscription,
    tax_rates: [],
  };
}
