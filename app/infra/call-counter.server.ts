import {
  type CallCounts,
  createCallCounts,
  mergeShared,
  raisedPrefix,
  type SentCount,
  type SharedCount,
  takeBack,
  takeChanged,
} from "#app/infra/call-counts.ts";
import { beforeDbCloses, pool } from "#app/infra/db.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { singleton } from "#app/infra/singleton.server.ts";

/**
 * Counters of calls that several processes share. Each decides by its own memory and tells the others through the table
 * `call_count` half a second after something changed, so that no call waits for a write: a limit is known to all about
 * a second after one process has seen it full, and a process decides on a key it meets for the first time by its
 * own count until then. While the database is away each process counts alone.
 */
export type CallCounter = {
  counts: CallCounts;
  /** To be called after counting: has what changed told to the other processes. */
  changed: () => void;
  /** Tells it now. Never throws. */
  exchange: () => Promise<void>;
};

const exchangeMs = 500;
/** What a flood of addresses may cost this process at most. */
const maxKeys = 100_000;
const keysPerStatement = 5_000;
const complainMs = 60_000;

/** The counter of this process. */
export function callCounter(): CallCounter {
  return singleton("call-counter", () => createCallCounter());
}

/** A counter of its own; a process has one, tests make several to play several processes. */
export function createCallCounter(): CallCounter {
  const counts = createCallCounts(maxKeys);
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> | null = null;
  let complainedAtMs = Number.NEGATIVE_INFINITY;

  const exchange = async () => {
    if (timer) clearTimeout(timer);
    timer = null;
    await running;
    running = exchangeOnce(counts).catch((error: unknown) => {
      changed();
      if (Date.now() - complainedAtMs < complainMs) return;
      complainedAtMs = Date.now();
      logger().warn({ err: error }, "call limits are counted by this process alone: the database is away");
    });
    await running;
  };
  const changed = () => {
    if (timer) return;
    timer = setTimeout(() => void exchange(), exchangeMs).unref();
    beforeDbCloses("call-counter", async () => {
      await exchange();
      if (timer) clearTimeout(timer);
      timer = null;
    });
  };
  return { counts, changed, exchange };
}

/** @throws when the database does not answer; what it was to be told is kept for the next time. */
async function exchangeOnce(counts: CallCounts): Promise<void> {
  const changes = takeChanged(counts, Date.now());
  for (let from = 0; from < changes.length; from += keysPerStatement) {
    const part = changes.slice(from, from + keysPerStatement);
    try {
      mergeShared(counts, await tell(part), Date.now());
    } catch (error) {
      takeBack(counts, changes.slice(from));
      throw error;
    }
  }
}

/**
 * Windows are told as what is left of them and kept by the database's clock, so that machines need not agree on the time.
 * The order of the keys, the same for every process, keeps two statements from waiting for each other.
 */
const statement = `
INSERT INTO call_count AS shared (key, count, resets_at)
SELECT key, amount, now() + remaining * interval '1 millisecond'
FROM unnest($1::text[], $2::int[], $3::float8[]) AS told (key, amount, remaining) ORDER BY key COLLATE "C"
ON CONFLICT (key) DO UPDATE SET
  count = CASE
    WHEN shared.resets_at <= now() THEN excluded.count
    WHEN starts_with(excluded.key, '${raisedPrefix}') THEN greatest(shared.count, excluded.count)
    ELSE shared.count + excluded.count END,
  resets_at = CASE
    WHEN shared.resets_at <= now() THEN excluded.resets_at
    WHEN starts_with(excluded.key, '${raisedPrefix}') THEN greatest(shared.resets_at, excluded.resets_at)
    ELSE shared.resets_at END
RETURNING key, count, (extract(epoch FROM resets_at - now()) * 1000)::float8 AS "remainingMs"`;

async function tell(changes: readonly SentCount[]): Promise<SharedCount[]> {
  const query = {
    name: "exchange-call-counts",
    text: statement,
    values: [
      changes.map(({ key }) => key),
      changes.map(({ amount }) => amount),
      changes.map(({ remainingMs }) => remainingMs),
    ],
    // A database that is cut off must not hold up the exchange for good.
    query_timeout: 5_000,
  };
  return (await pool().query<SharedCount>(query)).rows;
}
