import { db } from "#app/infra/db.server.ts";

/** What still waits for a person, newest first; `more` tells that there are others. */
export async function listOpenAlerts(input: { limit: number }) {
  const found = await db().alert.findMany({
    where: { resolvedAt: null },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: input.limit + 1,
  });
  const alerts = found.slice(0, input.limit).map(({ id, kind, message, sourceId, orderId, createdAt }) => ({
    id,
    kind,
    message,
    sourceId,
    orderId,
    createdAt,
  }));
  return { alerts, more: found.length > input.limit };
}
