/** Counts of calls in the memory of one process; see call-counter.server.ts for how processes share them. */
export type CallCounts = { maxKeys: number; tallies: Map<string, Tally> };

type Tally = {
  /** Calls in the window, or the level of a raised key: what all processes told plus `unsent`. */
  count: number;
  /** Counted here and told to nobody yet. */
  unsent: number;
  changed: boolean;
  /** End of the window, in milliseconds of this machine's clock. */
  resetsAtMs: number;
  /** When this key and the other processes last told each other; at first, when this process met it. */
  exchangedAtMs: number;
  /** Of a bucket: when it is full again, and what one call takes from it. */
  bucket: { fullAtMs: number; intervalMs: number } | null;
};

/** What one process tells of a key: how much it added or, of a raised key, how high it lifted it. */
export type SentCount = { key: string; amount: number; remainingMs: number };
/** The same key as all processes have it together. */
export type SharedCount = { key: string; count: number; remainingMs: number };

/** Keys that begin so have the highest level and the latest end anybody gave them; all others are summed up. */
export const raisedPrefix = "highest:";
/** How long the calls of a bucket are summed up before the sum begins anew. */
const bucketWindowMs = 60_000;
/** Milliseconds since 1970 are exact to a few ten-thousandths in a double. */
const roundingMs = 0.01;

/** At most `maxKeys` are held: for one more, the key whose window began first is forgotten. */
export function createCallCounts(maxKeys: number): CallCounts {
  return { maxKeys, tallies: new Map() };
}

/** One more call in the window of a key, which begins with its first call. Beyond `limit` nothing is counted. */
export function countInWindow(
  counts: CallCounts,
  key: string,
  { limit, windowMs }: { limit: number; windowMs: number },
  nowMs: number,
): { allowed: boolean; count: number; resetsInMs: number } {
  const tally = getTally(counts, key, nowMs) ?? startTally(counts, key, nowMs + windowMs, nowMs);
  const allowed = tally.count < limit;
  if (allowed) addOne(tally);
  return { allowed, count: tally.count, resetsInMs: tally.resetsAtMs - nowMs };
}

/**
 * One call out of a bucket of `burst` that gets `perSecond` back each second. What other processes took from it between
 * two exchanges is taken as evenly spread: sharing never makes it stricter than one bucket for all would be.
 */
export function takeFromBucket(
  counts: CallCounts,
  key: string,
  { perSecond, burst }: { perSecond: number; burst: number },
  nowMs: number,
): { allowed: boolean; remaining: number; retryAfterMs: number; fullInMs: number } {
  const intervalMs = 1000 / perSecond;
  const before = counts.tallies.get(key);
  const tally = getTally(counts, key, nowMs) ?? startTally(counts, key, nowMs + bucketWindowMs, nowMs);
  tally.bucket ??= { fullAtMs: before?.bucket?.fullAtMs ?? 0, intervalMs };
  tally.bucket.intervalMs = intervalMs;
  const takenMs = Math.max(0, tally.bucket.fullAtMs - nowMs);
  const missingMs = takenMs + intervalMs - burst * intervalMs;
  const allowed = missingMs <= roundingMs;
  const fullInMs = allowed ? takenMs + intervalMs : takenMs;
  if (allowed) {
    tally.bucket.fullAtMs = nowMs + fullInMs;
    addOne(tally);
  }
  const remaining = Math.max(0, Math.floor(burst - (fullInMs - roundingMs) / intervalMs));
  return { allowed, remaining, retryAfterMs: allowed ? 0 : missingMs, fullInMs };
}

/** Lifts a raised key (`raisedPrefix`) to a level and moves its end; neither goes back before that end has come. */
export function raise(counts: CallCounts, key: string, level: number, untilMs: number, nowMs: number): void {
  const tally = getTally(counts, key, nowMs) ?? startTally(counts, key, untilMs, nowMs);
  tally.count = Math.max(tally.count, level);
  tally.resetsAtMs = Math.max(tally.resetsAtMs, untilMs);
  tally.changed = true;
}

/** How high a key is, and until when, as far as this process knows. */
export function levelOf(
  counts: CallCounts,
  key: string,
  nowMs: number,
): { level: number; untilMs: number } | null {
  const tally = getTally(counts, key, nowMs);
  return tally && { level: tally.count, untilMs: tally.resetsAtMs };
}

/** What there is to tell, which from now on counts as told; spent windows are forgotten. */
export function takeChanged(counts: CallCounts, nowMs: number): SentCount[] {
  const sent: SentCount[] = [];
  for (const [key, tally] of counts.tallies) {
    if (tally.resetsAtMs <= nowMs) {
      // A bucket that is not full yet outlives its window.
      if (!tally.bucket || tally.bucket.fullAtMs <= nowMs) counts.tallies.delete(key);
    } else if (tally.changed) {
      const amount = key.startsWith(raisedPrefix) ? tally.count : tally.unsent;
      sent.push({ key, amount, remainingMs: tally.resetsAtMs - nowMs });
      tally.unsent = 0;
      tally.changed = false;
    }
  }
  return sent;
}

/** Takes in what all processes have together of the keys that were told. */
export function mergeShared(counts: CallCounts, shared: readonly SharedCount[], nowMs: number): void {
  for (const { key, count, remainingMs } of shared) {
    const tally = counts.tallies.get(key);
    if (!tally || remainingMs <= 0) continue;
    if (key.startsWith(raisedPrefix)) {
      tally.count = Math.max(tally.count, count);
      tally.resetsAtMs = Math.max(tally.resetsAtMs, nowMs + remainingMs);
      continue;
    }
    const others = Math.max(0, count + tally.unsent - tally.count);
    if (tally.bucket) {
      const from = Math.max(tally.bucket.fullAtMs, tally.exchangedAtMs);
      tally.bucket.fullAtMs = from + others * tally.bucket.intervalMs;
    }
    tally.count = count + tally.unsent;
    tally.resetsAtMs = nowMs + remainingMs;
    tally.exchangedAtMs = nowMs;
  }
}

/** What could not be told is told the next time. */
export function takeBack(counts: CallCounts, sent: readonly SentCount[]): void {
  for (const { key, amount } of sent) {
    const tally = counts.tallies.get(key);
    if (!tally) continue;
    if (!key.startsWith(raisedPrefix)) tally.unsent += amount;
    tally.changed = true;
  }
}

function getTally(counts: CallCounts, key: string, nowMs: number): Tally | null {
  const tally = counts.tallies.get(key);
  return tally && tally.resetsAtMs > nowMs ? tally : null;
}

function startTally(counts: CallCounts, key: string, resetsAtMs: number, nowMs: number): Tally {
  const { tallies, maxKeys } = counts;
  const tally: Tally = {
    count: 0,
    unsent: 0,
    changed: false,
    resetsAtMs,
    exchangedAtMs: tallies.get(key)?.exchangedAtMs ?? nowMs,
    bucket: null,
  };
  // A map keeps the order in which its keys came: a new window belongs at the end of it.
  tallies.delete(key);
  const oldest = tallies.size >= maxKeys ? tallies.keys().next() : null;
  if (oldest && !oldest.done) tallies.delete(oldest.value);
  tallies.set(key, tally);
  return tally;
}

function addOne(tally: Tally): void {
  tally.count += 1;
  tally.unsent += 1;
  tally.changed = true;
}
