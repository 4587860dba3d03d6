import { beforeDbCloses, pool } from "#app/infra/db.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { singleton } from "#app/infra/singleton.server.ts";

const flushAfterMs = 30_000;

type Uses = { lastUsed: Map<string, Date>; timer: NodeJS.Timeout | null };

function uses(): Uses {
  return singleton("api-key-uses", () => ({ lastUsed: new Map(), timer: null }));
}

/** Remembers that a key was used, without a write: what is remembered is written half a minute later at the latest. */
export function noteApiKeyUse(id: string, now: Date): void {
  const state = uses();
  state.lastUsed.set(id, now);
  if (state.timer) return;
  state.timer = setTimeout(() => void writeApiKeyUses(), flushAfterMs).unref();
  beforeDbCloses("api-key-uses", writeApiKeyUses);
}

/**
 * Writes what is remembered. Called by the timer and before the process ends; never throws, and what could not be
 * written is kept for the next time. Safe to repeat: a use never moves back.
 */
export async function writeApiKeyUses(): Promise<void> {
  const state = uses();
  if (state.timer) clearTimeout(state.timer);
  state.timer = null;
  const noted = [...state.lastUsed];
  if (noted.length === 0) return;
  state.lastUsed.clear();
  try {
    // Rows are locked in one order, so that two processes that write the same keys wait and do not deadlock.
    await pool().query(
      `WITH used AS (
         SELECT k.id, u.at FROM unnest($1::text[], $2::timestamptz[]) AS u(id, at) JOIN api_key k ON k.id = u.id
         WHERE k.last_used_at IS NULL OR k.last_used_at < u.at
         ORDER BY k.id FOR NO KEY UPDATE OF k
       )
       UPDATE api_key SET last_used_at = GREATEST(api_key.last_used_at, used.at) FROM used WHERE api_key.id = used.id`,
      [noted.map(([id]) => id), noted.map(([, at]) => at)],
    );
  } catch (error) {
    for (const [id, at] of noted) if (!state.lastUsed.has(id)) state.lastUsed.set(id, at);
    logger().warn({ err: error }, "the last use of API keys could not be written; it is tried again later");
  }
}
