import { randomUUID } from "node:crypto";
import type { SourceKind } from "#app/domain/stripe-sync/stripe-source.ts";
import { db, pool, type Tx } from "#app/infra/db.server.ts";

/** A source this process alone may sync until the lease ends. */
export type ClaimedSource = {
  id: string;
  kind: SourceKind;
  leaseToken: string;
  /** What a successful sync covers; hints that come during it raise `dirty_seq` above this. */
  claimedSeq: number;
  dirtyCause: string | null;
  createdAt: Date;
  /** The order this source is known to belong to. */
  orderId: string | null;
};

/** How long asking Stripe may take, with all retries and pages. */
export const fetchDeadlineSeconds = 45;
/** That and the 15 seconds of a transaction; shorter than anybody wants to wait after a crash. */
const leaseSeconds = fetchDeadlineSeconds + 15;

const isDue = `(
  (dirty_seq > synced_seq AND (retry_at IS NULL OR retry_at <= $1))
  OR (next_check_at <= $1 AND (retry_at IS NULL OR retry_at <= $1))
)`;
const isFree = "(lease_until IS NULL OR lease_until < now())";
/** A clock that was set back leaves nothing waiting for it. */
const hasRested = `(synced_at IS NULL OR synced_at > $1 OR synced_at <= $1 - make_interval(secs => $4))`;
const columns = `id, kind, lease_token AS "leaseToken", dirty_seq AS "claimedSeq", created_at AS "createdAt",
  order_id AS "orderId",
  CASE WHEN dirty_seq > synced_seq THEN dirty_cause ELSE 'timer' END AS "dirtyCause"`;

/**
 * Takes up to `limit` sources that are due and that nobody else is syncing. Safe in any number of processes.
 * @param restSeconds leaves alone what was synced less than this long ago: the other events of the same change are on
 *   their way, and one more sync serves them all.
 */
export async function claimDueSources(
  now: Date,
  limit: number,
  { restSeconds = 0 }: { restSeconds?: number } = {},
): Promise<ClaimedSource[]> {
  const { rows } = await pool().query<ClaimedSource>({
    name: "claim-due-sources",
    // MATERIALIZED: the planner must not run the locking part twice and lease more than the limit.
    text: `WITH due AS MATERIALIZED (
        SELECT id FROM stripe_source WHERE ${isDue} AND ${isFree} AND ${hasRested}
        ORDER BY retry_at NULLS FIRST LIMIT $3 FOR UPDATE SKIP LOCKED)
      UPDATE stripe_source SET lease_token = $2, lease_until = now() + interval '${leaseSeconds} seconds'
      WHERE id IN (SELECT id FROM due)
      RETURNING ${columns}`,
    values: [now, randomUUID(), limit, restSeconds],
  });
  return rows;
}

/**
 * Takes this one source if it is due (also while a retry is waiting: somebody is looking at it).
 * @returns null when it is in step or somebody else is syncing it.
 */
export async function claimSource(sourceId: string, now: Date): Promise<ClaimedSource | null> {
  const { rows } = await pool().query<ClaimedSource>({
    name: "claim-source",
    text: `UPDATE stripe_source SET lease_token = $2, lease_until = now() + interval '${leaseSeconds} seconds'
      WHERE id = $3 AND (dirty_seq > synced_seq OR next_check_at <= $1) AND ${isFree}
      RETURNING ${columns}`,
    values: [now, randomUUID(), sourceId],
  });
  return rows[0] ?? null;
}

export type SourceMark = { sourceId: string; kind: SourceKind; livemode: boolean; cause: string };

/**
 * Asks for a sync of this source, whoever finds it first, and creates its row when it is new. Given a transaction,
 * nobody sees the hint before what else the transaction writes.
 */
export async function markSourceDirty(source: SourceMark, tx: Pick<Tx, "$executeRaw"> = db()): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO stripe_source (id, kind, livemode, dirty_cause)
      VALUES (${source.sourceId}, ${source.kind}, ${source.livemode}, ${source.cause})
    ON CONFLICT (id) DO UPDATE SET dirty_seq = stripe_source.dirty_seq + 1, dirty_cause = excluded.dirty_cause,
      retry_at = NULL`;
}

/**
 * Asks for a sync because somebody is looking. Unlike news from Stripe this may be repeated as often as they look:
 * a sync that is owed already stays one, and one that failed keeps its pause.
 */
export async function markSourceVisited(source: SourceMark): Promise<void> {
  await db().$executeRaw`
    INSERT INTO stripe_source (id, kind, livemode, dirty_cause)
      VALUES (${source.sourceId}, ${source.kind}, ${source.livemode}, ${source.cause})
    ON CONFLICT (id) DO UPDATE SET dirty_seq = stripe_source.dirty_seq + 1, dirty_cause = excluded.dirty_cause
      WHERE stripe_source.dirty_seq <= stripe_source.synced_seq OR stripe_source.lease_until >= now()`;
}

/** Asks for a sync of every purchase of a customer at Stripe, in the order in which everybody locks sources. */
export async function markSourcesOfCustomer(stripeCustomerId: string, cause: string): Promise<void> {
  await db().$executeRaw`
    WITH its AS (SELECT id FROM stripe_source WHERE stripe_customer_id = ${stripeCustomerId} ORDER BY id FOR UPDATE)
    UPDATE stripe_source SET dirty_seq = dirty_seq + 1, dirty_cause = ${cause}, retry_at = NULL
      WHERE id IN (SELECT id FROM its)`;
}

/** Asks for a sync of many sources at once; for sweeps, which find them by the page. */
export async function markSourcesDirty(
  sources: readonly { sourceId: string; kind: SourceKind }[],
  { livemode, cause }: { livemode: boolean; cause: string },
): Promise<void> {
  if (sources.length === 0) return;
  const ids = sources.map(({ sourceId }) => sourceId);
  const kinds = sources.map(({ kind }) => kind);
  await db().$executeRaw`
    INSERT INTO stripe_source (id, kind, livemode, dirty_cause)
      SELECT DISTINCT ON (id) id, kind, ${livemode}, ${cause}
        FROM unnest(${ids}::text[], ${kinds}::text[]) AS mark (id, kind) ORDER BY id
    ON CONFLICT (id) DO UPDATE SET dirty_seq = stripe_source.dirty_seq + 1, dirty_cause = excluded.dirty_cause,
      retry_at = NULL`;
}
