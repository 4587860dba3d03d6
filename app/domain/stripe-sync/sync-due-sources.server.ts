import { claimDueSources } from "#app/domain/stripe-sync/claim-source.server.ts";
import { syncSource } from "#app/domain/stripe-sync/sync-source.server.ts";

/** Sources fetched from Stripe at the same time; keeps a burst far below Stripe's read limits. */
const concurrency = 8;

/**
 * Syncs every source that is due at `now`, until none is left.
 * @returns how many syncs ran.
 */
export async function syncDueSources(now: Date, stopping: () => boolean = () => false): Promise<number> {
  let ran = 0;
  while (!stopping()) {
    const claims = await claimDueSources(now, concurrency);
    if (claims.length === 0) break;
    await Promise.all(claims.map((claim) => syncSource(claim, now)));
    ran += claims.length;
  }
  return ran;
}
