import { DomainError } from "#app/domain/domain-error.ts";
import { lockLicense } from "#app/domain/license/change-license.server.ts";
import {
  assign,
  changeDeviceLimit,
  changeMetadata,
  type ManagedChange,
  setEnd,
} from "#app/domain/license/manage-license.server.ts";
import { readManagedLicenses } from "#app/domain/license/managed-license.queries.server.ts";
import type { ManagedLicense } from "#app/domain/license/managed-license.ts";
import { inTransaction } from "#app/infra/db.server.ts";

/**
 * Several acts on one license as one: its row is locked before it is read, and all of them happen or none.
 * @throws DomainError NOT_FOUND
 */
export function withLockedLicense<T>(
  { licenseId, now }: Pick<ManagedChange, "licenseId" | "now">,
  work: (license: ManagedLicense) => Promise<T>,
): Promise<T> {
  return inTransaction(async (tx) => {
    await lockLicense(tx, licenseId);
    const [license] = await readManagedLicenses(tx, [licenseId], now);
    if (!license) throw new DomainError("NOT_FOUND", "There is no license with this id.");
    return work(license);
  });
}

export type LicenseUpdate = {
  customer?: { email: string; name?: string | undefined } | undefined;
  /** null = never ends */
  validUntil?: Date | null | undefined;
  deviceLimit?: number | null | undefined;
  metadata?: Record<string, string> | undefined;
};

/**
 * Changes what is named and leaves the rest, all of it or nothing; each change has its own row in the audit log.
 * @throws DomainError INVALID when nothing is named; what `assign`, `setEnd`, `changeDeviceLimit`, `changeMetadata` throw.
 */
export async function updateLicense(request: ManagedChange & LicenseUpdate): Promise<ManagedLicense> {
  const { customer, validUntil, deviceLimit, metadata } = request;
  return inTransaction(async () => {
    let license: ManagedLicense | null = null;
    if (customer) license = await assign({ ...request, ...customer });
    if (validUntil !== undefined) license = await setEnd({ ...request, end: validUntil });
    if (deviceLimit !== undefined) license = await changeDeviceLimit({ ...request, deviceLimit });
    if (metadata) license = await changeMetadata({ ...request, metadata });
    if (license) return license;
    throw new DomainError("INVALID", "Name at least one of customer, validUntil, deviceLimit and metadata.");
  });
}
