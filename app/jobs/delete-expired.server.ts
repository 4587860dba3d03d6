import { keptDays } from "#app/domain/idempotency/idempotency.server.ts";
import { db } from "#app/infra/db.server.ts";

const dayMs = 86_400_000;

/**
 * Deletes what has no use any more: ended sessions, codes, spent counters, form tokens older than 30 days. Sessions and
 * counters live by the machine's clock (docs/decisions/0012), so that business time running ahead signs nobody out.
 */
export async function deleteExpired(now: Date): Promise<number> {
  const machineNow = new Date();
  const counts = await Promise.all([
    db().customerSession.deleteMany({ where: { expiresAt: { lt: machineNow } } }),
    db().staffSession.deleteMany({ where: { expiresAt: { lt: machineNow } } }),
    db().signInFlow.deleteMany({ where: { expiresAt: { lt: new Date(now.getTime() - dayMs) } } }),
    db().rateLimit.deleteMany({ where: { expire: { lt: BigInt(machineNow.getTime() - dayMs) } } }),
    db().callCount.deleteMany({ where: { resetsAt: { lt: machineNow } } }),
    db().submission.deleteMany({ where: { createdAt: { lt: new Date(now.getTime() - 30 * dayMs) } } }),
    db().idempotencyRecord.deleteMany({
      where: { createdAt: { lt: new Date(now.getTime() - keptDays * dayMs) } },
    }),
  ]);
  return counts.reduce((sum, { count }) => sum + count, 0);
}
