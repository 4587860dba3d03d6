export type TokenBucket = {
  /** Resolves when it is this caller's turn; first come, first served. */
  take: () => Promise<void>;
  /** Nobody has a turn for so long. */
  pause: (seconds: number) => void;
};

/** Lets `burst` callers through at once and then `perSecond` of them each second. */
export function createTokenBucket({ perSecond, burst }: { perSecond: number; burst: number }): TokenBucket {
  const intervalMs = 1000 / perSecond;
  /** When the bucket would be full again; how far that is ahead says how many turns were taken. */
  let fullAt = Number.NEGATIVE_INFINITY;
  let pausedUntil = Number.NEGATIVE_INFINITY;
  return {
    take: async () => {
      for (;;) {
        const now = performance.now();
        const paused = pausedUntil - now;
        if (paused > 0) {
          await sleep(paused);
          continue;
        }
        fullAt = Math.max(fullAt, now) + intervalMs;
        const wait = fullAt - now - burst * intervalMs;
        if (wait > 0) await sleep(wait);
        return;
      }
    },
    pause: (seconds) => {
      pausedUntil = Math.max(pausedUntil, performance.now() + seconds * 1000);
    },
  };
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
