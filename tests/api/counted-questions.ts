import { vi } from "vitest";
import { pool } from "#app/infra/db.server.ts";

/** How often the database was asked about a license while `work` ran; settings are read all the time. */
export async function questionsDuring(work: () => Promise<unknown>): Promise<number> {
  const query = vi.spyOn(pool(), "query");
  const connect = vi.spyOn(pool(), "connect");
  await work();
  const asked = query.mock.calls.filter(([statement]) => /\blicense\b/.test(JSON.stringify(statement)));
  // A transaction takes a connection for itself; a single statement has the pool take one and passes a callback.
  const transactions = connect.mock.calls.filter(([callback]) => callback === undefined);
  query.mockRestore();
  connect.mockRestore();
  return asked.length + transactions.length;
}
