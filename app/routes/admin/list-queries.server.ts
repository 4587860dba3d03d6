import { z } from "zod";
import { alertStates } from "#app/domain/alert/alert.queries.server.ts";
import { alertKinds } from "#app/domain/alert/alert-words.ts";
import { auditEvents } from "#app/domain/audit-log/audit-event.ts";
import { orderStatuses } from "#app/domain/order/order.ts";
import { subscriptionStatuses } from "#app/domain/subscription/subscription-words.ts";
import { inboxStates } from "#app/domain/webhook-inbox/webhook-inbox.ts";

const typed = z.string().max(200).optional();
const page = { after: z.string().max(500).optional(), before: z.string().max(500).optional() };

export const CustomerListQuery = z.object({ q: typed, ...page });

export const OrderListQuery = z.object({ status: z.enum(orderStatuses).optional(), q: typed, ...page });

export const SubscriptionListQuery = z.object({
  status: z.enum(subscriptionStatuses).optional(),
  q: typed,
  ...page,
});

export const AlertListQuery = z.object({
  state: z.enum(alertStates).optional(),
  kind: z.enum(alertKinds).optional(),
  ...page,
});

export const InboxQuery = z.object({ state: z.enum(inboxStates).optional(), type: typed, q: typed, ...page });

export const AuditLogQuery = z.object({
  event: z.enum(auditEvents).optional(),
  actor: typed,
  target: typed,
  text: typed,
  seq: z
    .string()
    .regex(/^\d{1,19}$/)
    .optional(),
  /** Whether to follow the whole chain of seals before answering. */
  verify: z.literal("now").optional(),
  ...page,
});
