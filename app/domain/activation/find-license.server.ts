import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import { keyLookup } from "#app/domain/license/license-key.server.ts";
import { normalizeKey } from "#app/domain/license/license-key.ts";
import { pool, type Tx } from "#app/infra/db.server.ts";
import { Prisma } from "#app/infra/prisma-client/client.ts";
import { hmac } from "#app/infra/secrets.server.ts";

/** The device a question is about; an activation id stands for the device it was given to. */
export type DeviceQuestion = { fingerprint: string } | { activationId: string } | null;

/** What `activation.fingerprint_hmac` holds for a fingerprint. */
export function fingerprintLookup(fingerprint: string): string {
  return hmac("fingerprint-lookup", fingerprint).toString("hex");
}

const columns = `
  l.id, l.number, l.key_prefix, l.key_last_group, l.term, l.issued_at, l.paid_until, l.extended_until, l.grace_until,
  l.revoked_at, l.first_activated_at, l.customer_id, l.order_id, l.device_limit, l.lease_seconds, l.entitlements,
  l.updates_until, l.metadata, l.created_at, l.updated_at,
  p.id AS product_id, p.number AS product_number, p.slug AS product_slug, p.name AS product_name,
  y.id AS policy_id, y.number AS policy_number, y.slug AS policy_slug, y.name AS policy_name, y.offline_hours,
  ARRAY(SELECT cause FROM license_hold h WHERE h.license_id = l.id) AS holds,
  a.id AS device_id, a.name AS device_name, a.platform, a.hostname, a.app_version, a.first_seen_at, a.last_seen_at,
  a.lease_until, a.released_at`;

const joins = (now: string, fingerprint: string, activationId: string) => `
  JOIN product p ON p.id = l.product_id
  JOIN policy y ON y.id = l.policy_id
  LEFT JOIN activation a ON a.license_id = l.id AND (a.fingerprint_hmac = ${fingerprint} OR a.id = ${activationId})
  CROSS JOIN LATERAL (
    SELECT count(*)::int AS active_devices FROM activation d
    WHERE d.license_id = l.id AND d.released_at IS NULL AND (d.lease_until IS NULL OR d.lease_until > ${now})) used`;

/**
 * One statement for a known and an unknown key alike: an unknown one reads some other license to the end and drops it,
 * so that the time it takes does not tell whether a key exists. A key that was replaced is found while its overlap runs.
 */
const byKey = `
WITH found AS (
  SELECT COALESCE(
    (SELECT id FROM license WHERE key_hmac = $1),
    (SELECT license_id FROM superseded_key WHERE key_hmac = $1 AND expires_at > $2::timestamptz)) AS id)
SELECT found.id IS NOT NULL AS known, used.active_devices, ${columns}
FROM found JOIN license l ON l.id = COALESCE(found.id, (SELECT id FROM license ORDER BY id LIMIT 1))
${joins("$2::timestamptz", "$3", "$4")}`;

type Row = {
  known: boolean;
  id: string;
  number: number;
  key_prefix: string;
  key_last_group: string;
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
  product_id: string;
  product_number: number;
  product_slug: string;
  product_name: string;
  policy_id: string;
  policy_number: number;
  policy_slug: string;
  policy_name: string;
  offline_hours: number | null;
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

/**
 * The license of a key as a person may have typed it, read in one statement; writes nothing.
 * @returns null for an unknown key, and without asking the database for one whose check characters are wrong.
 */
export async function findLicense(
  question: { key: string; device?: DeviceQuestion },
  now: Date,
): Promise<FoundLicense | null> {
  const normalized = normalizeKey(question.key);
  if (!normalized) return null;
  const { fingerprint, activationId } = deviceParameters(question.device ?? null);
  const { rows } = await pool().query<Row>({
    name: "find-license-by-key",
    text: byKey,
    values: [keyLookup(normalized), now, fingerprint, activationId],
  });
  const row = rows[0];
  return row?.known ? toFoundLicense(row) : null;
}

/** The same by id within a transaction, which sees what it has written. */
export async function readFoundLicense(
  tx: Pick<Tx, "$queryRaw">,
  licenseId: string,
  device: DeviceQuestion,
  now: Date,
): Promise<FoundLicense | null> {
  const { fingerprint, activationId } = deviceParameters(device);
  // The joins mention the instant once, after fingerprint and activation id.
  const [before = "", middle = "", between = "", after = ""] = joins("|", "|", "|").split("|");
  const rows = await tx.$queryRaw<Row[]>`
    SELECT TRUE AS known, used.active_devices, ${Prisma.raw(columns)} FROM license l
    ${Prisma.raw(before)}${fingerprint}::text${Prisma.raw(middle)}${activationId}::text${Prisma.raw(between)}${now}::timestamptz${Prisma.raw(after)}
    WHERE l.id = ${licenseId}`;
  return rows[0] ? toFoundLicense(rows[0]) : null;
}

function deviceParameters(device: DeviceQuestion) {
  return {
    fingerprint: device && "fingerprint" in device ? fingerprintLookup(device.fingerprint) : null,
    activationId: device && "activationId" in device ? device.activationId : null,
  };
}

function toFoundLicense(row: Row): FoundLicense {
  return {
    id: row.id,
    number: row.number,
    keyPrefix: row.key_prefix,
    keyLastGroup: row.key_last_group,
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
    product: {
      id: row.product_id,
      number: row.product_number,
      slug: row.product_slug,
      name: row.product_name,
    },
    policy: {
      id: row.policy_id,
      number: row.policy_number,
      slug: row.policy_slug,
      name: row.policy_name,
      offlineHours: row.offline_hours,
    },
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

function deviceOf(row: Row): FoundLicense["device"] {
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
