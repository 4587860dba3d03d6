import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import type { RecentPlan } from "#app/domain/product/recent-plan.server.ts";

/** What is read of a license, by where it comes from. */
const columns = {
  id: "l.id",
  number: "l.number",
  policy_id: "l.policy_id",
  key_prefix: "l.key_prefix",
  key_last_group: "l.key_last_group",
  imported_key: "CASE WHEN l.key_prefix = '' THEN encode(l.key_ciphertext, 'hex') END",
  term: "l.term",
  issued_at: "l.issued_at",
  paid_until: "l.paid_until",
  extended_until: "l.extended_until",
  grace_until: "l.grace_until",
  revoked_at: "l.revoked_at",
  first_activated_at: "l.first_activated_at",
  customer_id: "l.customer_id",
  order_id: "l.order_id",
  device_limit: "l.device_limit",
  lease_seconds: "l.lease_seconds",
  entitlements: "l.entitlements",
  updates_until: "l.updates_until",
  metadata: "l.metadata",
  created_at: "l.created_at",
  updated_at: "l.updated_at",
  holds: "ARRAY(SELECT cause FROM license_hold h WHERE h.license_id = l.id)",
  device_id: "a.id",
  device_name: "a.name",
  platform: "a.platform",
  hostname: "a.hostname",
  app_version: "a.app_version",
  first_seen_at: "a.first_seen_at",
  last_seen_at: "a.last_seen_at",
  lease_until: "a.lease_until",
  released_at: "a.released_at",
};
const columnNames = Object.keys(columns);

/** `now` is written into the place where the instant stands. */
const activeDevices = (now: string) => `(
  SELECT count(*)::int FROM activation d
  WHERE d.license_id = l.id AND d.released_at IS NULL AND (d.lease_until IS NULL OR d.lease_until > ${now}))`;

/**
 * One value instead of thirty: taking a row of many columns apart costs the program more than reading a JSON text, and
 * the database hardly more to write it.
 */
export const selectedRow = (given: { known: string; position: string; now: string }) =>
  `json_build_array(${[given.known, given.position, activeDevices(given.now), ...Object.values(columns)].join(", ")}) AS row`;

/** What one statement tells of a license and the device that was asked about. */
export type FoundRow = {
  known: boolean;
  /** Which question of the statement it answers, from 1. */
  position: number;
  id: string;
  number: number;
  key_prefix: string;
  key_last_group: string;
  imported_key: string | null;
  term: string;
  issued_at: Date;
  paid_until: Date | null;
  extended_until: Date | null;
  grace_until: Date | null;
  revoked_at: Date | null;
  first_activated_at: Date | null;
  customer_id: string | null;
  order_id: string | null;
  device_limit: number | null;
  lease_seconds: number | null;
  entitlements: unknown;
  updates_until: Date | null;
  metadata: unknown;
  created_at: Date;
  updated_at: Date;
  policy_id: string;
  holds: string[];
  active_devices: number;
  device_id: string | null;
  device_name: string | null;
  platform: string | null;
  hostname: string | null;
  app_version: string | null;
  first_seen_at: Date | null;
  last_seen_at: Date | null;
  lease_until: Date | null;
  released_at: Date | null;
};

const isInstant = (name: string) => /(_at|_until)$/.test(name);
const instants = columnNames.map(isInstant);

/** The values of `selectedRow`, in its order, under their names. */
export function rowOf([known, position, activeDeviceCount, ...values]: unknown[]): FoundRow {
  const read: Record<string, unknown> = { known, position, active_devices: activeDeviceCount };
  for (const [index, name] of columnNames.entries()) {
    const value = values[index];
    read[name] = instants[index] && typeof value === "string" ? new Date(value) : value;
  }
  return read as FoundRow; // the statement lists these columns with the types the schema gives them
}

export function toFoundLicense(row: FoundRow, plan: RecentPlan): FoundLicense {
  return {
    id: row.id,
    number: row.number,
    keyPrefix: row.key_prefix,
    keyLastGroup: row.key_last_group,
    importedKey: row.imported_key === null ? null : Buffer.from(row.imported_key, "hex"),
    facts: {
      term: row.term,
      issuedAt: row.issued_at,
      paidUntil: row.paid_until,
      extendedUntil: row.extended_until,
      graceUntil: row.grace_until,
      revokedAt: row.revoked_at,
      holds: row.holds,
      firstActivatedAt: row.first_activated_at,
    },
    ...plan,
    customerId: row.customer_id,
    orderId: row.order_id,
    deviceLimit: row.device_limit,
    leaseSeconds: row.lease_seconds,
    entitlements: recordOf(row.entitlements),
    updatesUntil: row.updates_until,
    metadata: recordOf(row.metadata),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    activeDevices: row.active_devices,
    device: deviceOf(row),
  };
}

function deviceOf(row: FoundRow): FoundLicense["device"] {
  const { device_id: id, first_seen_at: firstSeenAt, last_seen_at: lastSeenAt } = row;
  if (id === null || firstSeenAt === null || lastSeenAt === null) return null;
  return {
    id,
    name: row.device_name,
    platform: row.platform,
    hostname: row.hostname,
    appVersion: row.app_version,
    firstSeenAt,
    lastSeenAt,
    leaseUntil: row.lease_until,
    releasedAt: row.released_at,
  };
}

/** A JSON column that holds an object; anything else counts as an empty one. */
function recordOf(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? (value as Record<string, unknown>) // any object has string keys
    : {};
}
