import { z } from "zod";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest, resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { newId } from "#tests/stripe-stand-in/ids.ts";
import { listPage } from "#tests/stripe-stand-in/list.ts";
import {
  acceptedAll,
  currency,
  integer,
  listParameters,
  mergeMetadata,
  metadata,
  nothing,
  text,
  timestamp,
} from "#tests/stripe-stand-in/parameters.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredCoupon } from "#tests/stripe-stand-in/stored-types.ts";

const percentage = z
  .string()
  .regex(/^\d{1,3}(\.\d{1,2})?$/)
  .transform(Number)
  .pipe(z.number().positive().max(100));

const createParameters = z.strictObject({
  ...acceptedAll(["applies_to", "currency_options"]),
  id: text.optional(),
  name: text.optional(),
  amount_off: integer(1).optional(),
  percent_off: percentage.optional(),
  currency: currency.optional(),
  duration: z.enum(["forever", "once", "repeating"]).optional(),
  duration_in_months: integer(1).optional(),
  max_redemptions: integer(1).optional(),
  redeem_by: timestamp.optional(),
  metadata,
});

type CouponInput = Partial<z.output<typeof createParameters>>;

/** A new coupon in the store: either a percentage or an amount off. */
export function createCoupon(standIn: StandIn, input: CouponInput): StoredCoupon {
  const id = input.id ?? newId("", 8).slice(1);
  if (standIn.store.coupons.get(id) !== undefined) {
    throw invalidRequest("Coupon already exists.", "id", "resource_already_exists");
  }
  if ((input.percent_off === undefined) === (input.amount_off === undefined)) {
    throw invalidRequest(
      "Must provide either percent_off or amount_off.",
      "percent_off",
      "parameter_missing",
    );
  }
  if (input.amount_off !== undefined && input.currency === undefined) {
    throw invalidRequest("Missing required param: currency.", "currency", "parameter_missing");
  }
  return standIn.store.coupons.put({
    id,
    object: "coupon",
    amount_off: input.amount_off ?? null,
    created: standIn.clock.seconds(),
    currency: input.currency ?? null,
    duration: input.duration ?? "once",
    duration_in_months: input.duration_in_months ?? null,
    livemode: standIn.settings.livemode,
    max_redemptions: input.max_redemptions ?? null,
    metadata: mergeMetadata(null, input.metadata),
    name: input.name ?? null,
    percent_off: input.percent_off ?? null,
    redeem_by: input.redeem_by ?? null,
    times_redeemed: 0,
    valid: true,
  });
}

export function requireCoupon(standIn: StandIn, id: string, param?: string): StoredCoupon {
  const coupon = standIn.store.coupons.get(id);
  if (coupon === undefined) throw resourceMissing("coupon", id, param);
  return coupon;
}

/** Whether a coupon still takes off anything: not over its date, not used up. */
export function isRedeemable(standIn: StandIn, coupon: StoredCoupon): boolean {
  if (coupon.redeem_by !== null && coupon.redeem_by <= standIn.clock.seconds()) return false;
  return coupon.max_redemptions === null || coupon.times_redeemed < coupon.max_redemptions;
}

export const couponRoutes: Route[] = [
  route("GET", "/v1/coupons", z.strictObject(listParameters), (standIn, sent, call) =>
    listPage(standIn.store.coupons.all(), sent, call.path, "coupon"),
  ),
  route("POST", "/v1/coupons", createParameters, createCoupon),
  route("GET", "/v1/coupons/:id", nothing, (standIn, _sent, call) => requireCoupon(standIn, firstId(call))),
];
