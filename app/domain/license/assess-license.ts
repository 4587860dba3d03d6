/** The facts a license's state is derived from. Dates are instants in UTC. */
export type LicenseFacts = {
  term: string;
  issuedAt: Date;
  /** End of what was paid for; null = no end. */
  paidUntil: Date | null;
  /** End that staff granted on top; the later of the two counts. */
  extendedUntil: Date | null;
  /** Until when it goes on working after `paidUntil` while a renewal is awaited; null = not at all. */
  graceUntil: Date | null;
  revokedAt: Date | null;
  /** Causes of the holds on it, such as `staff` or `refund:ch_1`. */
  holds: readonly string[];
  firstActivatedAt: Date | null;
};

/** The closed list of answers to "is it good?". */
export const licenseCodes = ["VALID", "GRACE", "EXPIRED", "SUSPENDED", "REVOKED"] as const;
export type LicenseCode = (typeof licenseCodes)[number];

/** The words people see; `expiring` and `unused` are shades of good. */
export type LicenseStatus = "unused" | "active" | "expiring" | "grace" | "expired" | "suspended" | "revoked";

export const licenseStatuses = [
  "unused",
  "active",
  "expiring",
  "grace",
  "expired",
  "suspended",
  "revoked",
] as const satisfies readonly LicenseStatus[];

export type Assessment = {
  valid: boolean;
  code: LicenseCode;
  status: LicenseStatus;
  validUntil: Date | null;
};

const dayMs = 86_400_000;
/** From this many days before its end a license is called expiring. */
export const expiringDays = 30;

/** The end that counts; null = no end. An extension never shortens what was paid for. */
export function validUntil(facts: Pick<LicenseFacts, "paidUntil" | "extendedUntil">): Date | null {
  if (!facts.paidUntil) return facts.extendedUntil;
  if (!facts.extendedUntil) return facts.paidUntil;
  return facts.extendedUntil > facts.paidUntil ? facts.extendedUntil : facts.paidUntil;
}

/**
 * The last instant at which it works; null = no end. Grace belongs to a renewal that is awaited: it is counted from
 * what was paid for, and what staff granted on top has none.
 */
export function worksUntil(
  facts: Pick<LicenseFacts, "paidUntil" | "extendedUntil" | "graceUntil">,
): Date | null {
  const end = validUntil(facts);
  return end && facts.graceUntil && facts.graceUntil > end ? facts.graceUntil : end;
}

/**
 * The one answer to "is this license good at `now`?"; portal, admin, mails and the API all ask here.
 * Precedence: revoked, suspended, expired, grace, valid.
 */
export function assessLicense(facts: LicenseFacts, now: Date): Assessment {
  const end = validUntil(facts);
  if (facts.revokedAt) return { valid: false, code: "REVOKED", status: "revoked", validUntil: end };
  if (facts.holds.length > 0)
    return { valid: false, code: "SUSPENDED", status: "suspended", validUntil: end };
  const last = worksUntil(facts);
  if (last && last <= now) return { valid: false, code: "EXPIRED", status: "expired", validUntil: end };
  if (end && end <= now) return { valid: true, code: "GRACE", status: "grace", validUntil: end };
  // What renews by itself has a grace after its end; calling it expiring would alarm people every month.
  const renews = last !== null && end !== null && last > end;
  if (end && !renews && end.getTime() - now.getTime() <= expiringDays * dayMs)
    return { valid: true, code: "VALID", status: "expiring", validUntil: end };
  return {
    valid: true,
    code: "VALID",
    status: facts.firstActivatedAt ? "active" : "unused",
    validUntil: end,
  };
}
