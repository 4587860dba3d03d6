import { readFileSync } from "node:fs";
import { withClient } from "#tests/bench/renewal-shops.ts";

/**
 * Processor time of the database's connections, those of the bench left out: what the database did, whatever else the
 * machine was doing. Null where the server's processes cannot be looked at (another machine, another system).
 */
export async function databaseTimes(databaseUrl: string): Promise<Map<number, number> | null> {
  const pids = await withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name <> 'bench'",
    );
    return rows.map(({ pid }) => pid);
  });
  try {
    return new Map(pids.map((pid) => [pid, millisecondsOf(pid)]));
  } catch {
    return null;
  }
}

/** @throws Error when there is no such process of PostgreSQL. */
function millisecondsOf(pid: number): number {
  if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("postgres")) throw new Error("Another process.");
  const [nanoseconds] = readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ");
  return Number(nanoseconds) / 1e6;
}

/** Milliseconds between two looks. A connection that was closed in between was idle and counts nothing. */
export function spentBetween(
  before: Map<number, number> | null,
  after: Map<number, number> | null,
): number | null {
  if (!before || !after) return null;
  let spent = 0;
  for (const [pid, milliseconds] of after) spent += milliseconds - (before.get(pid) ?? 0);
  return spent;
}
