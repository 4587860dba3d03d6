import { normalizeEmail } from "#app/domain/customer/customer.server.ts";
import { idOf } from "#app/domain/ids.ts";
import { encodeCursor, isInstant, planPage } from "#app/domain/keyset.server.ts";
import { licenseFacts } from "#app/domain/license/license-facts.ts";
import { readKey, typedKeyLookup } from "#app/domain/license/license-key.server.ts";
import { maskKey } from "#app/domain/license/license-key.ts";
import { statusWhere } from "#app/domain/license/license-status-where.server.ts";
import type {
  ManagedDevice,
  ManagedLicense,
  ManagedLicenseFilter,
} from "#app/domain/license/managed-license.ts";
import { searchWhere } from "#app/domain/license/search-licenses.server.ts";
import { seatsInUse } from "#app/domain/license/seats-in-use.ts";
import { resolvePolicy, resolveProduct } from "#app/domain/product/resolve-policy.server.ts";
import { canBeId } from "#app/domain/search-text.ts";
import { currentDb, db, type Tx } from "#app/infra/db.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { Prisma } from "#app/infra/prisma-client/client.ts";
import { decrypt, masterKeyId } from "#app/infra/secrets.server.ts";
import { singleton } from "#app/infra/singleton.server.ts";

export type {
  ManagedDevice,
  ManagedLicense,
  ManagedLicenseFilter,
} from "#app/domain/license/managed-license.ts";

const named = { id: true, number: true, slug: true, name: true } as const;

function parts(now: Date) {
  return {
    product: { select: named },
    policy: { select: { ...named, termDays: true, offlineHours: true } },
    customer: { select: { id: true, number: true, email: true, name: true } },
    order: { select: { id: true, number: true } },
    holds: { select: { cause: true } },
    _count: { select: { activations: { where: seatsInUse(now) } } },
  } satisfies Prisma.LicenseInclude;
}
type Row = Prisma.LicenseGetPayload<{ include: ReturnType<typeof parts> }>;

/**
 * A license with its devices, newest first, by id, UUID or key as somebody typed it; null when there is none. As the
 * transaction around the caller sees it, if any.
 */
export async function findManagedLicense(
  ref: string,
  now: Date,
): Promise<(ManagedLicense & { devices: ManagedDevice[] }) | null> {
  const text = ref.trim();
  if (!canBeId(text)) return null;
  const id = text.startsWith("lic_") ? text : idOf("lic", text);
  // An imported key may be a UUID, too.
  const row = (id && (await findById(id, now))) || (await findByKey(text, now));
  return row ? { ...toManaged(row), devices: row.activations.map(toDevice) } : null;
}

async function findByKey(typed: string, now: Date) {
  const id = await idOfKey(typed, now);
  return id === null ? null : findById(id, now);
}

function findById(id: string, now: Date) {
  return currentDb().license.findUnique({
    where: { id },
    include: { ...parts(now), activations: { orderBy: { firstSeenAt: "desc" }, take: 1000 } },
  });
}

/** Whose key this is, also one that was replaced while its overlap runs. */
async function idOfKey(typed: string, now: Date): Promise<string | null> {
  const keyHmac = typedKeyLookup(typed, { imported: true });
  if (!keyHmac) return null;
  const license = await currentDb().license.findUnique({ where: { keyHmac }, select: { id: true } });
  if (license) return license.id;
  const old = await currentDb().supersededKey.findUnique({ where: { keyHmac } });
  return old && old.expiresAt > now ? old.licenseId : null;
}

/** Licenses by id, in the order of the ids, as `tx` sees them. */
export async function readManagedLicenses(
  tx: Pick<Tx, "license">,
  ids: readonly string[],
  now: Date,
): Promise<ManagedLicense[]> {
  const rows = await tx.license.findMany({ where: { id: { in: [...ids] } }, include: parts(now) });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []).map(toManaged);
}

/** Newest first. A cursor that is not ours begins at the top. */
export async function listManagedLicenses(
  request: ManagedLicenseFilter & { limit: number; cursor?: string | undefined },
  now: Date,
): Promise<{ licenses: ManagedLicense[]; nextCursor: string | null }> {
  const { limit } = request;
  const { cursor } = planPage({ after: request.cursor }, isInstant);
  const selection = await select(request, now);
  if (!selection) return { licenses: [], nextCursor: null };
  const beyond = cursor
    ? Prisma.sql`(l.created_at, l.id) < (${new Date(cursor[0])}::timestamptz, ${cursor[1]}::text)`
    : Prisma.sql`TRUE`;
  const found = await db().$queryRaw<{ id: string; created_at: Date }[]>`
    SELECT l.id, l.created_at ${selection} AND ${beyond} ORDER BY l.created_at DESC, l.id DESC LIMIT ${limit + 1}`;
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const licenses = await readManagedLicenses(
    db(),
    page.map(({ id }) => id),
    now,
  );
  return {
    licenses,
    nextCursor: last && found.length > limit ? encodeCursor(last.created_at, last.id) : null,
  };
}

export async function countManagedLicenses(filter: ManagedLicenseFilter, now: Date): Promise<number> {
  const selection = await select(filter, now);
  if (!selection) return 0;
  const [row] = await db().$queryRaw<{ total: number }[]>`SELECT count(*)::int AS total ${selection}`;
  return row?.total ?? 0;
}

