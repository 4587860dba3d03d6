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
};

export type EmailKind = keyof EmailProps;

export const emailKinds = [
  "license-issued",
  "license-resent",
  "payment-pending",
  "payment-failed",
  "sign-in-code",
  "license-changed",
] as const satisfies readonly EmailKind[];

export type EmailState = "queued" | "sent" | "failed" | "dropped";

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
