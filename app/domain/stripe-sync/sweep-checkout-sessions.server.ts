import { z } from "zod";
import { markSourcesDirty } from "#app/domain/stripe-sync/claim-source.server.ts";
import { pagesOf } from "#app/domain/stripe-sync/stripe-answers.server.ts";
import {
  lastSweepAt,
  lookBackFrom,
  noteSweep,
  SweepStopped,
  unixSeconds,
} from "#app/domain/stripe-sync/sweep-cursor.server.ts";
import { db } from "#app/infra/db.server.ts";
import { isLivemode, isStripeConfigured, stripe } from "#app/infra/stripe.server.ts";

export const sessionsCursor = "checkout-sessions";

/** Always looked back at, so that a payment that settled days after its checkout is seen. */
const leastLookBackMs = 3 * 86_400_000;

const Snapshot = z.object({ status: z.string(), paymentStatus: z.string() });
const Session = z.object({
  object: z.literal("checkout.session"),
  id: z.string(),
  status: z.string().nullish(),
  payment_status: z.string(),
});

/**
 * Finds sales no webhook told us of: lists the completed sessions of the last days and marks those whose state
 * differs from what was last synced. Safe to run at any time and in any number of processes.
 * @returns how many sources were marked.
 */
export async function sweepCheckoutSessions(now: Date, isStopping = () => false): Promise<number> {
  if (!isStripeConfigured()) return 0;
  const since = lookBackFrom(await lastSweepAt(sessionsCursor), now, leastLookBackMs);
  let marked = 0;
  const pages = pagesOf(Session, (after) =>
    stripe().checkout.sessions.list({
      status: "complete",
      created: { gte: unixSeconds(since) },
      limit: 100,
      ...after,
    }),
  );
  for await (const page of pages) {
    if (isStopping()) throw new SweepStopped();
    const behind = await behindOf(page);
    const marks = behind.map(({ id }) => ({ sourceId: id, kind: "checkout_session" as const }));
    await markSourcesDirty(marks, { livemode: isLivemode(), cause: "sweep" });
    marked += marks.length;
  }
  await noteSweep(sessionsCursor, now);
  return marked;
}

async function behindOf(page: readonly z.infer<typeof Session>[]): Promise<z.infer<typeof Session>[]> {
  const known = await db().stripeSource.findMany({
    where: { id: { in: page.map(({ id }) => id) } },
    select: { id: true, snapshot: true },
  });
  const snapshots = new Map(known.map(({ id, snapshot }) => [id, Snapshot.safeParse(snapshot)]));
  return page.filter((session) => {
    const seen = snapshots.get(session.id);
    return !(
      seen?.success &&
      seen.data.status === session.status &&
      seen.data.paymentStatus === session.payment_status
    );
  });
}
