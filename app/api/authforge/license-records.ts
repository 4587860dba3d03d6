import { isActive } from "#app/domain/activation/device.ts";
import { assessLicense } from "#app/domain/license/assess-license.ts";
import type { ManagedDevice, ManagedLicense } from "#app/domain/license/managed-license.ts";

const isUuid = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);

/**
 * What an app is called where the request did not say: the slug that was chosen because it is the app id programs know,
 * else the product's.
 */
export function appIdOf({ product, policy }: Pick<ManagedLicense, "product" | "policy">): string {
  return [policy.slug, product.slug].find(isUuid) ?? product.slug;
}

/** As a list shows it. Expiry is no status of its own; a suspended license counts as revoked while it is. */
export function licenseRecord(license: ManagedLicense, now: Date, appId = appIdOf(license)) {
  const { status, validUntil } = assessLicense(license.facts, now);
  const isWithdrawn = status === "revoked" || status === "suspended";
  return {
    licenseKey: license.key,
    appId,
    status: isWithdrawn ? "revoked" : "active",
    expiresAt: validUntil?.toISOString() ?? null,
    maxHwidSlots: license.deviceLimit,
    ...(license.deviceLimit === null && { unlimitedHwidSlots: true }),
    createdAt: license.createdAt.toISOString(),
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
