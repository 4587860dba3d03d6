import { activateDevice } from "#app/domain/activation/activate-device.server.ts";
import { findLicense } from "#app/domain/activation/find-license.server.ts";
import { isProduct } from "#app/domain/activation/product-reference.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { type CheckOut, checkOutFile } from "#app/domain/license-file/license-file.server.ts";
import { parseOfflineRequest, refused } from "#app/domain/license-file/offline-request.server.ts";

export type OfflineAnswer = CheckOut & { productName: string; deviceName: string | null };

/**
 * Gives the device of an app without a connection a seat and its license file. The same request again keeps the seat and
 * makes a fresh file.
 * @throws DomainError INVALID, on the field `request`: what is wrong and what to do.
 */
export async function answerOfflineRequest({
  request: typed,
  now,
  requestId,
}: {
  request: string;
  now: Date;
  requestId: string;
}): Promise<OfflineAnswer> {
  const { key, product, ...device } = parseOfflineRequest(typed);
  const found = await findLicense({ key }, now);
  if (!found || !isProduct(found, product))
    throw refused(
      "There is no license with the key in this request. Check the key in the app for typing mistakes.",
    );
  // Before the seat: a license without files should not lose one for nothing.
  if (found.policy.offlineHours === null)
    throw refused(
      "This license is not sold for use without a connection. Connect the device, or ask the seller.",
    );
  const actor = systemActor("offline page");
  const activation = await activateDevice({ licenseId: found.id, ...device, actor, now, requestId });
  const { license, verdict } = activation;
  if (activation.outcome === "refused" || !license.device) throw refused(verdict.message);
  const file = await checkOutFile({
    license,
    device: { ...license.device, fingerprint: device.fingerprint },
    licenseKey: null,
    now,
  });
  if (!file) throw new Error("a policy with offline hours gives files");
  return { ...file, productName: license.product.name, deviceName: license.device.name };
}
