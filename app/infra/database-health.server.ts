import { pool } from "#app/infra/db.server.ts";

/** Whether the database answers a question within `limitMs`. Never throws. */
export async function isDatabaseReady(limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const answer = pool()
    .query("SELECT 1")
    .then(
      () => true,
      () => false,
    );
  const ready = await Promise.race([answer, tooLate]);
  clearTimeout(timer);
  return ready;
}
