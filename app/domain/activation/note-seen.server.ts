import { beforeDbCloses, pool } from "#app/infra/db.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { singleton } from "#app/infra/singleton.server.ts";

/** How late the last-seen instant of a device may be written. */
const flushMs = 5_000;
/** More than this between two flushes are dropped; being seen is worth a column, not a server's memory. */
const maxWaiting = 50_000;

type Seen = { waiting: Map<string, Date>; timer: NodeJS.Timeout | null };

const seen = () => singleton<Seen>("devices-seen", () => ({ waiting: new Map(), timer: null }));

/** Notes that a device was there. Written behind, in one statement for all, so that no answer waits for it. */
export function noteSeen(activationId: string, now: Date): void {
  const state = seen();
  if (state.waiting.size >= maxWaiting && !state.waiting.has(activationId)) return;
  state.waiting.set(activationId, now);
  beforeDbCloses("devices-seen", flushSeen);
  state.timer ??= setTimeout(() => {
    void flushSeen().catch((error: unknown) =>
      logger().warn({ err: error }, "the last-seen instants of devices could not be written"),
    );
  }, flushMs).unref();
}

/** Writes what was noted; an orderly shutdown calls it, too. */
export async function flushSeen(): Promise<void> {
  const state = seen();
  if (state.timer) clearTimeout(state.timer);
  state.timer = null;
  const batch = [...state.waiting];
  state.waiting.clear();
  if (batch.length === 0) return;
  await pool().query({
    name: "note-devices-seen",
    // A row that somebody else writes right now is passed over: who waits for nothing is in nobody's way, and two
    // processes that write the same devices in another order cannot lock each other out.
    text: `WITH free AS (
             SELECT a.id, s.at FROM activation a JOIN unnest($1::text[], $2::timestamptz[]) AS s (id, at) ON s.id = a.id
             WHERE a.last_seen_at < s.at FOR NO KEY UPDATE OF a SKIP LOCKED)
           UPDATE activation a SET last_seen_at = free.at FROM free WHERE a.id = free.id`,
    values: [batch.map(([id]) => id), batch.map(([, at]) => at)],
  });
}
