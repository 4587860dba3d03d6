import { z } from "zod";
import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest } from "#tests/stripe-stand-in/errors.ts";
import { newId } from "#tests/stripe-stand-in/ids.ts";
import {
  accepted,
  currency,
  integer,
  mergeMetadata,
  type metadata,
  text,
} from "#tests/stripe-stand-in/parameters.ts";
import type { StoredPrice } from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";

export const recurringParameters = z.strictObject({
  interval: z.enum(["day", "week", "month", "year"]),
  interval_count: integer(1, 156).optional(),
  meter: accepted,
  trial_period_days: integer(0, 730).optional(),
  usage_type: z.enum(["licensed", "metered"]).optional(),
});

/** What a price costs: the part that a price, a product's default price and a line's own price share. */
export const amountParameters = {
  currency,
  unit_amount: integer().optional(),
  unit_amount_decimal: text.optional(),
  recurring: recurringParameters.optional(),
  tax_behavior: z.enum(["exclusive", "inclusive", "unspecified"]).optional(),
};

export type PriceInput = {
  product: string;
  currency: string;
  unit_amount?: number | undefined;
  unit_amount_decimal?: string | undefined;
  recurring?: z.output<typeof recurringParameters> | undefined;
  tax_behavior?: "exclusive" | "inclusive" | "unspecified" | undefined;
  active?: boolean | undefined;
  lookup_key?: string | undefined;
  nickname?: string | undefined;
  metadata?: z.output<typeof metadata>;
};

function unitAmount(input: PriceInput): number {
  if (input.unit_amount !== undefined) return input.unit_amount;
  if (input.unit_amount_decimal !== undefined && /^\d{1,8}$/.test(input.unit_amount_decimal)) {
    return Number(input.unit_amount_decimal);
  }
  const message =
    "Prices need `unit_amount` (or `unit_amount_decimal` as a whole number: the stand-in has no fractions of a cent).";
  throw invalidRequest(message, "unit_amount", "parameter_missing");
}

/** A new price in the store, with its event. Tiers, packages and pay-what-you-want are not done. */
export function makePrice(standIn: StandIn, input: PriceInput, cause: Cause): StoredPrice {
  const amount = unitAmount(input);
  const { recurring } = input;
  const price = standIn.store.prices.put({
    id: newId("price"),
    object: "price",
    active: input.active ?? true,
    billing_scheme: "per_unit",
    created: standIn.clock.seconds(),
    currency: input.currency,
    custom_unit_amount: null,
    livemode: standIn.settings.livemode,
    lookup_key: input.lookup_key ?? null,
    metadata: mergeMetadata(null, input.metadata),
    nickname: input.nickname ?? null,
    product: input.product,
    recurring:
      recurring === undefined
        ? null
        : {
            interval: recurring.interval,
            interval_count: recurring.interval_count ?? 1,
            meter: null,
            trial_period_days: recurring.trial_period_days ?? null,
            usage_type: recurring.usage_type ?? "licensed",
          },
    tax_behavior: input.tax_behavior ?? "unspecified",
    tiers_mode: null,
    transform_quantity: null,
    type: recurring === undefined ? "one_time" : "recurring",
    unit_amount: amount,
    unit_amount_decimal: String(amount),
  });
  emit(standIn, "price.created", price, cause);
  return price;
}
