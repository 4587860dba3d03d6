import { z } from "zod";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest, resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { newId } from "#tests/stripe-stand-in/ids.ts";
import { listPage } from "#tests/stripe-stand-in/list.ts";
import {
  acceptedAll,
  flag,
  integer,
  listParameters,
  mergeMetadata,
  metadata,
  nothing,
  text,
  timestamp,
} from "#tests/stripe-stand-in/parameters.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredPromotionCode } from "#tests/stripe-stand-in/stored-types.ts";
import { isRedeemable, requireCoupon } from "./coupons.ts";

const createParameters = z.strictObject({
  ...acceptedAll(["customer_account", "restrictions"]),
  promotion: z.strictObject({ type: z.enum(["coupon"]), coupon: text }),
  active: flag.optional(),
  code: text.optional(),
  customer: text.optional(),
  expires_at: timestamp.optional(),
  max_redemptions: integer(1).optional(),
  metadata,
});
const searchParameters = z.strictObject({
  ...listParameters,
  ...acceptedAll(["customer_account"]),
  active: flag.optional(),
  code: text.optional(),
  coupon: text.optional(),
  customer: text.optional(),
});

type PromotionCodeInput = { promotion: { coupon: string } } & Partial<
  Omit<z.output<typeof createParameters>, "promotion">
>;

export function createPromotionCode(standIn: StandIn, input: PromotionCodeInput): StoredPromotionCode {
  const coupon = requireCoupon(standIn, input.promotion.coupon, "promotion[coupon]");
  const code = input.code ?? newId("", 8).slice(1).toUpperCase();
  if (findActiveCode(standIn, code) !== undefined) {
    throw invalidRequest(`An active promotion code with \`code: ${code}\` already exists.`, "code");
  }
  return standIn.store.promotionCodes.put({
    id: newId("promo"),
    object: "promotion_code",
    active: input.active ?? true,
    code,
    created: standIn.clock.seconds(),
    customer: input.customer ?? null,
    customer_account: null,
    expires_at: input.expires_at ?? null,
    livemode: standIn.settings.livemode,
    max_redemptions: input.max_redemptions ?? null,
    metadata: mergeMetadata(null, input.metadata),
    promotion: { coupon: coupon.id, type: "coupon" },
    restrictions: { first_time_transaction: false, minimum_amount: null, minimum_amount_currency: null },
    times_redeemed: 0,
  });
}

function findActiveCode(standIn: StandIn, code: string): StoredPromotionCode | undefined {
  return standIn.store.promotionCodes
    .all()
    .find((candidate) => candidate.active && candidate.code.toLowerCase() === code.toLowerCase());
}

/** The code a buyer typed, in any case, when it can be used now; else null. */
export function redeemableCode(standIn: StandIn, typed: string): StoredPromotionCode | null {
  const found = findActiveCode(standIn, typed.trim());
  if (found === undefined) return null;
  if (found.expires_at !== null && found.expires_at <= standIn.clock.seconds()) return null;
  if (found.max_redemptions !== null && found.times_redeemed >= found.max_redemptions) return null;
  return isRedeemable(standIn, requireCoupon(standIn, couponIdOf(found))) ? found : null;
}

export function requirePromotionCode(standIn: StandIn, id: string, param?: string): StoredPromotionCode {
  const promotionCode = standIn.store.promotionCodes.get(id);
  if (promotionCode === undefined) throw resourceMissing("promotion code", id, param);
  return promotionCode;
}

export function couponIdOf(promotionCode: StoredPromotionCode): string {
  const { coupon } = promotionCode.promotion;
  if (typeof coupon !== "string") throw new Error(`Promotion code ${promotionCode.id} has no coupon`);
  return coupon;
}

function list(standIn: StandIn, sent: z.output<typeof searchParameters>, url: string) {
  const matching = standIn.store.promotionCodes.all().filter((promotionCode) => {
    if (sent.active !== undefined && promotionCode.active !== sent.active) return false;
    if (sent.coupon !== undefined && couponIdOf(promotionCode) !== sent.coupon) return false;
    if (sent.customer !== undefined && promotionCode.customer !== sent.customer) return false;
    return sent.code === undefined || promotionCode.code === sent.code;
  });
  return listPage(matching, sent, url, "promotion code");
}

export const promotionCodeRoutes: Route[] = [
  route("GET", "/v1/promotion_codes", searchParameters, (standIn, sent, call) =>
    list(standIn, sent, call.path),
  ),
  route("POST", "/v1/promotion_codes", createParameters, createPromotionCode),
  route("GET", "/v1/promotion_codes/:id", nothing, (standIn, _sent, call) =>
    requirePromotionCode(standIn, firstId(call)),
  ),
];
