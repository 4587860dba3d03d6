import { formerProductId } from "#app/api/former-product-id.ts";
import { iso } from "#app/api/iso.ts";
import { uuidOf } from "#app/domain/ids.ts";
import { worksUntil } from "#app/domain/license/assess-license.ts";
import type { ManagedLicense } from "#app/domain/license/managed-license.ts";

/** The name under which a license keeps the interval it renews by; never shown as metadata. */
export const intervalName = "cryptlex:subscriptionInterval";

/** By what it renews: as it was created, else the days its policy gives; null = it does not. */
export function intervalOf({ metadata, policy }: ManagedLicense): string | null {
  return metadata[intervalName] ?? (policy.termDays === null ? null : `P${policy.termDays}D`);
}

/** A license in their words. What Latchkey does not know is left out rather than made up. */
export function licenseAnswer(license: ManagedLicense) {
  const { facts, customer, deviceLimit, leaseSeconds, policy } = license;
  return {
    id: uuidOf(license.id),
    key: license.key,
    revoked: facts.revokedAt !== null,
    suspended: facts.holds.length > 0,
    type: leaseSeconds === null ? "node-locked" : "hosted-floating",
    // 0 is how they say "any number".
    allowedActivations: deviceLimit ?? 0,
    totalActivations: license.activeDevices,
    subscriptionInterval: intervalOf(license) ?? "",
    subscriptionStartTrigger: "creation",
    // Grace included: their programs compare it with their own clock.
    expiresAt: iso(worksUntil(facts)),
    leaseDuration: leaseSeconds ?? 0,
    serverSyncGracePeriod: (policy.offlineHours ?? 0) * 3600,
    fingerprintMatchingStrategy: "exact",
    productId: formerProductId(license) ?? uuidOf(license.product.id),
    userId: customer && uuidOf(customer.id),
    user: customer && nameFields(customer),
    metadata: metadataAnswer(license.metadata),
    tags: [],
    createdAt: iso(license.createdAt),
    updatedAt: iso(license.updatedAt),
  };
}

/** What programs keep with a license is never shown to a key holder, so nobody has a view permission. */
function metadataAnswer(metadata: Record<string, string>) {
  return Object.entries(metadata)
    .filter(([key]) => key !== intervalName)
    .map(([key, value]) => ({ key, value, viewPermissions: [] }));
}

/** Latchkey keeps one name for a person; all of it is the first name. */
function nameFields({ id, email, name }: { id: string; email: string; name: string | null }) {
  return { id: uuidOf(id), email, firstName: name ?? "", lastName: "" };
}

/** A customer in their words. */
export function userAnswer(customer: {
  id: string;
  email: string;
  name: string | null;
  createdAt: Date;
  updatedAt: Date;
}) {
  return {
    ...nameFields(customer),
    role: "user",
    metadata: [],
    tags: [],
    createdAt: iso(customer.createdAt),
    updatedAt: iso(customer.updatedAt),
  };
}
