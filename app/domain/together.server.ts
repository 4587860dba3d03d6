import { inTransaction } from "#app/infra/db.server.ts";

/** Several acts of the domain as one: all of them happen, or none. */
export function together<T>(work: () => Promise<T>): Promise<T> {
  return inTransaction(work);
}
