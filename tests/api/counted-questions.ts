import pg from "pg";
import { vi } from "vitest";

/**
 * How often the database was asked about a license while `work` ran, over any connection and in any transaction. The
 * settings and the signing key are read all the time, whatever is asked.
 */
export async function questionsDuring(work: () => Promise<unknown>): Promise<number> {
  const query = vi.spyOn(pg.Client.prototype, "query");
  await work();
  const asked = query.mock.calls.filter(([statement]) => /\blicense\b/.test(textOf(statement)));
  query.mockRestore();
  return asked.length;
}

function textOf(statement: unknown): string {
  if (typeof statement === "string") return statement;
  return typeof statement === "object" && statement && "text" in statement ? String(statement.text) : "";
}
