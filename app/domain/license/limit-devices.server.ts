import { DomainError } from "#app/domain/domain-error.ts";
import { changeLicense, type LicenseChange } from "#app/domain/license/change-license.server.ts";
import { dayWords } from "#app/domain/license/license-words.ts";
import { requireDeviceLimit } from "#app/domain/license/managed-input.ts";
import { seatsInUse } from "#app/domain/license/seats-in-use.ts";

/**
 * Changes on how many devices a license runs; null = any number. Devices that are active stay so, also above a lower limit.
 * @throws DomainError as `changeLicense`, and INVALID for a revoked license, a limit it has already, or one that is none.
 */
export async function limitDevices(
  request: Omit<LicenseChange, "notifyCustomer" | "note"> & { deviceLimit: number | null },
): Promise<{ message: string }> {
  const { now } = request;
  const deviceLimit = requireDeviceLimit(request.deviceLimit);
  return changeLicense({ ...request, notifyCustomer: false }, async (license, tx) => {
    if (license.revokedAt)
      throw new DomainError(
        "INVALID",
        `This license was revoked on ${dayWords(license.revokedAt)}, which is final.`,
      );
    if (license.deviceLimit === deviceLimit)
      throw new DomainError("INVALID", `The limit is ${limitWords(deviceLimit)} already.`, {
        field: "deviceLimit",
      });
    const used = await tx.activation.count({ where: { licenseId: license.id, ...seatsInUse(now) } });
    const over = deviceLimit !== null && used > deviceLimit;
    return {
      change: "limit-changed",
      columns: { deviceLimit },
      message: `Device limit changed to ${limitWords(deviceLimit)}.${over ? ` ${used} are in use and stay so; no other can be activated until enough are released.` : ""}`,
      withoutMail: true,
    };
  });
}

function limitWords(limit: number | null): string {
  return limit === null ? "any number of devices" : limit === 1 ? "1 device" : `${limit} devices`;
}
