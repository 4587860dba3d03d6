import { auditChanges } from "#app/domain/audit-log/audit-words.ts";
import {
  encodeCursor,
  type Page,
  type PagePlan,
  type PageRequest,
  planPage,
  toPage,
} from "#app/domain/keyset.server.ts";
import { escapeLike, searchText } from "#app/domain/search-text.ts";
import { db } from "#app/infra/db.server.ts";
import type { AuditLog, Prisma } from "#app/infra/prisma-client/client.ts";

export type AuditFilter = {
  /** One event, such as `license.revoked`. */
  event?: string | undefined;
  /** staff | customer | api-key | system | stripe, or the id or part of the address of one actor. */
  actor?: string | undefined;
  /** The id of a license, order, customer, event, …: rows about it or touching it. */
  target?: string | undefined;
  /** Part of a reason or cause, or a whole request id. */
  text?: string | undefined;
  /** One row: what a permalink names. */
  seq?: string | undefined;
};

export type AuditRow = ReturnType<typeof toRow>;

const maxSeq = 9_223_372_036_854_775_807n;
const isSeq = (value: string) => /^\d{1,19}$/.test(value) && BigInt(value) <= maxSeq;

/** The audit log, newest first by its number. */
export async function listAuditLog(input: AuditFilter & PageRequest): Promise<Page<AuditRow>> {
  const plan = planPage(input, isSeq);
  const found = await db().auditLog.findMany({
    where: { AND: [...filterWhere(input), bySeq(plan)] },
    orderBy: { seq: plan.backwards ? "asc" : "desc" },
    take: plan.limit + 1,
  });
  return toPage(found.map(toRow), plan, (row) => encodeCursor(row.seq, ""));
}

function bySeq(plan: PagePlan): Prisma.AuditLogWhereInput {
  if (!plan.cursor) return {};
  const seq = BigInt(plan.cursor[0]);
  return { seq: plan.backwards ? { gt: seq } : { lt: seq } };
}

const actorTypes = ["staff", "customer", "api-key", "system", "stripe"];

function filterWhere(filter: AuditFilter): Prisma.AuditLogWhereInput[] {
  const where: Prisma.AuditLogWhereInput[] = [];
  const event = searchText(filter.event);
  if (event) where.push({ event });
  const actor = searchText(filter.actor);
  if (actor)
    where.push(
      actorTypes.includes(actor)
        ? { actorType: actor }
        : { OR: [{ actorId: actor }, { actorLabel: { contains: escapeLike(actor), mode: "insensitive" } }] },
    );
  const id = searchText(filter.target);
  if (id) where.push({ OR: [{ targetId: id }, { licenseId: id }, { orderId: id }, { customerId: id }] });
  const text = searchText(filter.text);
  if (text) {
    const contains = { contains: escapeLike(text), mode: "insensitive" } as const;
    where.push({ OR: [{ reason: contains }, { cause: contains }, { requestId: text }] });
  }
  const seq = searchText(filter.seq);
  if (seq && isSeq(seq)) where.push({ seq: BigInt(seq) });
  return where;
}

function toRow(row: AuditLog) {
  return {
    seq: row.seq.toString(),
    at: row.at,
    actorType: row.actorType,
    actorId: row.actorId,
    actorLabel: row.actorLabel,
    event: row.event,
    targetType: row.targetType,
    targetId: row.targetId,
    licenseId: row.licenseId,
    orderId: row.orderId,
    customerId: row.customerId,
    reason: row.reason,
    cause: row.cause,
    requestId: row.requestId,
    changes: auditChanges(row.before, row.after),
  };
}
