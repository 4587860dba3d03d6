import { sweepCheckoutSessions } from "#app/domain/stripe-sync/sweep-checkout-sessions.server.ts";
import { db } from "#app/infra/db.server.ts";

const hourMs = 3_600_000;

/** Runs the sweep when the last one, in whichever process, is an hour old. */
export async function runHourlySweep(now: Date): Promise<number> {
  const cursor = await db().sweepCursor.findUnique({ where: { name: "checkout-sessions" } });
  if (cursor && now.getTime() - new Date(cursor.value).getTime() < hourMs) return 0;
  return sweepCheckoutSessions(now);
}
