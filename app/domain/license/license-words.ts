import {
  assessLicense,
  type LicenseFacts,
  type LicenseStatus,
  worksUntil,
} from "#app/domain/license/assess-license.ts";

export type StatusWords = {
  /** One word for a badge. */
  label: string;
  /** One sentence that says what it means for the person who holds the license. */
  meaning: string;
  /** What that person can do next; empty when nothing needs doing. */
  next: string;
};

const words: Record<LicenseStatus, StatusWords> = {
  unused: {
    label: "Unused",
    meaning: "This license is good and has not been used on a device yet.",
    next: "Enter the key in the app to activate it.",
  },
  active: { label: "Active", meaning: "This license is good and in use.", next: "" },
  expiring: {
    label: "Expiring",
    meaning: "This license is good and ends within 30 days.",
    next: "Renew it before it ends.",
  },
  grace: {
    label: "Grace period",
    meaning: "The renewal has not been paid; the license still works for a few days.",
    next: "Check your payment method, so that it goes on.",
  },
  expired: {
    label: "Expired",
    meaning: "This license has ended and no longer works.",
    next: "Buy a new license or ask us to extend this one.",
  },
  suspended: {
    label: "Suspended",
    meaning: "This license is on hold and does not work for now.",
    next: "Contact us to find out why and to lift the hold.",
  },
  revoked: {
    label: "Revoked",
    meaning: "This license was withdrawn for good and no longer works.",
    next: "Contact us if you think this is a mistake.",
  },
};

/** The only words for a status: badge, portal, admin and mails all say the same. */
export function licenseWords(status: LicenseStatus): StatusWords {
  return words[status];
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `3 Dec 2027`, in UTC, the same on server and client. */
export function dayWords(at: Date): string {
  return `${at.getUTCDate()} ${months[at.getUTCMonth()] ?? ""} ${at.getUTCFullYear()}`;
}

/** "Never ends", "Ends 3 Dec 2027", "Ended 3 Dec 2025", …: the end that counts, in the words of its status. */
export function endsWords(facts: LicenseFacts, now: Date): string {
  const { status, validUntil } = assessLicense(facts, now);
  if (facts.revokedAt) return `Revoked ${dayWords(facts.revokedAt)}`;
  if (!validUntil) return "Never ends";
  const last = worksUntil(facts) ?? validUntil;
  if (status === "grace") return `Was due ${dayWords(validUntil)}, works until ${dayWords(last)}`;
  if (validUntil <= now) return `Ended ${dayWords(validUntil)}`;
  if (facts.term === "subscription") return `Paid until ${dayWords(validUntil)}`;
  return `Ends ${dayWords(validUntil)}`;
}

/** Why a license is on hold, for a sentence: "a refund (ch_1)". */
export function holdWords(cause: string): string {
  const [kind = "", id] = cause.split(":");
  const name: Record<string, string> = {
    staff: "a suspension by staff",
    refund: "a refund",
    dispute: "a dispute",
    pause: "a paused subscription",
    unpaid: "an unpaid subscription",
    fraud: "a fraud warning of the bank",
    released: "fewer seats in the subscription",
  };
  const known = name[kind] ?? kind;
  return id ? `${known} (${id})` : known;
}

/** "a refund (ch_1) and a dispute (dp_1)". */
export function listWords(parts: readonly string[]): string {
  if (parts.length < 2) return parts[0] ?? "";
  return `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1] ?? ""}`;
}
