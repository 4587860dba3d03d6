import type { AlertKind } from "#app/domain/alert/alert.server.ts";
import {
  encodeCursor,
  isInstant,
  newestFirst,
  type Page,
  type PageRequest,
  planPage,
  toPage,
} from "#app/domain/keyset.server.ts";
import { db } from "#app/infra/db.server.ts";
import type { Alert } from "#app/infra/prisma-client/client.ts";

export const alertStates = ["open", "resolved"] as const;
export type AlertState = (typeof alertStates)[number];
export type AlertRow = Omit<Alert, "causeKey">;

export type AlertListRequest = PageRequest & {
  state?: AlertState | undefined;
  kind?: AlertKind | undefined;
};

/** Alerts of one state: the open ones as they came, the resolved ones as they were resolved, the newest first. */
export async function listAlerts(request: AlertListRequest): Promise<Page<AlertRow>> {
  const resolved = request.state === "resolved";
  const plan = planPage(request, isInstant);
  const keyset = newestFirst(resolved ? "resolvedAt" : "createdAt", "id", plan);
  const found = await db().alert.findMany({
    where: {
      AND: [
        { resolvedAt: resolved ? { not: null } : null },
        request.kind ? { kind: request.kind } : {},
        keyset.where,
      ],
    },
    orderBy: keyset.orderBy,
    take: keyset.take,
    omit: { causeKey: true },
  });
  return toPage(found, plan, (row) =>
    encodeCursor(resolved && row.resolvedAt ? row.resolvedAt : row.createdAt, row.id),
  );
}

/** What still waits for a person, newest first; `more` tells that there are others. */
export async function listOpenAlerts(input: { limit: number }) {
  const { rows, next } = await listAlerts({ limit: input.limit });
  return { alerts: rows, more: next !== null };
}

/** How many wait for a person. */
export function countOpenAlerts(): Promise<number> {
  return db().alert.count({ where: { resolvedAt: null } });
}
