import { expiringDays, type LicenseStatus } from "#app/domain/license/assess-license.ts";
import { Prisma } from "#app/infra/prisma-client/client.ts";

/** The end that counts, as the index `license_ends` has it; null = never. For a license called `l`. */
export const endsAt = Prisma.sql`GREATEST(l.paid_until, l.extended_until)`;

/** The last instant at which it works; GREATEST passes over what is null. */
const worksUntil = Prisma.sql`GREATEST(l.paid_until, l.extended_until, l.grace_until)`;
const held = Prisma.sql`EXISTS (SELECT 1 FROM license_hold h WHERE h.license_id = l.id)`;
const neither = Prisma.sql`l.revoked_at IS NULL AND NOT ${held}`;

/**
 * Which licenses (called `l`) have this status at `now`: the same answer as `assessLicense`, in SQL, so that a
 * filter reads only what it shows. A test compares the two over random licenses.
 */
export function statusWhere(status: LicenseStatus, now: Date): Prisma.Sql {
  const at = Prisma.sql`${now}::timestamptz`;
  const soon = Prisma.sql`${new Date(now.getTime() + expiringDays * 86_400_000)}::timestamptz`;
  const renews = Prisma.sql`(${endsAt} > ${at} AND COALESCE(l.grace_until > ${endsAt}, FALSE))`;
  const far = Prisma.sql`(${endsAt} > ${soon} OR ${endsAt} IS NULL OR ${renews})`;
  switch (status) {
    case "revoked":
      return Prisma.sql`l.revoked_at IS NOT NULL`;
    case "suspended":
      return Prisma.sql`l.revoked_at IS NULL AND ${held}`;
    case "expired":
      return Prisma.sql`${neither} AND ${endsAt} <= ${at} AND ${worksUntil} <= ${at}`;
    case "grace":
      return Prisma.sql`${neither} AND ${endsAt} <= ${at} AND ${worksUntil} > ${at}`;
    case "expiring":
      return Prisma.sql`${neither} AND ${endsAt} > ${at} AND ${endsAt} <= ${soon} AND NOT ${renews}`;
    case "active":
      return Prisma.sql`${neither} AND ${far} AND l.first_activated_at IS NOT NULL`;
    case "unused":
      return Prisma.sql`${neither} AND ${far} AND l.first_activated_at IS NULL`;
  }
}
