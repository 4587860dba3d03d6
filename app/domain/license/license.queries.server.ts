import {
  encodeCursor,
  isInstant,
  type Page,
  type PagePlan,
  type PageRequest,
  planPage,
  toPage,
} from "#app/domain/keyset.server.ts";
import { assessLicense, type LicenseStatus, validUntil } from "#app/domain/license/assess-license.ts";
import { licenseFacts } from "#app/domain/license/license-facts.ts";
import { maskKey } from "#app/domain/license/license-key.ts";
import { endsAt, statusWhere } from "#app/domain/license/license-status-where.server.ts";
import { endsWords } from "#app/domain/license/license-words.ts";
import { searchWhere } from "#app/domain/license/search-licenses.server.ts";
import { seatsInUse } from "#app/domain/license/seats-in-use.ts";
import { db } from "#app/infra/db.server.ts";
import { Prisma } from "#app/infra/prisma-client/client.ts";

export { getLicenseForStaff } from "#app/domain/license/staff-license.queries.server.ts";

export const licenseSorts = ["created", "ends", "customer"] as const;
export type LicenseSort = (typeof licenseSorts)[number];

export type LicenseListRequest = PageRequest & {
  q?: string | undefined;
  status?: LicenseStatus | undefined;
  /** Slug or id. */
  product?: string | undefined;
  sort?: LicenseSort | undefined;
  direction?: "asc" | "desc" | undefined;
  now: Date;
};

export type LicenseListRow = {
  id: string;
  maskedKey: string;
  productName: string;
  policyName: string;
  /** null = made by a program that named nobody */
  customer: { id: string; email: string } | null;
  status: LicenseStatus;
  /** "Never ends", "Ends 3 Dec 2027", … */
  ends: string;
  validUntil: Date | null;
  createdAt: Date;
  devicesUsed: number;
  /** null = any number */
  deviceLimit: number | null;
};

const shownAt = (now: Date) =>
  ({
    product: { select: { name: true } },
    policy: { select: { name: true } },
    customer: { select: { id: true, email: true } },
    holds: { select: { cause: true } },
    _count: { select: { activations: { where: seatsInUse(now) } } },
  }) satisfies Prisma.LicenseInclude;
type ShownLicense = Prisma.LicenseGetPayload<{ include: ReturnType<typeof shownAt> }>;

/**
 * Licenses for staff, page by page along an index: newest first unless asked otherwise. Sorted by end, those that
 * never end come after all others; sorted by customer, those without one.
 */
export async function listLicenses(request: LicenseListRequest): Promise<Page<LicenseListRow>> {
  const { now, sort = "created" } = request;
  const plan = planPage(request, isSortValue[sort]);
  const ids = await pageOfIds(await pageStatements(request, plan), plan);
  const found = await db().license.findMany({ where: { id: { in: ids } }, include: shownAt(now) });
  const byId = new Map(found.map((row) => [row.id, row]));
  const rows = ids.flatMap((id) => byId.get(id) ?? []);
  const {
    rows: page,
    previous,
    next,
  } = toPage(rows, plan, (row) => encodeCursor(sortValue(row, sort), row.id));
  return { rows: page.map((row) => toRow(row, now)), previous, next };
}

/** Whether there is any license at all: an empty list is then the filters' doing. */
export async function hasLicenses(): Promise<boolean> {
  return (await db().license.findFirst({ select: { id: true } })) !== null;
}

const never = "never";
/** No address is empty. */
const nobody = "";
const isSortValue: Record<LicenseSort, (value: string) => boolean> = {
  created: isInstant,
  ends: (value) => value === never || isInstant(value),
  customer: (value) => value.length <= 320,
};

function sortValue(row: ShownLicense, sort: LicenseSort): Date | string {
  if (sort === "created") return row.createdAt;
  return sort === "ends" ? (validUntil(row) ?? never) : (row.customer?.email ?? nobody);
}

async function filters(request: LicenseListRequest): Promise<Prisma.Sql> {
  const search = await searchWhere(request.q);
  const where = [Prisma.sql`TRUE`];
  if (search) where.push(search);
  if (request.status) where.push(statusWhere(request.status, request.now));
  if (request.product)
    where.push(
      Prisma.sql`l.product_id = (SELECT id FROM product WHERE slug = ${request.product} OR id = ${request.product} LIMIT 1)`,
    );
  return Prisma.join(where, " AND ");
}

