/** What each mail needs to be written. Ids and words only: keys are read, codes unsealed, when the mail is rendered. */
export type EmailProps = {
  /** The keys of one order, to its buyer. */
  "license-issued": { orderId: string };
  /** The keys of one license again, asked for by its owner or by staff. */
  "license-resent": { licenseId: string };
  /** A delayed payment is on its way. */
  "payment-pending": { orderId: string };
  /** A delayed payment did not arrive. */
  "payment-failed": { orderId: string };
  /** The code itself is in the sealed `secret` of the row. */
  "sign-in-code": { expiresAt: string };
  /** Staff changed a license. `change` picks the words. */
  "license-changed": {
    licenseId: string;
    change: "extended" | "suspended" | "reinstated" | "revoked";
    /** ISO instant of the new end, for `extended`. */
    validUntil?: string;
    /** What the customer may read, when staff wrote something. */
    note?: string;
  };
  /** The end comes near; the words depend on whether these licenses renew by themselves. */
  "license-ending": { licenseIds: string[]; end: string; daysLeft: 30 | 7 | 1 | 0 };
  /** The end is over. */
  "license-expired": { licenseIds: string[]; end: string };
  /** A dated license was renewed by a purchase. */
  "license-renewed": { licenseId: string; orderId: string };
  /** Stripe's side suspended these: a dispute, a pause, an unpaid renewal. Refunds have a mail of their own. */
  "license-suspended": { licenseIds: string[]; cause: string };
  "license-reinstated": { licenseIds: string[]; cause: string };
  "trial-ending": { subscriptionId: string; trialEnd: string };
  "renewal-failed": { subscriptionId: string; invoiceId: string; stage: "first" | "reminder" | "final" };
  /** The bank wants the customer to confirm the payment. */
  "payment-action-required": { subscriptionId: string; invoiceId: string };
  "payment-recovered": { subscriptionId: string; invoiceId: string };
  "cancel-scheduled": { subscriptionId: string; endsAt: string };
  "cancel-undone": { subscriptionId: string; endsAt: string };
  "seats-changed": { subscriptionId: string; before: number; after: number };
  "plan-changed": { subscriptionId: string };
  /** Minor units; `full` when the licenses are suspended by it. */
  refunded: { orderId: string; amount: number; currency: string; full: boolean };
};

export type EmailKind = keyof EmailProps;

export const emailKinds = [
  "license-issued",
  "license-resent",
  "payment-pending",
  "payment-failed",
  "sign-in-code",
  "license-changed",
  "license-ending",
  "license-expired",
  "license-renewed",
  "license-suspended",
  "license-reinstated",
  "trial-ending",
  "renewal-failed",
  "payment-action-required",
  "payment-recovered",
  "cancel-scheduled",
  "cancel-undone",
  "seats-changed",
  "plan-changed",
  "refunded",
] as const satisfies readonly EmailKind[];

export const emailStates = ["queued", "sent", "failed", "dropped"] as const;
export type EmailState = (typeof emailStates)[number];

/** State in words, from the facts on the row. */
export function emailState(row: {
  sentAt: Date | null;
  failedAt: Date | null;
  droppedAt: Date | null;
}): EmailState {
  if (row.sentAt) return "sent";
  if (row.failedAt) return "failed";
  if (row.droppedAt) return "dropped";
  return "queued";
}

/**
 * Why staff cannot send a mail (again), in a sentence; null when they can. A sign-in code opens an account, so only
 * its owner ever asks for one.
 */
export function retryObstacle(row: {
  kind: string;
  sentAt: Date | null;
  failedAt: Date | null;
  droppedAt: Date | null;
}): string | null {
  if (row.kind === "sign-in-code")
    return "A sign-in code is only valid for some minutes. Ask the person to request a new one on the sign-in page.";
  if (emailState(row) === "dropped") return "This email is no longer true, so it is not sent.";
  return null;
}
