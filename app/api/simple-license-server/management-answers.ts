import { iso } from "#app/api/iso.ts";
import { slsStatus, unlimitedActivations } from "#app/api/simple-license-server/license-answers.ts";
import { fromTexts } from "#app/api/simple-license-server/metadata.ts";
import { uuidOf } from "#app/domain/ids.ts";
import { assessLicense } from "#app/domain/license/assess-license.ts";
import type { ManagedLicense } from "#app/domain/license/managed-license.ts";
import { publicKeyPem, type SigningKeyState } from "#app/domain/signing-key/signing-key.ts";

/** What these clients call a day's token when nothing else is said. */
export const standardTokenHours = 24;

/** A license as generate answers it, under the slug that was asked for. */
export function generatedAnswer(license: ManagedLicense, slug: string, now: Date) {
  const { status, validUntil } = assessLicense(license.facts, now);
  return {
    license_key: license.key,
    slug,
    status: slsStatus(status, license.activeDevices),
    metadata: fromTexts(license.metadata),
    expires_at: iso(validUntil),
    created_at: iso(license.createdAt),
  };
}

/** A license as a list shows it; here expiry is a status. `last_validated_at` is not kept for a license. */
export function listedLicense(license: ManagedLicense, now: Date) {
  const { status, validUntil } = assessLicense(license.facts, now);
  const { policy, deviceLimit } = license;
  return {
    id: uuidOf(license.id),
    license_key: license.key,
    slug: policy.slug,
    status: status === "expired" ? "expired" : slsStatus(status, license.activeDevices),
    metadata: fromTexts(license.metadata),
    attributes: license.entitlements,
    max_activations: deviceLimit ?? unlimitedActivations,
    active_seats: license.activeDevices,
    offline_enabled: policy.offlineHours !== null,
    offline_token_lifetime_hours: policy.offlineHours ?? standardTokenHours,
    expires_at: iso(validUntil),
    created_at: iso(license.createdAt),
    activated_at: iso(license.facts.firstActivatedAt),
    last_validated_at: null,
    revoked_at: iso(license.revokedAt),
  };
}

/** A policy under the name these clients know it by. */
export function slugAnswer(policy: {
  number: number;
  slug: string;
  termDays: number | null;
  deviceLimit: number | null;
  offlineHours: number | null;
  entitlements: unknown;
  archivedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}) {
  return {
    id: policy.number,
    name: policy.slug,
    max_activations: policy.deviceLimit ?? unlimitedActivations,
    expiration_type: policy.termDays === null ? "forever" : "duration",
    expiration_days: policy.termDays,
    fixed_expires_at: null,
    offline_enabled: policy.offlineHours !== null,
    offline_token_lifetime_hours: policy.offlineHours ?? standardTokenHours,
    attributes: policy.entitlements,
    is_default: false,
    deleted_at: iso(policy.archivedAt),
    created_at: iso(policy.createdAt),
    updated_at: iso(policy.updatedAt),
  };
}

const keyStatuses: Record<SigningKeyState, string> = {
  active: "active",
  "verify-only": "verify_only",
  retired: "retired",
};

export function signingKeyAnswer(key: {
  generation: number;
  keyId: string;
  publicKey: string;
  state: SigningKeyState;
  createdAt: Date;
  retiredAt: Date | null;
}) {
  return {
    id: key.generation,
    name: `generation ${key.generation}`,
    kid: key.keyId,
    algorithm: "Ed25519",
    status: keyStatuses[key.state],
    public_key_pem: publicKeyPem(key.publicKey),
    created_at: iso(key.createdAt),
    activated_at: iso(key.createdAt),
    retired_at: iso(key.retiredAt),
  };
}

export function apiKeyAnswer(key: {
  id: string;
  name: string;
  hint: string;
  createdAt: Date;
  revokedAt: Date | null;
}) {
  const { id, name, hint } = key;
  return { id, name, hint, created_at: iso(key.createdAt), revoked_at: iso(key.revokedAt) };
}
