import { claimSource } from "#app/domain/stripe-sync/claim-source.server.ts";
import { syncSource } from "#app/domain/stripe-sync/sync-source.server.ts";
import { db } from "#app/infra/db.server.ts";

/**
 * Syncs a source here unless another process already does; then looks until that one is done. Gives up at `deadline`
 * (milliseconds since the epoch, on the machine's clock): a person is waiting. Never throws because of Stripe.
 */
export async function awaitSync(sourceId: string, now: Date, deadline: number): Promise<void> {
  while (Date.now() < deadline) {
    const claim = await claimSource(sourceId, now);
    if (claim) {
      await Promise.race([syncSource(claim, now), pause(deadline - Date.now())]);
      return;
    }
    if (await isInStep(sourceId)) return;
    await pause(100);
  }
}

/** Whether everything heard about a source so far is in our records; false when it is unknown. */
export async function isInStep(sourceId: string): Promise<boolean> {
  const source = await db().stripeSource.findUnique({
    where: { id: sourceId },
    select: { dirtySeq: true, syncedSeq: true },
  });
  return source !== null && source.dirtySeq <= source.syncedSeq;
}

export function pause(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), milliseconds).unref());
}
