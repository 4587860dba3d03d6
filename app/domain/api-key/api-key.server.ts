import { randomBytes } from "node:crypto";
import { z } from "zod";
import {
  apiKeyFromBytes,
  apiKeyHint,
  apiKeyRandomBytes,
  earlierEnd,
  isApiKey,
  overlapMaxHours,
} from "#app/domain/api-key/api-key.ts";
import { apiKeyName, scopeList } from "#app/domain/api-key/api-key-input.server.ts";
import { noteApiKeyUse } from "#app/domain/api-key/api-key-uses.server.ts";
import { isScope, type Scope } from "#app/domain/api-key/scopes.ts";
import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { newId } from "#app/domain/ids.ts";
import { canBeId } from "#app/domain/search-text.ts";
import { db, inTransaction, pool, type Tx } from "#app/infra/db.server.ts";
import type { ApiKey } from "#app/infra/prisma-client/client.ts";
import { sha256Hex } from "#app/infra/secrets.server.ts";

/** What is known of a key; neither the key nor its hash. */
export type ApiKeyRecord = Omit<ApiKey, "keyHash" | "scopes"> & { scopes: Scope[] };
/** `key` is shown now or never: only its hash is stored. */
export type MadeApiKey = { key: string; record: ApiKeyRecord };
/** `expiresAt` null: works until it is revoked. */
export type FoundApiKey = { id: string; name: string; scopes: Scope[]; expiresAt: Date | null };

type Act = { actor: Actor; now: Date; requestId: string | null };

/**
 * The living key that a program sent, or null: malformed, unknown, expired or revoked. A malformed one never reaches
 * the database; the others all cost the same one prepared statement. Nothing is cached, so a revocation counts for
 * every process at once.
 */
export async function findApiKey(key: string, now: Date): Promise<FoundApiKey | null> {
  if (!isApiKey(key)) return null;
  const { rows } = await pool().query<{
    id: string;
    name: string;
    scopes: string[];
    expires_at: Date | null;
  }>({
    name: "find-api-key",
    text: `SELECT id, name, scopes, expires_at FROM api_key
           WHERE key_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)`,
    values: [sha256Hex(key), now],
  });
  const [found] = rows;
  if (!found) return null;
  noteApiKeyUse(found.id, now);
  const { id, name, expires_at: expiresAt } = found;
  return { id, name, scopes: found.scopes.filter(isScope), expiresAt };
}

export type NewApiKey = Act & {
  name: string;
  scopes: readonly Scope[];
  /** Null: works until it is revoked. */
  expiresAt: Date | null;
  /** What people read as its maker: a staff address, the name of another key, "command line". */
  createdBy: string;
};

/** The database writes later years in a way that its clients do not read. */
const lastInstant = new Date("9999-12-31T23:59:59.999Z");

/**
 * Makes a key, audited, in the transaction around it or one of its own. Whether the maker may grant these scopes is
 * the caller's to decide (`canGrant`).
 * @throws DomainError INVALID with the field: `name`, `scopes` or `expiresAt`.
 */
export async function createApiKey(request: NewApiKey): Promise<MadeApiKey> {
  const { name, scopes } = requireValid(request);
  const { expiresAt, now } = request;
  if (expiresAt && (expiresAt <= now || expiresAt > lastInstant))
    throw new DomainError("INVALID", "Choose an expiry that is still to come, before the year 10000.", {
      field: "expiresAt",
    });
  return inTransaction((tx) => store(tx, { ...request, name, scopes, rotatedFromId: null }));
}

const WrittenSchema = z.object({ name: apiKeyName, scopes: scopeList });

function requireValid(given: { name: string; scopes: readonly Scope[] }): { name: string; scopes: Scope[] } {
  const parsed = WrittenSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new DomainError("INVALID", issue?.message ?? "This is not valid.", {
    field: String(issue?.path[0] ?? "name"),
  });
}

async function store(
  tx: Tx,
  wanted: Omit<NewApiKey, "scopes"> & { scopes: Scope[]; rotatedFromId: string | null },
): Promise<MadeApiKey> {
  const { name, scopes, expiresAt, createdBy, rotatedFromId, actor, now, requestId } = wanted;
  const key = apiKeyFromBytes(randomBytes(apiKeyRandomBytes));
  const hint = apiKeyHint(key);
  const row = await tx.apiKey.create({
    data: {
      ...{ id: newId("key", now), name, keyHash: sha256Hex(key), hint, scopes, createdBy },
      ...{ rotatedFromId, expiresAt, createdAt: now },
    },
  });
  await recordAudit(tx, {
    ...{ now, actor, requestId, event: "api-key.created", target: { type: "api-key", id: row.id } },
    after: {
      ...{ name, scopes, hint, expiresAt: expiresAt?.toISOString() ?? null },
      ...(rotatedFromId && { rotatedFromId }),
    },
  });
  return { key, record: recordOf(row) };
}