type Statement = (take: number) => Prisma.Sql;

/** What the ids of a page are read with, one after another until it is full. Each goes along an index. */
export async function pageStatements(request: LicenseListRequest, plan: PagePlan): Promise<Statement[]> {
  const where = await filters(request);
  const sort = request.sort ?? "created";
  const ascending = (request.direction ?? (sort === "created" ? "desc" : "asc")) === "asc";
  return segments(sort, ascending !== plan.backwards, plan.cursor).map(
    (segment) => (take) =>
      Prisma.sql`
      SELECT l.id FROM license l ${segment.join ?? Prisma.empty}
      WHERE ${where} AND ${segment.where} ORDER BY ${segment.orderBy} LIMIT ${take}`,
  );
}

/** Reads one row more than the page holds. */
async function pageOfIds(statements: readonly Statement[], plan: PagePlan): Promise<string[]> {
  const ids: string[] = [];
  for (const statement of statements) {
    const take = plan.limit + 1 - ids.length;
    if (take <= 0) break;
    const rows = await db().$queryRaw<{ id: string }[]>(statement(take));
    ids.push(...rows.map(({ id }) => id));
  }
  return ids;
}

type Segment = { join?: Prisma.Sql; where: Prisma.Sql; orderBy: Prisma.Sql };

/** An order as stretches that an index can be read along from any cursor; what is null has no place among values. */
function segments(sort: LicenseSort, ascending: boolean, cursor: [string, string] | null): Segment[] {
  const way = ascending ? Prisma.sql`ASC` : Prisma.sql`DESC`;
  const beyond = ascending ? Prisma.sql`>` : Prisma.sql`<`;
  const along = (column: Prisma.Sql, from: Prisma.Sql | null): Segment => ({
    where: from ? Prisma.sql`(${column}, l.id) ${beyond} (${from}, ${cursor?.[1]}::text)` : Prisma.sql`TRUE`,
    orderBy: Prisma.sql`${column} ${way}, l.id ${way}`,
  });
  const inRest = cursor?.[0] === (sort === "customer" ? nobody : never);
  const value = cursor && !inRest ? cursor[0] : null;
  const restFrom = inRest ? Prisma.sql`l.id ${beyond} ${cursor?.[1]}::text` : Prisma.sql`TRUE`;
  const inOrder = (valued: Segment, rest: Segment) => {
    if (ascending) return inRest ? [rest] : [valued, rest];
    return value !== null ? [valued] : [rest, valued];
  };
  if (sort === "customer") {
    const from = value === null ? null : Prisma.sql`${value}::text`;
    const owned = along(Prisma.sql`c.email`, from);
    // Implied by the rest: the index can start from this bound, and from one over two tables it cannot.
    const bound = from ? Prisma.sql`c.email ${beyond}= ${from}` : Prisma.sql`TRUE`;
    return inOrder(
      {
        join: Prisma.sql`JOIN customer c ON c.id = l.customer_id`,
        where: Prisma.sql`${bound} AND ${owned.where}`,
        orderBy: owned.orderBy,
      },
      { where: Prisma.sql`l.customer_id IS NULL AND ${restFrom}`, orderBy: Prisma.sql`l.id ${way}` },
    );
  }
  const from = value === null ? null : Prisma.sql`${new Date(value)}::timestamptz`;
  if (sort === "created") return [along(Prisma.sql`l.created_at`, from)];
  const { where, orderBy } = along(endsAt, from);
  return inOrder(
    { where: Prisma.sql`${where} AND ${endsAt} IS NOT NULL`, orderBy },
    // The end is null in all of them; naming it first makes the order the index's own.
    { where: Prisma.sql`${endsAt} IS NULL AND ${restFrom}`, orderBy },
  );
}

function toRow(row: ShownLicense, now: Date): LicenseListRow {
  const facts = licenseFacts(row);
  const { status, validUntil: end } = assessLicense(facts, now);
  return {
    id: row.id,
    maskedKey: maskKey(row.keyPrefix, row.keyLastGroup),
    productName: row.product.name,
    policyName: row.policy.name,
    customer: row.customer,
    status,
    ends: endsWords(facts, now),
    validUntil: end,
    createdAt: row.createdAt,
    devicesUsed: row._count.activations,
    deviceLimit: row.deviceLimit,
  };
}
