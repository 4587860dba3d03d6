import type { Permission } from "#app/domain/account/roles.ts";

/** What staff can do with one license, in the words of form, permission, function and record. */
export const licenseActions = [
  "extend",
  "change-limit",
  "suspend",
  "reinstate",
  "assign",
  "resend",
  "revoke",
] as const;
export type LicenseAction = (typeof licenseActions)[number];

export const permissionFor = (action: LicenseAction): Permission => `license.${action}`;

/** Which acts the state of a license allows; the functions that act check again. */
export function possibleActions(license: {
  revokedAt: unknown;
  validUntil: unknown;
  heldByStaff: boolean;
  hasOwner: boolean;
}): LicenseAction[] {
  if (license.revokedAt) return [];
  return licenseActions.filter((action) => {
    if (action === "extend") return license.validUntil !== null;
    if (action === "suspend") return !license.heldByStaff;
    if (action === "reinstate") return license.heldByStaff;
    if (action === "assign") return !license.hasOwner;
    return true;
  });
}

export function isLicenseAction(value: string): value is LicenseAction {
  return licenseActions.some((action) => action === value);
}
