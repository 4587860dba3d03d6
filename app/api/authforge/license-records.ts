import { formerProductId } from "#app/api/former-product-id.ts";
import { iso } from "#app/api/iso.ts";
import { isActive } from "#app/domain/activation/device.ts";
import { assessLicense } from "#app/domain/license/assess-license.ts";
import type { ManagedDevice, ManagedLicense } from "#app/domain/license/managed-license.ts";

/** What an app is called where the request did not say. */
function appIdOf(license: ManagedLicense): string {
  return formerProductId(license) ?? license.product.slug;
}

/** As a list shows it. Expiry is no status of its own; a suspended license counts as revoked while it is. */
export function licenseRecord(license: ManagedLicense, now: Date, appId = appIdOf(license)) {
  const { status, validUntil } = assessLicense(license.facts, now);
  const isWithdrawn = status === "revoked" || status === "suspended";
  return {
    licenseKey: license.key,
    appId,
    status: isWithdrawn ? "revoked" : "active",
    expiresAt: iso(validUntil),
    maxHwidSlots: license.deviceLimit,
    ...(license.deviceLimit === null && { unlimitedHwidSlots: true }),
    createdAt: iso(license.createdAt),
  };
}

/** With its label and the devices that have a seat now. */
export function fullRecord(license: ManagedLicense & { devices: readonly ManagedDevice[] }, now: Date) {
  const devices = license.devices.filter((device) => isActive(device, now));
  return {
    ...licenseRecord(license, now),
    label: license.metadata.label ?? null,
    hwidList: devices.map(({ fingerprint }) => fingerprint),
  };
}
