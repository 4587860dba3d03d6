import { db } from "#app/infra/db.server.ts";

const dayMs = 86_400_000;

/** Deletes what has no use any more: ended sessions, codes, spent counters, form tokens older than 30 days. */
export async function deleteExpired(now: Date): Promise<number> {
  const aDayAgo = new Date(now.getTime() - dayMs);
  const counts = await Promise.all([
    db().customerSession.deleteMany({ where: { expiresAt: { lt: now } } }),
    db().staffSession.deleteMany({ where: { expiresAt: { lt: now } } }),
    db().signInFlow.deleteMany({ where: { expiresAt: { lt: aDayAgo } } }),
    db().rateLimit.deleteMany({ where: { expire: { lt: BigInt(aDayAgo.getTime()) } } }),
    db().submission.deleteMany({ where: { createdAt: { lt: new Date(now.getTime() - 30 * dayMs) } } }),
  ]);
  return counts.reduce((sum, { count }) => sum + count, 0);
}
