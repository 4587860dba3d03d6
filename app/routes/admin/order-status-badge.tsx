import { type OrderStatus, orderStatusLabels } from "#app/domain/order/order.ts";
import { Badge, type BadgeTone } from "#app/ui/badge.tsx";

const tones: Record<OrderStatus, BadgeTone> = {
  open: "neutral",
  "awaiting-payment": "warn",
  paid: "good",
  "payment-failed": "bad",
  expired: "neutral",
  "issued-by-staff": "info",
  "issued-by-program": "info",
};

export function OrderStatusBadge({ status }: { status: OrderStatus }) {
  return <Badge tone={tones[status]}>{orderStatusLabels[status]}</Badge>;
}
