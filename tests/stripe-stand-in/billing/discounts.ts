import { spreadDiscount } from "#tests/stripe-stand-in/checkout/discounts.ts";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { idOf, newId } from "#tests/stripe-stand-in/ids.ts";
import { requireCoupon } from "#tests/stripe-stand-in/resources/coupons.ts";
import { couponIdOf, requirePromotionCode } from "#tests/stripe-stand-in/resources/promotion-codes.ts";
import type {
  StoredCoupon,
  StoredDiscount,
  StoredSubscription,
} from "#tests/stripe-stand-in/stored-types.ts";
import { plusMonths } from "./periods.ts";

export type DiscountInput = {
  coupon?: string | undefined;
  promotion_code?: string | undefined;
  discount?: string | undefined;
};

/** Puts a coupon on a subscription for as long as the coupon lasts. Gives the discount's id. */
export function makeDiscount(
  standIn: StandIn,
  input: DiscountInput,
  owner: { subscription: string; customer: string; session: string | null },
): string {
  if (input.discount !== undefined) return input.discount;
  const code =
    input.promotion_code === undefined
      ? null
      : requirePromotionCode(standIn, input.promotion_code, "discounts[0][promotion_code]");
  const coupon = requireCoupon(
    standIn,
    code === null ? (input.coupon ?? "") : couponIdOf(code),
    "discounts[0][coupon]",
  );
  const start = standIn.clock.seconds();
  const discount: StoredDiscount = {
    id: newId("di"),
    object: "discount",
    checkout_session: owner.session,
    customer: owner.customer,
    customer_account: null,
    end: coupon.duration === "repeating" ? plusMonths(start, coupon.duration_in_months ?? 1) : null,
    invoice: null,
    invoice_item: null,
    promotion_code: code?.id ?? null,
    source: { coupon: coupon.id, type: "coupon" },
    start,
    subscription: owner.subscription,
    subscription_item: null,
  };
  return standIn.store.discounts.put(discount).id;
}

function couponOf(standIn: StandIn, discount: StoredDiscount): StoredCoupon {
  return requireCoupon(standIn, idOf(discount.source.coupon) ?? "");
}

/** The discounts that still take something off at this moment. */
export function currentDiscounts(standIn: StandIn, subscription: StoredSubscription): StoredDiscount[] {
  const now = standIn.clock.seconds();
  return subscription.discounts.flatMap((each) => {
    const discount = standIn.store.discounts.get(idOf(each) ?? "");
    return discount === undefined || (discount.end !== null && discount.end <= now) ? [] : [discount];
  });
}

/** What is left on the subscription once an invoice has used its discounts: `once` is over, `repeating` may be. */
export function discountsLeft(standIn: StandIn, subscription: StoredSubscription): string[] {
  return currentDiscounts(standIn, subscription)
    .filter((discount) => couponOf(standIn, discount).duration !== "once")
    .map(({ id }) => id);
}

/** What each discount takes off each amount, in the order given; a percentage also makes credits smaller. */
export function sharesOf(
  standIn: StandIn,
  discounts: readonly StoredDiscount[],
  amounts: readonly number[],
): Array<{ discount: string; shares: number[] }> {
  let left = [...amounts];
  return discounts.map((discount) => {
    const coupon = couponOf(standIn, discount);
    const percentOff = coupon.percent_off;
    const shares =
      percentOff === null
        ? spreadDiscount(
            left.map((amount) => Math.max(amount, 0)),
            coupon,
          )
        : left.map((amount) => Math.round((amount * percentOff) / 100));
    left = left.map((amount, index) => amount - (shares[index] ?? 0));
    return { discount: discount.id, shares };
  });
}
