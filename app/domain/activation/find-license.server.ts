import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import {
  type FoundRow,
  rowOf,
  selectedRow,
  toFoundLicense,
} from "#app/domain/activation/found-license-row.server.ts";
import { typedKeyLookup } from "#app/domain/license/license-key.server.ts";
import { recentPlan } from "#app/domain/product/recent-plan.server.ts";
import { recentSettings } from "#app/domain/setting/recent-settings.server.ts";
import { createBatcher } from "#app/infra/batcher.ts";
import { pool, type Run } from "#app/infra/db.server.ts";
import { Prisma } from "#app/infra/prisma-client/client.ts";
import { hmac } from "#app/infra/secrets.server.ts";
import { singleton } from "#app/infra/singleton.server.ts";

/** The device a question is about; an activation id stands for the device it was given to. */
export type DeviceQuestion = { fingerprint: string } | { activationId: string } | null;

/** What `activation.fingerprint_hmac` holds for a fingerprint. */
export function fingerprintLookup(fingerprint: string): string {
  return hmac("fingerprint-lookup", fingerprint).toString("hex");
}

/**
 * The licenses of the keys that were asked about, each with the position of its question: a question that means a device
 * by id or by fingerprint may find two, so rows are never counted. The same work for a known and an unknown key: an
 * unknown one reads some other license to the end and drops it, so that the time it takes does not tell whether a key
 * exists. A key that was replaced is found while its overlap runs.
 */
const byKeys = (asked: string) => `
SELECT ${selectedRow({ known: "q.known", position: "q.position", now: "$4::timestamptz" })}
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
  "(SELECT $1::text AS key_hmac, $2::text AS fingerprint_hmac, $3::text AS activation_id, 1 AS position) AS asked",
);
const byManyKeys = byKeys(
  "unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS asked (key_hmac, fingerprint_hmac, activation_id, position)",
);

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
  const row = await keyReader().ask({
    keyHmac,
    ...deviceParameters(question.device ?? null),
    now,
  });
  return row?.known ? toFoundLicense(row, await recentPlan(row.policy_id)) : null;
}

type Question = { keyHmac: string; fingerprint: string | null; activationId: string | null; now: Date };
/** With more statements under way each would answer fewer questions, and all would cost more. */
const keyReader = () =>
  singleton("license-key-reader", () =>
    createBatcher<Question, FoundRow | undefined>({ maxUnderWay: 4, maxBatch: 32, answer: readBatch }),
  );

/** The row of each question, by its place in the batch; none where there is no license at all. Of two devices the id counts. */
async function readBatch(batch: readonly Question[]): Promise<(FoundRow | undefined)[]> {
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
  const answers: (FoundRow | undefined)[] = [];
  for (const { row } of (await pool().query<{ row: unknown[] }>(query)).rows) {
    const found = rowOf(row);
    const index = found.position - 1;
    if (!answers[index] || found.device_id === batch[index]?.activationId) answers[index] = found;
  }
  return answers;
}

/** The same by id within a transaction, which sees what it has written. */
export async function readFoundLicense(
  run: Run,
  licenseId: string,
  device: DeviceQuestion,
  now: Date,
): Promise<FoundLicense | null> {
  const { fingerprint, activationId } = deviceParameters(device);
  const [before = "", after = ""] = selectedRow({ known: "TRUE", position: "1", now: "|" }).split("|");
  const statement = Prisma.sql`
    SELECT ${Prisma.raw(before)}${now}::timestamptz${Prisma.raw(after)}
    FROM license l
    LEFT JOIN activation a ON a.license_id = l.id
      AND (a.fingerprint_hmac = ${fingerprint}::text OR a.id = ${activationId}::text)
    WHERE l.id = ${licenseId}
    ORDER BY a.id = ${activationId}::text DESC NULLS LAST LIMIT 1`;
  const [found] = await run<{ row: unknown[] }>("find-license-by-id", statement);
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
