import { claimDueSources } from "#app/domain/stripe-sync/claim-source.server.ts";
import { syncSource } from "#app/domain/stripe-sync/sync-source.server.ts";

/** Sources fetched from Stripe at the same time; keeps a burst far below Stripe's read limits. */
const concurrency = 8;
/**
 * What happens once at Stripe is told in up to ten events within seconds. The first is acted on at once, the others
 * together after this pause, so that a purchase is never fetched more than twice for one change.
 */
const restSeconds = 3;

export type SourceSyncer = {
  /** Starts as many due syncs as there is room for; does not wait for them. @returns how many. */
  start: (now: Date) => Promise<number>;
  /** Resolves when none is under way. */
  idle: () => Promise<void>;
};

/**
 * Syncs due sources side by side, so that one that Stripe answers slowly holds up no other. `onDone` is called whenever
 * one has ended and there may be room for the next.
 */
export function createSourceSyncer(onDone: () => void): SourceSyncer {
  const underWay = new Set<Promise<void>>();
  return {
    start: async (now) => {
      const room = concurrency - underWay.size;
      if (room <= 0) return 0;
      const claims = await claimDueSources(now, room, { restSeconds });
      for (const claim of claims) {
        const sync = syncSource(claim, now).then(() => {
          underWay.delete(sync);
          onDone();
        });
        underWay.add(sync);
      }
      return claims.length;
    },
    idle: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

/**
 * Syncs every source that is due at `now`, until none is left.
 * @returns how many syncs ran.
 */
export async function syncDueSources(now: Date): Promise<number> {
  let ran = 0;
  for (;;) {
    const claims = await claimDueSources(now, concurrency);
    if (claims.length === 0) return ran;
    await Promise.all(claims.map((claim) => syncSource(claim, now)));
    ran += claims.length;
  }
}
