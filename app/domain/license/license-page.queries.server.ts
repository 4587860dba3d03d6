import { statusWhere } from "#app/domain/license/license-status-where.server.ts";
import { readManagedLicenses } from "#app/domain/license/managed-license.queries.server.ts";
import type { ManagedLicense } from "#app/domain/license/managed-license.ts";
import { searchWhere } from "#app/domain/license/search-licenses.server.ts";
import { searchText } from "#app/domain/search-text.ts";
import { db } from "#app/infra/db.server.ts";
import { Prisma } from "#app/infra/prisma-client/client.ts";

/** How a license is used now, by what counts first: taken away or held, at its end, on some device, on none. */
export const licenseUses = ["withdrawn", "ended", "in-use", "unused"] as const;
export type LicenseUse = (typeof licenseUses)[number];

export type LicensePage = {
  licenses: ManagedLicense[];
  /** Of all pages. */
  total: number;
  /** Of all licenses there are, whatever was asked for. */
  counts: Record<LicenseUse, number>;
};

/**
 * One page of licenses, newest first, for programs that turn pages by number (from 1) and show how many there are of each
 * kind. `q` is what staff would type into the search box, or the slug of a policy. Counts all licenses.
 */
export async function licensePage(
  request: { q?: string | undefined; use?: LicenseUse | undefined; page: number; pageSize: number },
  now: Date,
): Promise<LicensePage> {
  const where = Prisma.join([await matching(request.q), usedLike(request.use, now)], " AND ");
  const found = await db().$queryRaw<{ id: string }[]>`
    SELECT l.id FROM license l WHERE ${where} ORDER BY l.created_at DESC, l.id DESC
    LIMIT ${request.pageSize} OFFSET ${(request.page - 1) * request.pageSize}`;
  const [row] = await db().$queryRaw<{ total: number }[]>`
    SELECT count(*)::int AS total FROM license l WHERE ${where}`;
  return {
    licenses: await readManagedLicenses(
      db(),
      found.map(({ id }) => id),
      now,
    ),
    total: row?.total ?? 0,
    counts: await countUses(now),
  };
}

async function matching(q: string | undefined): Promise<Prisma.Sql> {
  const text = searchText(q);
  const search = await searchWhere(q);
  if (!search) return Prisma.sql`TRUE`;
  return Prisma.sql`(${search} OR l.policy_id IN (SELECT id FROM policy WHERE slug = ${text}))`;
}

function usedLike(use: LicenseUse | undefined, now: Date): Prisma.Sql {
  return use ? Prisma.sql`${howUsed(now)} = ${use}` : Prisma.sql`TRUE`;
}

function howUsed(now: Date): Prisma.Sql {
  return Prisma.sql`CASE
    WHEN (${statusWhere("revoked", now)}) OR (${statusWhere("suspended", now)}) THEN 'withdrawn'
    WHEN ${statusWhere("expired", now)} THEN 'ended'
    WHEN EXISTS (SELECT 1 FROM activation a WHERE a.license_id = l.id AND a.released_at IS NULL
      AND (a.lease_until IS NULL OR a.lease_until > ${now}::timestamptz)) THEN 'in-use'
    ELSE 'unused' END`;
}

async function countUses(now: Date): Promise<Record<LicenseUse, number>> {
  const rows = await db().$queryRaw<{ use: LicenseUse; total: number }[]>`
    SELECT ${howUsed(now)} AS use, count(*)::int AS total FROM license l GROUP BY 1`;
  const counts = { withdrawn: 0, ended: 0, "in-use": 0, unused: 0 };
  for (const { use, total } of rows) counts[use] = total;
  return counts;
}
