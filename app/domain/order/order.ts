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
  | "issued-by-staff";

export const orderStatuses = [
  "open",
  "awaiting-payment",
  "paid",
  "payment-failed",
  "expired",
  "issued-by-staff",
] as const satisfies readonly OrderStatus[];

/** Money that arrived outranks everything that was said before it. */
export function orderStatus(order: OrderFacts): OrderStatus {
  if (order.origin === "staff") return "issued-by-staff";
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
};
