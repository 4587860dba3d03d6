import type { LicenseInEmail, Standing } from "#app/domain/email-outbox/email-content.ts";
import { assessLicense, type LicenseCode, validUntil } from "#app/domain/license/assess-license.ts";
import { licenseFacts } from "#app/domain/license/license-facts.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { maskKey } from "#app/domain/license/license-key.ts";
import { db } from "#app/infra/db.server.ts";
import type { Prisma } from "#app/infra/prisma-client/client.ts";

export const licenseParts = { product: true, policy: true, holds: true } satisfies Prisma.LicenseInclude;
export type LicenseRow = Prisma.LicenseGetPayload<{ include: typeof licenseParts }>;

/** As they were sold, so that a list of them always reads the same. */
export const asSold = [
  { sourceId: "asc" },
  { itemKey: "asc" },
  { ordinal: "asc" },
  { id: "asc" },
] satisfies Prisma.LicenseOrderByWithRelationInput[];

/** Those that still exist, in the order they were sold. */
export function findLicenses(licenseIds: readonly string[]): Promise<LicenseRow[]> {
  return db().license.findMany({
    where: { id: { in: [...licenseIds] } },
    include: licenseParts,
    orderBy: asSold,
  });
}

const standings: Record<LicenseCode, Standing> = {
  VALID: "good",
  GRACE: "good",
  EXPIRED: "ended",
  SUSPENDED: "suspended",
  REVOKED: "revoked",
};

/** Whether its key is accepted at `now`, and if not, why. */
export function standingOf(license: LicenseRow, now: Date): Standing {
  return standings[assessLicense(licenseFacts(license), now).code];
}

/** Of several licenses: good when one works, else why the first does not; null when there is none. */
export function commonStanding(licenses: readonly LicenseRow[], now: Date): Standing | null {
  const all = licenses.map((license) => standingOf(license, now));
  return all.find((standing) => standing === "good") ?? all[0] ?? null;
}

/** A seat that went keeps its key, but nobody is told to use it. */
export function isReleased(license: LicenseRow): boolean {
  return license.holds.some(({ cause }) => cause.startsWith("released:"));
}

/** @throws Error when the key is to be shown and cannot be opened. */
export function licenseInEmail(
  license: LicenseRow,
  options: { reveal: boolean; now: Date; isTrial?: boolean },
): LicenseInEmail {
  return {
    id: license.id,
    productName: license.product.name,
    policyName: license.policy.name,
    key: options.reveal ? readKey(license) : maskKey(license.keyPrefix, license.keyLastGroup),
    deviceLimit: license.deviceLimit,
    validUntil: validUntil(license),
    term: license.term,
    isTrial: options.isTrial ?? false,
    updatesUntil: license.updatesUntil,
    standing: standingOf(license, options.now),
  };
}

/** For mails about a license whose owner knows the key. */
export function withoutKeys(licenses: readonly LicenseRow[], now: Date): LicenseInEmail[] {
  return licenses.map((license) => licenseInEmail(license, { reveal: false, now }));
}
