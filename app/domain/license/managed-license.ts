import type { LicenseFacts, LicenseStatus } from "#app/domain/license/assess-license.ts";

/** Everything a program with an API key may know of a license. Instants are UTC. */
export type ManagedLicense = {
  id: string;
  number: number;
  /** In clear: whoever manages licenses hands keys out. Null where it was sealed under another master key. */
  key: string | null;
  maskedKey: string;
  keyLastGroup: string;
  facts: LicenseFacts;
  product: { id: string; number: number; slug: string; name: string };
  policy: {
    id: string;
    number: number;
    slug: string;
    name: string;
    termDays: number | null;
    offlineHours: number | null;
  };
  customer: { id: string; number: number; email: string; name: string | null } | null;
  order: { id: string; number: number } | null;
  /** The purchase at Stripe it came from, cs_… or sub_…; null = made by staff or a program. */
  sourceId: string | null;
  /** null = any number of devices */
  deviceLimit: number | null;
  activeDevices: number;
  /** Seconds a floating seat is held after a heartbeat; null = seats are not floating. */
  leaseSeconds: number | null;
  metadata: Record<string, string>;
  entitlements: Record<string, unknown>;
  updatesUntil: Date | null;
  issuedAt: Date;
  createdAt: Date;
  updatedAt: Date;
  version: number;
  revokedAt: Date | null;
  revokedReason: string | null;
};

/** A device of a license as its vendor sees it; the same fields as `Device`, and what makes it the same one. */
export type ManagedDevice = {
  id: string;
  fingerprint: string;
  name: string | null;
  platform: string | null;
  hostname: string | null;
  appVersion: string | null;
  metadata: Record<string, string>;
  firstSeenAt: Date;
  lastSeenAt: Date;
  leaseUntil: Date | null;
  releasedAt: Date | null;
};

export type ManagedLicenseFilter = {
  /** Slug, id, UUID or number. */
  product?: string | undefined;
  policy?: string | undefined;
  /** Id, UUID, number or email address. */
  customer?: string | undefined;
  status?: LicenseStatus | undefined;
  /** As a person types it. */
  key?: string | undefined;
  /** All of these texts stand in the license's metadata. */
  metadata?: Record<string, string> | undefined;
  /** What staff would type into the search box. */
  q?: string | undefined;
};
