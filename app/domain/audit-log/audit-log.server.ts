import type { Actor, AuditEvent } from "#app/domain/audit-log/audit-event.ts";
import type { Tx } from "#app/infra/db.server.ts";
import { Prisma } from "#app/infra/prisma-client/client.ts";

export type AuditEntry = {
  now: Date;
  actor: Actor;
  event: AuditEvent;
  target: { type: string; id: string };
  licenseId?: string | null;
  orderId?: string | null;
  customerId?: string | null;
  /** Why, in the words of the person who did it. */
  reason?: string | null;
  /** What led here: event ids, "timer", "return page". */
  cause?: string | null;
  before?: Prisma.InputJsonObject;
  after?: Prisma.InputJsonObject;
  requestId?: string | null;
};

/**
 * Writes the record in the transaction of the change, so that neither exists without the other.
 * Rows are never changed afterwards: a trigger refuses it.
 */
export async function recordAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  await tx.$executeRaw(auditInsert(entry));
}

/** The same as a statement, for transactions that send their statements themselves. */
export function auditInsert(entry: AuditEntry): Prisma.Sql {
  const { at, actorType, actorId, actorLabel, event, targetType, targetId, ...row } = rowOf(entry);
  return Prisma.sql`
    INSERT INTO audit_log (at, actor_type, actor_id, actor_label, event, target_type, target_id, license_id, order_id,
      customer_id, reason, cause, before, after, request_id)
    VALUES (${at}, ${actorType}, ${actorId}, ${actorLabel}, ${event}, ${targetType}, ${targetId}, ${row.licenseId},
      ${row.orderId}, ${row.customerId}, ${row.reason}, ${row.cause}, ${jsonText(entry.before)}::jsonb,
      ${jsonText(entry.after)}::jsonb, ${row.requestId})`;
}

const jsonText = (value: Prisma.InputJsonObject | undefined) =>
  value === undefined ? null : JSON.stringify(value);

/** Many records of one change, numbered in their order; a large sale has thousands. */
export async function recordAudits(tx: Tx, entries: AuditEntry[]): Promise<void> {
  await tx.auditLog.createMany({ data: entries.map(rowOf) });
}

function rowOf(entry: AuditEntry) {
  return {
    at: entry.now,
    actorType: entry.actor.type,
    actorId: "id" in entry.actor ? entry.actor.id : null,
    actorLabel: entry.actor.label,
    event: entry.event,
    targetType: entry.target.type,
    targetId: entry.target.id,
    licenseId: entry.licenseId ?? null,
    orderId: entry.orderId ?? null,
    customerId: entry.customerId ?? null,
    reason: entry.reason ?? null,
    cause: entry.cause ?? null,
    before: entry.before ?? Prisma.DbNull,
    after: entry.after ?? Prisma.DbNull,
    requestId: entry.requestId ?? null,
  };
}