/**
 * Makes a new key with the name and scopes of the old one, which goes on working for `overlapHours` (0: not at all),
 * but never longer than it would have. The new one lives as long as the old one was made to live, and no longer than
 * `expiresBy`.
 * @throws DomainError NOT_FOUND, INVALID for an impossible overlap, CONFLICT for a key that is revoked, expired or
 * replaced already.
 */
export function rotateApiKey(
  request: Act & { id: string; overlapHours: number; createdBy: string; expiresBy?: Date | null },
): Promise<MadeApiKey> {
  const { id, overlapHours, createdBy, expiresBy = null, actor, now, requestId } = request;
  return inTransaction(async (tx) => {
    const old = await lock(tx, id);
    await requireRotatable(tx, old, now);
    const overlapEnd = new Date(now.getTime() + requireOverlap(overlapHours) * 3_600_000);
    const expiresAt = earlierEnd(old.expiresAt, overlapEnd) ?? overlapEnd;
    const lifetimeEnd =
      old.expiresAt && new Date(now.getTime() + old.expiresAt.getTime() - old.createdAt.getTime());
    const latestEnd = earlierEnd(lifetimeEnd, lifetimeEnd && lastInstant);
    const made = await store(tx, {
      ...{ name: old.name, scopes: old.scopes, rotatedFromId: id, createdBy, actor, now, requestId },
      expiresAt: earlierEnd(latestEnd, expiresBy),
    });
    await tx.apiKey.update({ where: { id }, data: { expiresAt } });
    await recordAudit(tx, {
      ...{ now, actor, requestId, event: "api-key.rotated", target: { type: "api-key", id } },
      before: { expiresAt: old.expiresAt?.toISOString() ?? null },
      after: { expiresAt: expiresAt.toISOString(), replacedBy: made.record.id },
    });
    return made;
  });
}

async function requireRotatable(tx: Tx, key: ApiKeyRecord, now: Date): Promise<void> {
  const over = key.revokedAt ? "revoked" : key.expiresAt && key.expiresAt <= now ? "expired" : null;
  if (over)
    throw new DomainError("CONFLICT", `The API key ${key.name} is ${over}. Create a new one instead.`);
  const successor = await tx.apiKey.findFirst({ where: { rotatedFromId: key.id } });
  if (successor)
    throw new DomainError(
      "CONFLICT",
      `The API key ${key.name} was rotated already. Rotate the key that replaced it, or create a new one.`,
    );
}

function requireOverlap(hours: number): number {
  if (Number.isInteger(hours) && hours >= 0 && hours <= overlapMaxHours) return hours;
  throw new DomainError("INVALID", `Enter whole hours from 0 to ${overlapMaxHours}.`, {
    field: "overlapHours",
  });
}

/**
 * Ends a key at once and for good. Safe to repeat: the first revocation stands.
 * @throws DomainError NOT_FOUND
 */
export function revokeApiKey(request: Act & { id: string }): Promise<ApiKeyRecord> {
  const { id, actor, now, requestId } = request;
  return inTransaction(async (tx) => {
    const key = await lock(tx, id);
    if (key.revokedAt) return key;
    const row = await tx.apiKey.update({ where: { id }, data: { revokedAt: now } });
    await recordAudit(tx, {
      ...{ now, actor, requestId, event: "api-key.revoked", target: { type: "api-key", id } },
      before: { revokedAt: null },
      after: { revokedAt: now.toISOString(), name: key.name, hint: key.hint },
    });
    return recordOf(row);
  });
}

/** The key as it is now, held against others until the transaction ends. */
async function lock(tx: Tx, id: string): Promise<ApiKeyRecord> {
  if (canBeId(id)) await tx.$queryRaw`SELECT 1 FROM api_key WHERE id = ${id} FOR NO KEY UPDATE`;
  const row = canBeId(id) ? await tx.apiKey.findUnique({ where: { id } }) : null;
  if (!row) throw new DomainError("NOT_FOUND", "There is no API key with this id.");
  return recordOf(row);
}

/** Every key there ever was, the newest first. */
export async function listApiKeys(): Promise<ApiKeyRecord[]> {
  const rows = await db().apiKey.findMany({ orderBy: [{ createdAt: "desc" }, { id: "desc" }] });
  return rows.map(recordOf);
}

export async function getApiKey(id: string): Promise<ApiKeyRecord | null> {
  const row = canBeId(id) ? await db().apiKey.findUnique({ where: { id } }) : null;
  return row && recordOf(row);
}

/** A scope this version does not know grants nothing. */
export function recordOf({ keyHash: _, scopes, ...row }: ApiKey): ApiKeyRecord {
  return { ...row, scopes: scopes.filter(isScope) };
}
