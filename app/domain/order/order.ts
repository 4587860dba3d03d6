const largestStorable = 2_147_483_647;

/**
 * A sum as our 32-bit columns can hold it; null when it is larger (about 21 million of a currency with cents, which
 * is a usual price in some): the sum stays at Stripe, and the sale must not fail because of it.
 */
export function storableAmount(amount: number | null): number | null {
  return amount !== null && Math.abs(amount) > largestStorable ? null : amount;
}

/** The facts an order's status is derived from. */
export type OrderFacts = {
  origin: string;
  awaitingPaymentAt: Date | null;
  paidAt: Date | null;
  paymentFailedAt: Date | null;
  expiredAt: Date | null;
};

export type OrderStatus =
  | "open"
  | "awaiting-payment"
  | "paid"
  | "payment-failed"
  | "expired"
  | "issued-by-staff"
  | "issued-by-program";

export const orderStatuses = [
  "open",
  "awaiting-payment",
  "paid",
  "payment-failed",
  "expired",
  "issued-by-staff",
  "issued-by-program",
] as const satisfies readonly OrderStatus[];

/** Whether money was asked for; what staff or a program gives away is no sale. */
export function isSale({ origin }: Pick<OrderFacts, "origin">): boolean {
  return origin !== "staff" && origin !== "api";
}

/** Money that arrived outranks everything that was said before it. */
export function orderStatus(order: OrderFacts): OrderStatus {
  if (order.origin === "staff") return "issued-by-staff";
  if (order.origin === "api") return "issued-by-program";
  if (order.paidAt) return "paid";
  if (order.paymentFailedAt) return "payment-failed";
  if (order.awaitingPaymentAt) return "awaiting-payment";
  if (order.expiredAt) return "expired";
  return "open";
}

export const orderStatusLabels: Record<OrderStatus, string> = {
  open: "Open",
  "awaiting-payment": "Awaiting payment",
  paid: "Paid",
  "payment-failed": "Payment failed",
  expired: "Expired",
  "issued-by-staff": "Issued by staff",
  "issued-by-program": "Issued by a program",
};

/** For an order without a customer: a buyer gives an address at the end, a program may name nobody at all. */
export function noCustomerWords(order: Pick<OrderFacts, "origin">): string {
  return isSale(order) ? "Not known yet" : "Nobody";
}
