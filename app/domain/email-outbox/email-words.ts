import type { EmailKind, EmailState } from "#app/domain/email-outbox/email.ts";

export const emailKindLabels: Record<EmailKind, string> = {
  "license-issued": "License keys",
  "license-resent": "Key sent again",
  "payment-pending": "Payment pending",
  "payment-failed": "Payment failed",
  "sign-in-code": "Sign-in code",
  "license-changed": "License changed",
  "license-ending": "License ends soon",
  "license-expired": "License ended",
  "license-renewed": "License renewed",
  "license-suspended": "License suspended",
  "license-reinstated": "License works again",
  "trial-ending": "Trial ends soon",
  "renewal-failed": "Renewal payment failed",
  "payment-action-required": "Payment needs confirming",
  "payment-recovered": "Renewal paid after all",
  "cancel-scheduled": "Cancellation scheduled",
  "cancel-undone": "Cancellation undone",
  "seats-changed": "Seats changed",
  "plan-changed": "Plan changed",
  refunded: "Refund",
};

/** The kind in words; a kind this version does not know stands for itself. */
export function emailKindLabel(kind: string): string {
  return Object.entries(emailKindLabels).find(([known]) => known === kind)?.[1] ?? kind;
}

export const emailStateLabels: Record<EmailState, string> = {
  queued: "Queued",
  sent: "Sent",
  failed: "Failed",
  dropped: "Not sent",
};

/** What a state means for whoever looks at one mail. */
export function emailStateMeaning(state: EmailState, failedTries: number): string {
  if (state === "sent") return "The mail server has accepted this email.";
  if (state === "failed") return "Sending failed for good; it is not tried again by itself.";
  if (state === "dropped") return "When its turn came this email was no longer true, so it was not sent.";
  return failedTries === 0
    ? "This email is about to be sent."
    : "Sending failed; it is tried again by itself.";
}
