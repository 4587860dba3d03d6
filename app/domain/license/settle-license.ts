import type { AuditEvent } from "#app/domain/audit-log/audit-event.ts";
import { worksUntil } from "#app/domain/license/assess-license.ts";
import type { Hold } from "#app/domain/payment/payment-holds.ts";

/** What is known of a license that a purchase at Stripe moves. */
export type SettledLicense = {
  id: string;
  productId: string;
  policyId: string;
  itemKey: string | null;
  ordinal: number | null;
  paidUntil: Date | null;
  graceUntil: Date | null;
  extendedUntil: Date | null;
  graceDays: number;
  deviceLimit: number | null;
  seats: number;
  revokedAt: Date | null;
  firstActivatedAt: Date | null;
  /** Causes of its holds. */
  holds: readonly string[];
};

/** What Stripe's side of a license should look like now. */
export type DesiredState = {
  paidUntil: Date | null;
  graceUntil: Date | null;
  holds: readonly Hold[];
  revokedBecause: string | null;
  itemKey: string | null;
  ordinal: number | null;
  seats: number;
  deviceLimit: number | null;
  /** Terms of another policy the purchase changed to; absent = the terms stay as they were sold. */
  newTerms?: NewTerms;
};

export type NewTerms = {
  productId: string;
  policyId: string;
  graceDays: number;
  leaseSeconds: number | null;
  entitlements: { [name: string]: unknown };
};

export type LicenseChange = {
  licenseId: string;
  /** The most telling word for it: one change, one audit row (I7). */
  event: AuditEvent;
  reason: string | null;
  columns: Partial<{
    paidUntil: Date | null;
    graceUntil: Date | null;
    itemKey: string | null;
    ordinal: number | null;
    seats: number;
    deviceLimit: number | null;
    revokedAt: Date;
    revokedBy: "stripe";
    revokedReason: string;
  }> &
    Partial<NewTerms>;
  addHolds: Hold[];
  removeHolds: string[];
};

const causesFromStripe = /^(refund|dispute|fraud|pause|unpaid|released):/;

/** Holds that a sync sets and clears; all others (`staff`) are people's and stay. */
export function isHeldByStripe(cause: string): boolean {
  return causesFromStripe.test(cause);
}

/**
 * The one change that brings a license in step with its purchase; null when it is. Never touches what people decided:
 * holds of other causes, extensions, and a license revoked by whomever, which only keeps the place it fills (I4, I5).
 * An unpaid subscription does not hold a license that staff extended: their promise outlasts the payment.
 */
export function settleLicense(
  license: SettledLicense,
  desired: DesiredState,
  now: Date,
): LicenseChange | null {
  const revoked = license.revokedAt !== null;
  const isExtended = license.extendedUntil !== null && license.extendedUntil > now;
  const wanted = desired.holds.filter(({ cause }) =>
    revoked ? cause.startsWith("released:") : !(isExtended && cause.startsWith("unpaid:")),
  );
  const addHolds = wanted.filter(({ cause }) => !license.holds.includes(cause));
  const removeHolds = license.holds.filter(
    (cause) =>
      isHeldByStripe(cause) &&
      (!revoked || cause.startsWith("released:")) &&
      !wanted.some((hold) => hold.cause === cause),
  );
  const columns: LicenseChange["columns"] = {};
  if (license.itemKey !== desired.itemKey) columns.itemKey = desired.itemKey;
  if (license.ordinal !== desired.ordinal) columns.ordinal = desired.ordinal;
  if (!revoked) {
    if (!sameInstant(license.paidUntil, desired.paidUntil)) columns.paidUntil = desired.paidUntil;
    if (!sameInstant(license.graceUntil, desired.graceUntil)) columns.graceUntil = desired.graceUntil;
    if (license.seats !== desired.seats) columns.seats = desired.seats;
    if (license.deviceLimit !== desired.deviceLimit) columns.deviceLimit = desired.deviceLimit;
    if (desired.newTerms) Object.assign(columns, desired.newTerms);
    if (desired.revokedBecause && !isExtended)
      Object.assign(columns, { revokedAt: now, revokedBy: "stripe", revokedReason: desired.revokedBecause });
  }
  if (Object.keys(columns).length === 0 && addHolds.length === 0 && removeHolds.length === 0) return null;
  return {
    licenseId: license.id,
    ...eventOf(license, columns, addHolds, removeHolds, now),
    columns,
    addHolds,
    removeHolds,
  };
}

/** Causes of the holds that a license has once the change is written. */
export function holdsAfter(
  license: Pick<SettledLicense, "holds">,
  change: Pick<LicenseChange, "addHolds" | "removeHolds"> | undefined,
): string[] {
  const kept = license.holds.filter((cause) => !change?.removeHolds.includes(cause));
  return [...kept, ...(change?.addHolds.map(({ cause }) => cause) ?? [])];
}

function eventOf(
  license: SettledLicense,
  columns: LicenseChange["columns"],
  added: readonly Hold[],
  removed: readonly string[],
  now: Date,
): { event: AuditEvent; reason: string | null } {
  if (columns.revokedReason) return { event: "license.revoked", reason: columns.revokedReason };
  const hold = added.find(({ cause }) => !cause.startsWith("released:"));
  if (hold) return { event: "license.suspended", reason: hold.reason };
  const released = added[0];
  if (released && !columns.policyId) return { event: "license.released", reason: released.reason };
  // A hold goes with its subscription, too: nothing works again by that.
  if (removed.some((cause) => !cause.startsWith("released:")))
    return {
      event: isOver({ ...license, ...columns }, now) ? "license.ended" : "license.reinstated",
      reason: null,
    };
  if (columns.policyId) return { event: "license.plan-changed", reason: null };
  if (removed.length > 0) return { event: "license.restored", reason: null };
  if (columns.paidUntil !== undefined) {
    const [before, after] = [license.paidUntil, columns.paidUntil];
    const isLater = after === null || (before !== null && after > before);
    return { event: isLater ? "license.renewed" : "license.shortened", reason: null };
  }
  if (columns.seats !== undefined || columns.deviceLimit !== undefined)
    return { event: "license.seats-changed", reason: null };
  if (columns.graceUntil !== undefined) return { event: "license.grace-changed", reason: null };
  return { event: "license.moved", reason: null };
}

function isOver(
  license: Pick<SettledLicense, "paidUntil" | "graceUntil" | "extendedUntil">,
  now: Date,
): boolean {
  const last = worksUntil(license);
  return last !== null && last <= now;
}

function sameInstant(a: Date | null, b: Date | null): boolean {
  return a?.getTime() === b?.getTime();
}
