import { type ClaimedSource, fetchDeadlineSeconds } from "#app/domain/stripe-sync/claim-source.server.ts";
import { withDeadline } from "#app/domain/stripe-sync/deadline.ts";
import { inTransaction, type Tx } from "#app/infra/db.server.ts";
import type { Prisma } from "#app/infra/prisma-client/client.ts";
import { isLivemode } from "#app/infra/stripe.server.ts";

/** Somebody else syncs the source now; whatever this one wanted to write is out of date. */
export class LeaseLost extends Error {}

/** A fetch that outlives its lease would be fetched by one worker after the other and never count as failed. */
export function inTime<T>(fetching: Promise<T>): Promise<T> {
  return withDeadline(fetching, fetchDeadlineSeconds * 1000, "Stripe took too long to answer.");
}

/**
 * Holds the source's row until the end of the transaction.
 * @throws LeaseLost when the claim is not ours any more.
 */
export async function lockLease(tx: Tx, claim: ClaimedSource): Promise<void> {
  const held = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM stripe_source WHERE id = ${claim.id} AND lease_token = ${claim.leaseToken} FOR UPDATE`;
  if (held.length === 0) throw new LeaseLost();
}

export type Settlement = {
  now: Date;
  orderId?: string | null;
  stripeCustomerId?: string | null;
  nextCheckAt?: Date | null;
  snapshot?: Prisma.InputJsonObject;
  ignoredBecause?: string;
  keepEventsOpen?: boolean;
};

/** A timer that is due at once again would be served for ever. */
const shortestPauseMs = 60_000;

/**
 * Writes that this source is in step up to the claim, and closes its events. Events that came after the claim are not
 * covered by its fetch; which those are cannot be told, so all stay open until the sync that is owed now.
 * @throws LeaseLost when the claim is not ours any more.
 */
export async function settle(tx: Tx, claim: ClaimedSource, settlement: Settlement): Promise<void> {
  const { now, nextCheckAt } = settlement;
  const soonest = new Date(now.getTime() + shortestPauseMs);
  const [settled] = await tx.stripeSource.updateManyAndReturn({
    where: { id: claim.id, leaseToken: claim.leaseToken },
    data: {
      syncedSeq: claim.claimedSeq,
      syncedAt: now,
      nextCheckAt: nextCheckAt && nextCheckAt <= now ? soonest : (nextCheckAt ?? null),
      failCount: 0,
      retryAt: null,
      lastError: null,
      leaseToken: null,
      leaseUntil: null,
      ...(settlement.orderId && { orderId: settlement.orderId }),
      ...(settlement.stripeCustomerId && { stripeCustomerId: settlement.stripeCustomerId }),
      ...(settlement.snapshot && { snapshot: settlement.snapshot }),
    },
    select: { dirtySeq: true },
  });
  if (!settled) throw new LeaseLost();
  await tx.alert.updateMany({
    where: { kind: "fulfillment-failed", sourceId: claim.id, resolvedAt: null },
    data: { resolvedAt: now },
  });
  if (settlement.keepEventsOpen) return;
  // From the update on nobody can raise it before this transaction ends.
  if (settled.dirtySeq > claim.claimedSeq) return;
  const done = settlement.ignoredBecause
    ? { ignoredAt: now, note: settlement.ignoredBecause }
    : { processedAt: now, lastError: null };
  await tx.stripeEvent.updateMany({
    where: { sourceId: claim.id, processedAt: null, ignoredAt: null },
    data: { ...done, failedAt: null, attempts: { increment: 1 } },
  });
}

const hourMs = 3_600_000;
/** How long a purchase of ours that Stripe does not know is asked for: the key may be another account's by mistake. */
const missingPurchaseDays = 30;

/** Whether Stripe knows the object under our key, in the key's mode (I12). */
export function isOurs<T extends { livemode: boolean }>(found: T | null): found is T {
  return found?.livemode === isLivemode();
}

/** Settles a source that is not ours, with the reason; one that belongs to an order of ours is asked for again. */
export async function settleForeign(
  claim: ClaimedSource,
  found: object | null,
  { what, now }: { what: string; now: Date },
): Promise<void> {
  const note = found
    ? `The ${what} belongs to the other mode of the Stripe account.`
    : `Stripe does not know this ${what} under the configured key.`;
  const age = now.getTime() - claim.createdAt.getTime();
  const isAwaited = claim.orderId && !found && age <= missingPurchaseDays * 24 * hourMs;
  const nextCheckAt = isAwaited ? new Date(now.getTime() + 6 * hourMs) : null;
  await inTransaction((tx) => settle(tx, claim, { now, ignoredBecause: note, nextCheckAt }));
}
