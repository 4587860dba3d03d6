/** Who did it. `label` is what a person reads: an address, "Stripe", "timer". */
export type Actor =
  | { type: "staff"; id: string; label: string }
  | { type: "customer"; id: string; label: string }
  /** A program; the label is the name of its key. */
  | { type: "api-key"; id: string; label: string }
  | { type: "system"; label: string }
  | { type: "stripe"; label: string };

export const systemActor = (label: string): Actor => ({ type: "system", label });
export const stripeActor: Actor = { type: "stripe", label: "Stripe" };

/** Past tense, noun first: what happened, in the same words as the button and the function. */
export const auditEvents = [
  "order.created",
  "order.awaiting-payment",
  "order.paid",
  "order.payment-failed",
  "order.expired",
  "order.fulfilled",
  "order.partly-refunded",
  "license.issued",
  "license.extended",
  "license.suspended",
  "license.reinstated",
  "license.revoked",
  "license.renewed",
  "license.shortened",
  "license.plan-changed",
  "license.seats-changed",
  "license.released",
  "license.restored",
  "license.grace-changed",
  "license.moved",
  "license.ended",
  "license.assigned",
  "license.resent",
  "license.key-revealed",
  "license.key-rotated",
  "license.limit-changed",
  "license.metadata-changed",
  "activation.created",
  "activation.released",
  "customer.created",
  "customer.contact-changed",
  "customer.deleted-at-stripe",
  "subscription.started",
  "subscription.changed",
  "subscription.ended",
  "setting.changed",
  "api-key.created",
  "api-key.rotated",
  "api-key.revoked",
  "signing-key.rotated",
  "signing-key.retired",
  "webhook.fetched",
  "customer.signed-in",
  "staff.added",
  "staff.signed-in",
  "webhook.replayed",
  "email.retried",
  "alert.resolved",
  "catalog.applied",
  "policy.created",
  "policy.changed",
  "policy.archived",
] as const;
export type AuditEvent = (typeof auditEvents)[number];
