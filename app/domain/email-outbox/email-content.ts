/** One license as a mail shows it. */
export type LicenseInEmail = {
  id: string;
  productName: string;
  policyName: string;
  /** In clear or masked, as the renderer was asked. */
  key: string;
  /** null = any number of devices */
  deviceLimit: number | null;
  /** null = never ends */
  validUntil: Date | null;
  term: string;
  /** What it is valid for so far costs nothing. */
  isTrial: boolean;
  /** null = every future version is included */
  updatesUntil: Date | null;
  /** Whether the key is accepted when the mail is written, and if not, why. */
  standing: Standing;
};

export type Standing = "good" | "ended" | "suspended" | "revoked";

/** A subscription and what it means for its licenses when the mail is written. */
export type SubscriptionInEmail = {
  /** `Lumen`, `Lumen and Atlas`: for subjects. */
  productNames: string[];
  /** `Lumen: Studio`, one for each plan. */
  planNames: string[];
  /** The license on whose portal page card, plan and end can be changed; null = there is none. */
  licenseId: string | null;
  /** How many keys it has given that are not revoked or released. */
  keys: number;
  standing: Standing;
  /** Until when a license of it works at most, if nothing more is paid; null = none works. */
  worksUntil: Date | null;
  /** End of what is paid; null = nothing is. */
  paidUntil: Date | null;
  /** What one period costs, before taxes and discounts; null where that is not one simple sum. */
  price: RecurringPrice | null;
};

/** Minor units for all seats together. */
export type RecurringPrice = { amount: number; currency: string; interval: string; intervalCount: number };

export type InvoiceInEmail = {
  number: string | null;
  /** Minor units still owed; for a paid invoice what was paid. */
  amount: number;
  currency: string;
  /** The page at Stripe where it can be paid. */
  url: string | null;
  nextAttempt: Date | null;
};

export type LicenseChange = "extended" | "suspended" | "reinstated" | "revoked";

/** What the end of a license means: it is over, only the updates are over, it goes on by itself, it was canceled. */
export type Ending = "dated" | "updates" | "renews" | "canceled";

/** Everything a template needs, read when the mail is rendered. */
export type EmailContent =
  | { kind: "license-issued"; orderNumber: number; licenses: LicenseInEmail[] }
  | { kind: "license-resent"; orderNumber: number | null; license: LicenseInEmail }
  | { kind: "payment-pending"; orderNumber: number; productNames: string[] }
  | { kind: "payment-failed"; orderNumber: number; productNames: string[] }
  /** `code` is null where it must not be shown. */
  | { kind: "sign-in-code"; code: string | null }
  | {
      kind: "license-changed";
      change: LicenseChange;
      orderNumber: number | null;
      note: string | null;
      license: LicenseInEmail;
    }
  | {
      kind: "license-ending";
      ending: Ending;
      end: Date;
      /** Whole days in UTC from the day the mail is written. */
      daysLeft: number;
      licenses: LicenseInEmail[];
      /** What the renewal will cost, for one that goes on by itself. */
      price: RecurringPrice | null;
    }
  | { kind: "license-expired"; end: Date; isSubscription: boolean; licenses: LicenseInEmail[] }
  | { kind: "license-renewed"; orderNumber: number; license: LicenseInEmail }
  | {
      kind: "license-suspended";
      hold: HoldKind;
      reason: string;
      licenses: LicenseInEmail[];
      /** Where what is owed can be paid. */
      invoiceUrl: string | null;
    }
  | { kind: "license-reinstated"; hold: HoldKind; licenses: LicenseInEmail[] }
  | { kind: "trial-ending"; trialEnd: Date; subscription: SubscriptionInEmail }
  | {
      kind: "renewal-failed";
      stage: "first" | "reminder" | "final";
      invoice: InvoiceInEmail;
      subscription: SubscriptionInEmail;
    }
  | { kind: "payment-action-required"; invoice: InvoiceInEmail; subscription: SubscriptionInEmail }
  | { kind: "payment-recovered"; invoice: InvoiceInEmail; subscription: SubscriptionInEmail }
  | { kind: "cancel-scheduled"; endsAt: Date; subscription: SubscriptionInEmail }
  | { kind: "cancel-undone"; renewsAt: Date | null; subscription: SubscriptionInEmail }
  | { kind: "seats-changed"; before: number; after: number; subscription: SubscriptionInEmail }
  | { kind: "plan-changed"; subscription: SubscriptionInEmail }
  | {
      kind: "refunded";
      orderNumber: number;
      productNames: string[];
      /** Minor units. */
      amount: number;
      currency: string;
      full: boolean;
      /** Of the order's licenses when the mail is written; null = it has none. */
      standing: Standing | null;
      licenses: number;
      licenseId: string | null;
    };

export type ContentOf<K extends EmailContent["kind"]> = Extract<EmailContent, { kind: K }>;

export const holdKinds = ["refund", "dispute", "fraud", "pause", "unpaid"] as const;
/** What suspended a license; `other` = a cause this version has no words for. */
export type HoldKind = (typeof holdKinds)[number] | "other";

/** `dispute:dp_1` to `dispute`. */
export function holdKindOf(cause: string): HoldKind {
  return holdKinds.find((kind) => cause === kind || cause.startsWith(`${kind}:`)) ?? "other";
}