/** For programs that turn pages by number, from 1. Reads past all earlier ones; a cursor is cheaper. */
export async function pageOfManagedLicenses(
  request: ManagedLicenseFilter & { page: number; pageSize: number },
  now: Date,
): Promise<{ licenses: ManagedLicense[]; total: number }> {
  const { page, pageSize } = request;
  const selection = await select(request, now);
  if (!selection) return { licenses: [], total: 0 };
  const found = await db().$queryRaw<{ id: string }[]>`
    SELECT l.id ${selection} ORDER BY l.created_at DESC, l.id DESC
    LIMIT ${pageSize} OFFSET ${Math.max(0, page - 1) * pageSize}`;
  const ids = found.map(({ id }) => id);
  const total = await countManagedLicenses(request, now);
  return { licenses: await readManagedLicenses(db(), ids, now), total };
}

/** FROM and WHERE over licenses called `l`; null when a name in the filter names nothing. */
async function select(filter: ManagedLicenseFilter, now: Date): Promise<Prisma.Sql | null> {
  const where = [Prisma.sql`TRUE`];
  if (filter.product !== undefined) {
    const product = await resolveProduct(filter.product);
    if (!product) return null;
    where.push(Prisma.sql`l.product_id = ${product.id}`);
  }
  if (filter.policy !== undefined) {
    const found = await resolvePolicy(filter.policy);
    if (!found) return null;
    where.push(Prisma.sql`l.product_id = ${found.product.id} AND l.policy_id = ${found.policy.id}`);
  }
  if (filter.customer !== undefined) {
    const customerId = await customerIdOf(filter.customer);
    if (!customerId) return null;
    where.push(Prisma.sql`l.customer_id = ${customerId}`);
  }
  if (filter.key !== undefined) {
    const id = await idOfKey(filter.key, now);
    if (!id) return null;
    where.push(Prisma.sql`l.id = ${id}`);
  }
  if (filter.status) where.push(statusWhere(filter.status, now));
  const search = await searchWhere(filter.q);
  if (search) where.push(search);
  return Prisma.sql`FROM ${licensesWith(filter.metadata)} l WHERE ${Prisma.join(where, " AND ")}`;
}

/**
 * OFFSET 0 has PostgreSQL collect the few that match from their index first: left to itself it reads licenses newest
 * first until enough of them match, which is all of them for a rare text.
 */
function licensesWith(metadata: Record<string, string> | undefined): Prisma.Sql {
  if (!metadata || Object.keys(metadata).length === 0) return Prisma.sql`license`;
  return Prisma.sql`(SELECT * FROM license WHERE metadata @> ${JSON.stringify(metadata)}::jsonb OFFSET 0)`;
}

async function customerIdOf(ref: string): Promise<string | null> {
  const text = ref.trim();
  if (!canBeId(text)) return null;
  const where = text.includes("@")
    ? { email: normalizeEmail(text) }
    : /^\d{1,9}$/.test(text)
      ? { number: Number(text) }
      : { id: idOf("cust", text) ?? text };
  const customer = await db().customer.findUnique({ where, select: { id: true } });
  return customer?.id ?? null;
}

function toManaged(row: Row): ManagedLicense {
  const { id, number, keyLastGroup, product, policy, customer, order, sourceId } = row;
  const { deviceLimit, leaseSeconds, updatesUntil, issuedAt, createdAt, updatedAt, version } = row;
  return {
    ...{ id, number, keyLastGroup, product, policy, customer, order, sourceId },
    ...{ deviceLimit, leaseSeconds, updatesUntil, issuedAt, createdAt, updatedAt, version },
    key: keyOf(row),
    maskedKey: maskKey(row.keyPrefix, keyLastGroup),
    facts: licenseFacts(row),
    activeDevices: row._count.activations,
    metadata: textsOf(row.metadata),
    entitlements: membersOf(row.entitlements),
    revokedAt: row.revokedAt,
    revokedReason: row.revokedReason,
  };
}

/** One key that cannot be read must not take the other licenses of a page along; the log says so once. */
function keyOf(row: Row): string | null {
  if (row.keyEncryptionKeyId === masterKeyId()) return readKey(row);
  singleton("unreadable-license-key", () => {
    logger().error(
      { licenseId: row.id },
      "a license key was sealed under another master key: start Latchkey with the MASTER_KEY that was in use when it was issued",
    );
    return true;
  });
  return null;
}

function toDevice(row: Prisma.ActivationGetPayload<object>): ManagedDevice {
  const { id, name, platform, hostname, appVersion, firstSeenAt, lastSeenAt, leaseUntil, releasedAt } = row;
  return {
    ...{ id, name, platform, hostname, appVersion, firstSeenAt, lastSeenAt, leaseUntil, releasedAt },
    fingerprint: decrypt("fingerprint-encryption", row.fingerprintCiphertext, id),
    metadata: textsOf(row.metadata),
  };
}

function membersOf(value: Prisma.JsonValue): Record<string, Prisma.JsonValue> {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, member ?? null]));
}

function textsOf(value: Prisma.JsonValue): Record<string, string> {
  const texts = Object.entries(membersOf(value)).flatMap(([name, text]) =>
    typeof text === "string" ? [[name, text] as const] : [],
  );
  return Object.fromEntries(texts);
}
