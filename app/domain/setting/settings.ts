/** What a vendor may choose about Stripe's side of a license (stripe.md 2.9). Stored only where it differs. */
export type Settings = {
  /** How long a license goes on after its paid period while the renewal is on its way and nothing has failed yet. */
  renewalSlackHours: number;
  /** A canceled subscription: its licenses expire, or are revoked for good. */
  onCancel: "expire" | "revoke";
  /** A subscription canceled at once ends then, or at the end of what was paid. */
  cancelNow: "endedAt" | "paidThrough";
  onFullRefund: "suspend" | "revoke";
  onDisputeOpen: "suspend" | "alert";
  onInquiry: "alert" | "suspend";
  /** Days after a lost dispute was opened until its licenses are revoked; null = they stay suspended. */
  disputeLostRevokeAfterDays: number | null;
  onEarlyFraud: "alert" | "suspend";
  /** While collection is paused nothing is paid: licenses lapse, or go on as a courtesy. */
  onPauseCollection: "lapse" | "extend";
  /** Seats added to a subscription in good standing work at once, or when they are paid. */
  seatsFollow: "immediately" | "whenPaid";
  /** Subscriptions billed by invoice: licenses follow the payment, or the issued invoice until it is overdue. */
  sendInvoice: "onPaid" | "onIssue";
  /** Who writes to the customer about failed payments; Stripe can do it too, and twice is once too often. */
  dunningEmails: "latchkey" | "stripe";
};

export const defaultSettings: Settings = {
  renewalSlackHours: 48,
  onCancel: "expire",
  cancelNow: "endedAt",
  onFullRefund: "suspend",
  onDisputeOpen: "suspend",
  onInquiry: "alert",
  disputeLostRevokeAfterDays: null,
  onEarlyFraud: "alert",
  onPauseCollection: "lapse",
  seatsFollow: "immediately",
  sendInvoice: "onPaid",
  dunningEmails: "latchkey",
};
