import type { Device } from "#app/domain/activation/device.ts";
import type { LicenseFacts } from "#app/domain/license/assess-license.ts";

/** What one look-up tells about a license: enough to judge it, for the device that was asked about. */
export type FoundLicense = {
  id: string;
  /** For programs that need an integer. */
  number: number;
  keyPrefix: string;
  keyLastGroup: string;
  /** A key that another system made, sealed: only the key itself tells how it was written. Null for ours. */
  importedKey: Uint8Array | null;
  facts: LicenseFacts;
  product: { id: string; number: number; slug: string; name: string };
  policy: { id: string; number: number; slug: string; name: string; offlineHours: number | null };
  customerId: string | null;
  orderId: string | null;
  /** null = any number. */
  deviceLimit: number | null;
  /** Seconds a floating seat is held after a heartbeat; null = seats are not floating. */
  leaseSeconds: number | null;
  entitlements: Record<string, unknown>;
  updatesUntil: Date | null;
  metadata: Record<string, unknown>;
  createdAt: Date;
  updatedAt: Date;
  activeDevices: number;
  /** The device that was asked about, also when it is released or its lease has lapsed; null = never seen here. */
  device: Device | null;
};
