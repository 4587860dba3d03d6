import type { StandIn } from "./context.ts";
import { createCoupon } from "./resources/coupons.ts";
import { createPromotionCode } from "./resources/promotion-codes.ts";

const BUILT_IN = [
  { id: "stand-in-free", name: "Free of charge", percentOff: 100, code: "FREE" },
  { id: "stand-in-20-off", name: "20 % off", percentOff: 20, code: "TAKE20" },
] as const;

/** The coupons every stand-in starts with, each with a promotion code to type on the checkout page. */
export function seedCoupons(standIn: StandIn): void {
  for (const { id, name, percentOff, code } of BUILT_IN) {
    if (standIn.store.coupons.get(id) !== undefined) continue;
    createCoupon(standIn, { id, name, percent_off: percentOff, duration: "once" });
    createPromotionCode(standIn, { promotion: { coupon: id }, code });
  }
}
