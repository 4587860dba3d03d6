import { type DeviceQuestion, readFoundLicense } from "#app/domain/activation/find-license.server.ts";
import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import { canBeId } from "#app/domain/search-text.ts";
import { currentDb } from "#app/infra/db.server.ts";

/** The license with this id, for a caller that has proven it knew the key. As the transaction
 * around the caller sees it, if any. Writes nothing; null when there is none. */
export async function findLicenseById(
  question: { licenseId: string; device?: DeviceQuestion },
  now: Date,
): Promise<FoundLicense | null> {
  const { licenseId, device = null } = question;
  return canBeId(licenseId)
    ? readFoundLicense((_name, statement) => currentDb().$queryRaw(statement), licenseId, device, now)
    : null;
}
