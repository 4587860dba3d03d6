import {
  type EndingLicense,
  type EndWindow,
  expiryLookBackDays,
} from "#app/domain/email-outbox/end-reminders.ts";
import { endsAt } from "#app/domain/license/license-status-where.server.ts";
import { db } from "#app/infra/db.server.ts";
import { Prisma } from "#app/infra/prisma-client/client.ts";

/** A license whose end is near or over, with whom to tell. */
export type FoundLicense = EndingLicense & {
  id: string;
  customerId: string;
  email: string;
  orderId: string | null;
  sourceId: string | null;
};

/** Where a reader of ends goes on; null = at the beginning. */
export type EndPosition = { end: Date; id: string };

type Row = EndPosition & { sourceId: string | null; orderId: string | null };
export type EndPage = { licenses: FoundLicense[]; pageIds: Set<string>; next: EndPosition | null };

const pageSize = 500;
const dayMs = 86_400_000;

/** Without an owner there is nobody to tell. */
const untroubled = Prisma.sql`l.revoked_at IS NULL AND l.customer_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM license_hold h WHERE h.license_id = l.id)`;

/** Good licenses that end within a window, along the index `license_ends`. */
export function endingIn(window: EndWindow, now: Date, after: EndPosition | null): Prisma.Sql {
  return Prisma.sql`
    SELECT l.id, ${endsAt} AS "end", l.source_id AS "sourceId", l.order_id AS "orderId" FROM license l
    WHERE ${endsAt} >= ${window.from}::timestamptz AND ${endsAt} < ${window.to}::timestamptz
      AND ${endsAt} > ${now}::timestamptz AND ${untroubled} AND ${beyond(endsAt, after)}
    ORDER BY ${endsAt}, l.id LIMIT ${pageSize}`;
}

/** Good licenses that never end but whose updates do. */
export function updatesEndingIn(window: EndWindow, now: Date, after: EndPosition | null): Prisma.Sql {
  const end = Prisma.sql`l.updates_until`;
  return Prisma.sql`
    SELECT l.id, ${end} AS "end", l.source_id AS "sourceId", l.order_id AS "orderId" FROM license l
    WHERE l.paid_until IS NULL AND l.extended_until IS NULL
      AND ${end} >= ${window.from}::timestamptz AND ${end} < ${window.to}::timestamptz
      AND ${end} > ${now}::timestamptz AND ${untroubled} AND ${beyond(end, after)}
    ORDER BY ${end}, l.id LIMIT ${pageSize}`;
}

/** A subscription that failed for weeks is ended long after the last day that was paid. */
const longestDunningDays = 100;

/**
 * Licenses that are over, are held by nothing, and of whose end nobody was told: dated ones that ended after `since`,
 * and those of subscriptions, of which the caller has to know whether they have ended.
 */
export function expiredSince(since: Date, now: Date, after: EndPosition | null): Prisma.Sql {
  const lookBack = new Date(Math.max(since.getTime(), now.getTime() - expiryLookBackDays * dayMs));
  const earliest = new Date(now.getTime() - longestDunningDays * dayMs);
  return Prisma.sql`
    SELECT l.id, ${endsAt} AS "end", l.source_id AS "sourceId", l.order_id AS "orderId" FROM license l
    WHERE ${endsAt} > ${earliest}::timestamptz AND ${endsAt} <= ${now}::timestamptz
      AND (l.term = 'subscription' OR ${endsAt} > ${lookBack}::timestamptz)
      AND (l.grace_until IS NULL OR l.grace_until <= ${now}::timestamptz)
      AND ${untroubled} AND ${beyond(endsAt, after)}
      AND NOT EXISTS (
        SELECT 1 FROM email e WHERE e.kind = 'license-expired' AND e.cause_key = ${causeKey})
    ORDER BY ${endsAt}, l.id LIMIT ${pageSize}`;
}

/** The same text as `expiredCauseKey`. */
const causeKey = Prisma.sql`COALESCE(l.source_id, l.order_id, l.id) || ':' ||
  to_char(${endsAt} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

export function expiredCauseKey(purchase: string, end: Date): string {
  return `${purchase}:${end.toISOString()}`;
}

function beyond(end: Prisma.Sql, after: EndPosition | null): Prisma.Sql {
  return after ? Prisma.sql`(${end}, l.id) > (${after.end}::timestamptz, ${after.id})` : Prisma.sql`TRUE`;
}

const shown = {
  id: true,
  orderId: true,
  sourceId: true,
  itemKey: true,
  term: true,
  issuedAt: true,
  paidUntil: true,
  extendedUntil: true,
  updatesUntil: true,
  customer: { select: { id: true, email: true } },
} satisfies Prisma.LicenseSelect;

/** One page of what such a statement finds, with other licenses of the same purchases, so that no mail names only a part. */
export async function readPage(statement: Prisma.Sql): Promise<EndPage> {
  const rows = await db().$queryRaw<Row[]>(statement);
  const last = rows.at(-1);
  if (!last) return { licenses: [], pageIds: new Set(), next: null };
  const sources = new Set(rows.flatMap(({ sourceId }) => sourceId ?? []));
  const orders = new Set(rows.flatMap(({ sourceId, orderId }) => (sourceId ? [] : (orderId ?? []))));
  const found = await db().license.findMany({
    where: {
      revokedAt: null,
      customerId: { not: null },
      holds: { none: {} },
      OR: [
        { id: { in: rows.map(({ id }) => id) } },
        { sourceId: { in: [...sources] } },
        { sourceId: null, orderId: { in: [...orders] } },
      ],
    },
    select: shown,
    orderBy: [{ ordinal: "asc" }, { id: "asc" }],
  });
  return {
    licenses: found.flatMap(({ customer, ...license }) =>
      customer ? { ...license, customerId: customer.id, email: customer.email } : [],
    ),
    pageIds: new Set(rows.map(({ id }) => id)),
    next: rows.length < pageSize ? null : { end: last.end, id: last.id },
  };
}
