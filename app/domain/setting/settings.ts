/** What a vendor may choose: Stripe's side of a license, and the license server. Stored only where it differs. */
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
  /** Calls without a secret, from one address (an IPv6 /64 counts as one); 0 = no limit. */
  publicCallsPerAddressPerMinute: number;
  /** Calls without a secret about one license; 0 = no limit. */
  publicCallsPerKeyPerMinute: number;
  /** Unknown keys from one address before a growing lock; known keys are never locked. 0 = no limit. */
  failedLookupsPerAddressPerMinute: number;
  /** Lasting rate of one API key, which may burst to twice as many at once; 0 = no limit. */
  managementCallsPerSecond: number;
  lemonSqueezyDialect: Switch;
  simpleLicenseServerDialect: Switch;
  authForgeDialect: Switch;
  cryptlexDialect: Switch;
  keygenDialect: Switch;
  /** Whether customer_name and customer_email of Lemon Squeezy's answers tell a key holder who bought the license. */
  customerInLemonSqueezyAnswers: "hidden" | "shown";
  /** Whether texts that are no keys of Latchkey are looked up; the first import chooses "accepted". */
  importedKeys: "none" | "accepted";
};

type Switch = "on" | "off";

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
  publicCallsPerAddressPerMinute: 60,
  publicCallsPerKeyPerMinute: 30,
  failedLookupsPerAddressPerMinute: 10,
  managementCallsPerSecond: 100,
  lemonSqueezyDialect: "on",
  simpleLicenseServerDialect: "on",
  authForgeDialect: "on",
  cryptlexDialect: "on",
  keygenDialect: "on",
  customerInLemonSqueezyAnswers: "hidden",
  importedKeys: "none",
};
