import { RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";
import { pool } from "#app/infra/db.server.ts";
import { singleton } from "#app/infra/singleton.server.ts";

/** `turns` in each window of `windowSeconds`, counted from the first turn in it. */
export type Limit = { name: string; turns: number; windowSeconds: number };
export type Turn = { allowed: boolean; retryAfterSeconds: number };

/**
 * Takes one turn, counted in the database for all processes together, in one atomic statement.
 * `retryAfterSeconds` is 0 when it was allowed.
 */
export async function takeTurn(limit: Limit, key: string): Promise<Turn> {
  try {
    await limiter(limit).consume(key);
    return { allowed: true, retryAfterSeconds: 0 };
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    return { allowed: false, retryAfterSeconds: Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)) };
  }
}

/** Gives one turn back, for limits that only count failures. */
export async function giveTurnBack(limit: Limit, key: string): Promise<void> {
  await limiter(limit).reward(key);
}

function limiter(limit: Limit): RateLimiterPostgres {
  const { name, turns, windowSeconds } = limit;
  const create = () =>
    new RateLimiterPostgres({
      storeClient: pool(),
      storeType: "pool",
      tableName: "rate_limit",
      tableCreated: true,
      clearExpiredByTimeout: false,
      keyPrefix: name,
      points: turns,
      duration: windowSeconds,
    });
  const made = singleton(`rate-limiter:${name}`, () => ({ pool: pool(), limiter: create() }));
  // The pool is replaced when the database is closed and opened again.
  if (made.pool !== pool()) Object.assign(made, { pool: pool(), limiter: create() });
  return made.limiter;
}
