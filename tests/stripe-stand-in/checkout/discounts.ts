import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { requireCoupon } from "#tests/stripe-stand-in/resources/coupons.ts";
import { linesOf } from "#tests/stripe-stand-in/resources/line-items.ts";
import type { StoredCoupon, StoredSession } from "#tests/stripe-stand-in/stored-types.ts";

/** Spreads a discount over line amounts so that the parts add up to the whole, to the last minor unit. */
export function spreadDiscount(amounts: readonly number[], coupon: StoredCoupon): number[] {
  const total = amounts.reduce((sum, amount) => sum + amount, 0);
  const wanted =
    coupon.percent_off === null ? (coupon.amount_off ?? 0) : Math.round((total * coupon.percent_off) / 100);
  let left = Math.min(wanted, total);
  let remaining = total;
  return amounts.map((amount) => {
    const share = remaining === 0 ? 0 : Math.round((left * amount) / remaining);
    left -= share;
    remaining -= amount;
    return share;
  });
}

/** Applies a coupon (or takes it off, with null) to an open session: its lines, totals and `discounts`. */
export function applyDiscount(
  standIn: StandIn,
  sessionId: string,
  discount: { coupon: string; promotionCode: string | null } | null,
): StoredSession {
  const lines = linesOf(standIn, sessionId);
  const amounts = lines.map((line) => line.amountSubtotal);
  const coupon = discount === null ? null : requireCoupon(standIn, discount.coupon, "discounts[0][coupon]");
  const shares = coupon === null ? amounts.map(() => 0) : spreadDiscount(amounts, coupon);
  for (const [index, line] of lines.entries()) {
    standIn.store.lines.update(line.id, { amountDiscount: shares[index] ?? 0 });
  }
  const subtotal = amounts.reduce((sum, amount) => sum + amount, 0);
  const discounted = shares.reduce((sum, share) => sum + share, 0);
  return standIn.store.sessions.update(sessionId, {
    amount_subtotal: subtotal,
    amount_total: subtotal - discounted,
    total_details: { amount_discount: discounted, amount_shipping: 0, amount_tax: 0 },
    discounts: discount === null ? [] : [{ coupon: discount.coupon, promotion_code: discount.promotionCode }],
  });
}

/** The buyer takes more or fewer of a line: it and the totals follow, discounts included. */
export function changeQuantity(
  standIn: StandIn,
  session: StoredSession,
  lineId: string,
  quantity: number,
): StoredSession {
  const line = standIn.store.lines.get(lineId);
  if (line === undefined || line.quantity === quantity) return session;
  const each = line.amountSubtotal / line.quantity;
  standIn.store.lines.update(lineId, { quantity, amountSubtotal: Math.round(each * quantity) });
  const [applied] = session.discounts ?? [];
  const discount =
    typeof applied?.coupon !== "string"
      ? null
      : {
          coupon: applied.coupon,
          promotionCode: typeof applied.promotion_code === "string" ? applied.promotion_code : null,
        };
  return applyDiscount(standIn, session.id, discount);
}

/** Counts the redemption once the sale is made. */
export function countRedemptions(standIn: StandIn, session: StoredSession): void {
  for (const { coupon, promotion_code: promotionCode } of session.discounts ?? []) {
    const usedCoupon = typeof coupon === "string" ? standIn.store.coupons.get(coupon) : undefined;
    if (usedCoupon !== undefined) {
      standIn.store.coupons.update(usedCoupon.id, { times_redeemed: usedCoupon.times_redeemed + 1 });
    }
    const usedCode =
      typeof promotionCode === "string" ? standIn.store.promotionCodes.get(promotionCode) : undefined;
    if (usedCode !== undefined) {
      standIn.store.promotionCodes.update(usedCode.id, { times_redeemed: usedCode.times_redeemed + 1 });
    }
  }
}
