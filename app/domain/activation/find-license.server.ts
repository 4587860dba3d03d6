import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import { typedKeyLookup } from "#app/domain/license/license-key.server.ts";
import { type RecentPlan, recentPlan } from "#app/domain/product/recent-plan.server.ts";
import { recentSettings } from "#app/domain/setting/recent-settings.server.ts";
import { pool, type Tx } from "#app/infra/db.server.ts";
import { Prisma } from "#app/infra/prisma-client/client.ts";
import { hmac } from "#app/infra/secrets.server.ts";
import { singleton } from "#app/infra/singleton.server.ts";

/** The device a question is about; an activation id stands for the device it was given to. */
export type DeviceQuestion = { fingerprint: string } | { activationId: string } | null;

/** What `activation.fingerprint_hmac` holds for a fingerprint. */
export function fingerprintLookup(fingerprint: string): string {
  return hmac("fingerprint-lookup", fingerprint).toString("hex");
}

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
const row = (known: string, now: string) =>
  `json_build_array(${[known, activeDevices(now), ...Object.values(columns)].join(", ")}) AS row`;

/**
 * The licenses of the keys that were asked about, in that order. The same work for a known and an unknown key: an
 * unknown one reads some other license to the end and drops it, so that the time it takes does not tell whether a key
 * exists. A key that was replaced is found while its overlap runs.
 */
const byKeys = (asked: string) => `
SELECT ${row("q.known", "$4::timestamptz")}
FROM (
  SELECT asked.*, f.id IS NOT NULL AS known, COALESCE(f.id, (SELECT id FROM license ORDER BY id LIMIT 1)) AS license_id
  FROM ${asked}
  CROSS JOIN LATERAL (
    SELECT COALESCE(
      (SELECT id FROM license WHERE key_hmac = asked.key_hmac),
      (SELECT license_id FROM superseded_key WHERE key_hmac = asked.key_hmac AND expires_at > $4::timestamptz)) AS id OFFSET 0) f
) q
JOIN license l ON l.id = q.license_id
LEFT JOIN activation a ON a.license_id = l.id AND (a.fingerprint_hmac = q.fingerprint_hmac OR a.id = q.activation_id)`;

const byOneKey = byKeys(
  "(SELECT $1::text AS key_hmac, $2::text AS fingerprint_hmac, $3::text AS activation_id) AS asked",
);
const byManyKeys = `${byKeys(
  "unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS asked (key_hmac, fingerprint_hmac, activation_id, position)",
)} ORDER BY q.position`;

type Row = {
  known: boolean;
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

/**
 * The license of a key as a person may have typed it; writes nothing. Questions that arrive while others are being
 * answered share the next statement.
 * @returns null for an unknown key, and without asking the database for one whose check characters are wrong. Keys of
 * other shapes are asked about once some were imported.
 */
export async function findLicense(
  question: { key: string; device?: DeviceQuestion },
  now: Date,
): Promise<FoundLicense | null> {
  const keyHmac = typedKeyLookup(question.key, { imported: recentSettings().importedKeys === "accepted" });
  if (!keyHmac) return null;
  const row = await keyReader().read({
    keyHmac,
    ...deviceParameters(question.device ?? null),
    now,
  });
  return row?.known ? toFoundLicense(row, await recentPlan(row.policy_id)) : null;
}

type Question = { keyHmac: string; fingerprint: string | null; activationId: string | null; now: Date };
type Waiting = Question & { resolve: (row: Row | null) => void; reject: (error: unknown) => void };

/** Statements under way at once; with more, each would answer fewer questions and all would cost more. */
const maxStatements = 4;
const maxBatch = 32;

function keyReader(): { read: (question: Question) => Promise<Row | null> } {
  return singleton("license-key-reader", () => {
    const queue: Waiting[] = [];
    let running = 0;

    async function drain(): Promise<void> {
      while (queue.length > 0) {
        const batch = queue.splice(0, maxBatch);
        try {
          const rows = await readBatch(batch);
          for (const [index, waiting] of batch.entries()) waiting.resolve(rows[index] ?? null);
        } catch (error) {
          for (const waiting of batch) waiting.reject(error);
        }
      }
      running--;
    }

    return {
      read: (question) =>
        new Promise((resolve, reject) => {
          queue.push({ ...question, resolve, reject });
          if (running === maxStatements) return;
          running++;
          // Not at once: what else the sockets have brought by now comes along.
          setImmediate(() => void drain());
        }),
    };
  });
}

/** One row for each question, unless there is no license at all. */
async function readBatch(batch: readonly Question[]): Promise<Row[]> {
  const [only] = batch;
  const query =
    batch.length === 1 && only
      ? {
          name: "find-license-by-key",
          text: byOneKey,
          values: [only.keyHmac, only.fingerprint, only.activationId, only.now],
        }
      : {
          name: "find-licenses-by-key",
          text: byManyKeys,
          values: [
            batch.map(({ keyHmac }) => keyHmac),
            batch.map(({ fingerprint }) => fingerprint),
            batch.map(({ activationId }) => activationId),
            only?.now,
          ],
        };
  return (await pool().query<{ row: unknown[] }>(query)).rows.map(({ row: values }) => rowOf(values));
}

/** The same by id within a transaction, which sees what it has written. */
export async function readFoundLicense(
  tx: Pick<Tx, "$queryRaw">,
  licenseId: string,
  device: DeviceQuestion,
  now: Date,
): Promise<FoundLicense | null> {
  const { fingerprint, activationId } = deviceParameters(device);
  const [before = "", after = ""] = row("TRUE", "|").split("|");
  const [found] = await tx.$queryRaw<{ row: unknown[] }[]>`
    SELECT ${Prisma.raw(before)}${now}::timestamptz${Prisma.raw(after)}
    FROM license l
    LEFT JOIN activation a ON a.license_id = l.id
      AND (a.fingerprint_hmac = ${fingerprint}::text OR a.id = ${activationId}::text)
    WHERE l.id = ${licenseId}`;
  if (!found) return null;
  const read = rowOf(found.row);
  return toFoundLicense(read, await recentPlan(read.policy_id));
}

function deviceParameters(device: DeviceQuestion) {
  return {
    fingerprint: device && "fingerprint" in device ? fingerprintLookup(device.fingerprint) : null,
    activationId: device && "activationId" in device ? device.activationId : null,
  };
}

const isInstant = (name: string) => /(_at|_until)$/.test(name);
const instants = columnNames.map(isInstant);

/** The values of `row`, in its order, under their names. */
function rowOf([known, activeDeviceCount, ...values]: unknown[]): Row {
  const read: Record<string, unknown> = { known, active_devices: activeDeviceCount };
  for (const [index, name] of columnNames.entries()) {
    const value = values[index];
    read[name] = instants[index] && typeof value === "string" ? new Date(value) : value;
  }
  return read as Row; // the statement lists these columns with the types the schema gives them
}

function toFoundLicense(row: Row, plan: RecentPlan): FoundLicense {
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
