import { recentSettings } from "#app/domain/setting/recent-settings.server.ts";
import type { Settings } from "#app/domain/setting/settings.ts";
import { clientKey } from "#app/http/rate-limit.server.ts";
import { type CallCounter, callCounter } from "#app/infra/call-counter.server.ts";
import { countInWindow, levelOf, raise, raisedPrefix, takeFromBucket } from "#app/infra/call-counts.ts";
import type { Turn } from "#app/infra/rate-limiter.server.ts";

export type CallLimits = Pick<
  Settings,
  | "publicCallsPerAddressPerMinute"
  | "publicCallsPerKeyPerMinute"
  | "failedLookupsPerAddressPerMinute"
  | "managementCallsPerSecond"
>;
/** `limit` and `remaining` are Infinity where the vendor chose no limit. */
export type CallTurn = Turn & { limit: number; remaining: number; resetSeconds: number };
export type CallLimitName = keyof typeof limits;

type Count = { who: string; chosen: CallLimits; counter: CallCounter; nowMs: number };

const minuteMs = 60_000;
const hourMs = 3_600_000;

const limits = {
  /** Every call of an address, good or bad, at ten times what it may do: those beyond are not even read. */
  flood: (call: Count) =>
    perMinute("flood", byAddress(call), 10 * call.chosen.publicCallsPerAddressPerMinute),
  "public-address": (call: Count) =>
    perMinute("public-address", byAddress(call), call.chosen.publicCallsPerAddressPerMinute),
  "public-key": (call: Count) => perMinute("public-key", call, call.chosen.publicCallsPerKeyPerMinute),
  "failed-lookup": (call: Count) =>
    countFailure(byAddress(call), call.chosen.failedLookupsPerAddressPerMinute),
  "management-key": (call: Count) => countManagementCall(call, call.chosen.managementCallsPerSecond),
} as const satisfies Record<string, (call: Count) => CallTurn>;

/**
 * Counts one call and says whether it may go on; never waits. Several processes share the counts within about a second.
 * `who` is the address of the client (counted by `clientKey`), the id of the license for "public-key", of the API key for
 * "management-key"; never a key itself. Refused calls are not counted.
 *
 * "failed-lookup" is for calls whose key turned out to be unknown and no others: that is what keeps a stranger behind
 * the same address from locking a customer out.
 */
export function countCall(
  name: CallLimitName,
  who: string,
  {
    chosen = recentSettings(),
    counter = callCounter(),
    nowMs = Date.now(),
  }: Partial<Omit<Count, "who">> = {},
): CallTurn {
  return limits[name]({ who, chosen, counter, nowMs });
}

/**
 * What is left for the client, by the limit nearest to its end, in seconds as of the IETF draft "RateLimit header
 * fields" (03); with Retry-After once a call was refused.
 */
export function rateLimitHeaders(turns: readonly CallTurn[]): Record<string, string> {
  const [tightest] = turns.filter(({ limit }) => Number.isFinite(limit)).sort(compareTightness);
  if (!tightest) return {};
  return {
    "RateLimit-Limit": String(tightest.limit),
    "RateLimit-Remaining": String(tightest.remaining),
    "RateLimit-Reset": String(tightest.resetSeconds),
    ...(!tightest.allowed && { "Retry-After": String(tightest.retryAfterSeconds) }),
  };
}

/** Refused before allowed, the longest wait first; else by what is left. */
function compareTightness(a: CallTurn, b: CallTurn): number {
  return (
    b.retryAfterSeconds - a.retryAfterSeconds || a.remaining - b.remaining || b.resetSeconds - a.resetSeconds
  );
}

const noLimit: CallTurn = {
  allowed: true,
  retryAfterSeconds: 0,
  limit: Number.POSITIVE_INFINITY,
  remaining: Number.POSITIVE_INFINITY,
  resetSeconds: 0,
};

function byAddress(call: Count): Count {
  return { ...call, who: clientKey(call.who) };
}

function perMinute(name: string, { who, counter, nowMs }: Count, limit: number): CallTurn {
  if (limit === 0) return noLimit;
  const window = { limit, windowMs: minuteMs };
  const { allowed, count, resetsInMs } = countInWindow(counter.counts, `${name}:${who}`, window, nowMs);
  if (allowed) counter.changed();
  return toTurn({ allowed, limit, remaining: limit - count, resetsInMs });
}

function countManagementCall({ who, counter, nowMs }: Count, perSecond: number): CallTurn {
  if (perSecond === 0) return noLimit;
  const burst = 2 * perSecond;
  const spent = takeFromBucket(counter.counts, `management-key:${who}`, { perSecond, burst }, nowMs);
  if (spent.allowed) counter.changed();
  const turn = { allowed: spent.allowed, limit: burst, remaining: spent.remaining };
  return toTurn({ ...turn, resetsInMs: spent.fullInMs, retryAfterMs: spent.retryAfterMs });
}

/**
 * A minute full of failures locks for a minute; the next one for two, and so on up to an hour. An hour after the
 * last failure or lock all is forgiven. One row holds both facts: its level, and an end that is always an hour after.
 */
function countFailure(call: Count, limit: number): CallTurn {
  if (limit === 0) return noLimit;
  const { who, counter, nowMs } = call;
  const key = `${raisedPrefix}failed-lookup:${who}`;
  const known = levelOf(counter.counts, key, nowMs);
  const level = known?.level ?? 0;
  const lockedMs = (known?.untilMs ?? 0) - hourMs - nowMs;
  if (level > 0 && lockedMs > 0) return toTurn({ allowed: false, limit, remaining: 0, resetsInMs: lockedMs });
  const failure = perMinute("failed-lookup", call, limit);
  const isFull = failure.remaining <= 0;
  const lockMs = isFull ? Math.min(2 ** level, 60) * minuteMs : 0;
  // Told even where it changes nothing: the answer brings the lock another process has set.
  raise(counter.counts, key, isFull ? level + 1 : level, nowMs + lockMs + hourMs, nowMs);
  counter.changed();
  if (failure.allowed) return isFull ? { ...failure, resetSeconds: seconds(lockMs) } : failure;
  return toTurn({ allowed: false, limit, remaining: 0, resetsInMs: lockMs });
}

function toTurn(turn: {
  allowed: boolean;
  limit: number;
  remaining: number;
  resetsInMs: number;
  retryAfterMs?: number;
}): CallTurn {
  const { allowed, limit, resetsInMs } = turn;
  return {
    allowed,
    retryAfterSeconds: allowed ? 0 : Math.max(1, seconds(turn.retryAfterMs ?? resetsInMs)),
    limit,
    remaining: Math.max(0, turn.remaining),
    resetSeconds: seconds(resetsInMs),
  };
}

function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000);
}
