import { db } from "#app/infra/db.server.ts";

const dayMs = 86_400_000;
/** After a long silence a sweep starts where the last one ended, but not further back; Stripe lists events as long. */
const longestLookBackMs = 30 * dayMs;

/** The process is to end: the sweep was left in the middle and does not count as done. */
export class SweepStopped extends Error {}

/** Marks what differs at Stripe and says how many it marked; throws SweepStopped soon after `isStopping` says so. */
export type Sweep = (now: Date, isStopping?: () => boolean) => Promise<number>;

/** When the sweep of this name last began, in whichever process; null = never. */
export async function lastSweepAt(name: string): Promise<Date | null> {
  const cursor = await db().sweepCursor.findUnique({ where: { name } });
  return cursor && new Date(cursor.value);
}

/** Written when the sweep is through: one that was cut off is repeated from where it began. */
export async function noteSweep(name: string, startedAt: Date): Promise<void> {
  const value = startedAt.toISOString();
  await db().sweepCursor.upsert({ where: { name }, create: { name, value }, update: { value } });
}

/** From when on a sweep has to look: `overlapMs` before the last one, thirty days back at most and at first. */
export function lookBackFrom(lastRun: Date | null, now: Date, overlapMs: number): Date {
  const furthest = now.getTime() - longestLookBackMs;
  if (!lastRun) return new Date(furthest);
  const wanted = Math.min(lastRun.getTime(), now.getTime()) - overlapMs;
  return new Date(Math.max(wanted, furthest));
}

/** As Stripe's `created` filters take it. */
export function unixSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

/** A process that takes a turn and dies leaves it to the next one after this long. */
const turnMs = 15 * 60_000;

/**
 * Whether this process may sweep now: the last sweep of this name is `everyMs` old and nobody else has begun one. One
 * that failed is tried again when its turn has run out.
 */
export async function takeSweepTurn(name: string, now: Date, everyMs: number): Promise<boolean> {
  const last = await lastSweepAt(name);
  const age = last ? now.getTime() - last.getTime() : null;
  // A clock that was set back must not keep the sweep waiting until it has caught up.
  if (age !== null && age >= 0 && age < everyMs) return false;
  const value = now.toISOString();
  const over = new Date(now.getTime() - turnMs).toISOString();
  // ISO instants of one length: their order as text is that of time.
  const taken = await db().$executeRaw`
    INSERT INTO sweep_cursor (name, value, updated_at) VALUES (${`turn:${name}`}, ${value}, now())
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = now()
      WHERE sweep_cursor.value <= ${over} OR sweep_cursor.value > excluded.value`;
  return taken > 0;
}
