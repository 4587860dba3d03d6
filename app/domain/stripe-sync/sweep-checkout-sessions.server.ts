import { z } from "zod";
import { markSourceDirty } from "#app/domain/stripe-sync/claim-source.server.ts";
import { db } from "#app/infra/db.server.ts";
import { isLivemode, isStripeConfigured, stripe } from "#app/infra/stripe.server.ts";

const cursorName = "checkout-sessions";
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Always looked back at, so that a payment that settled days after its checkout is seen. */
const leastLookBackMs = 3 * dayMs;
/** After a long silence the sweep starts where the last one ended, but not further back than this. */
const longestLookBackMs = 30 * dayMs;

const Snapshot = z.object({ status: z.string(), paymentStatus: z.string() });

/**
 * Finds sales no webhook told us of: lists the completed sessions of the last days and marks those whose state
 * differs from what was last synced. Reads only; safe to run at any time and in any number of processes.
 * @returns how many sources were marked.
 */
export async function sweepCheckoutSessions(now: Date): Promise<number> {
  if (!isStripeConfigured()) return 0;
  const cursor = await db().sweepCursor.findUnique({ where: { name: cursorName } });
  const since = lookBackFrom(cursor ? new Date(cursor.value) : null, now);
  let marked = 0;
  const sessions = stripe().checkout.sessions.list({
    status: "complete",
    created: { gte: Math.floor(since.getTime() / 1000) },
    limit: 100,
  });
  for await (const session of sessions) {
    const known = await db().stripeSource.findUnique({ where: { id: session.id } });
    const seen = Snapshot.safeParse(known?.snapshot);
    const inStep =
      seen.success &&
      seen.data.status === session.status &&
      seen.data.paymentStatus === session.payment_status;
    if (inStep) continue;
    await markSourceDirty({
      sourceId: session.id,
      kind: "checkout_session",
      livemode: isLivemode(),
      cause: "sweep",
    });
    marked++;
  }
  await db().sweepCursor.upsert({
    where: { name: cursorName },
    create: { name: cursorName, value: now.toISOString() },
    update: { value: now.toISOString() },
  });
  return marked;
}

function lookBackFrom(lastRun: Date | null, now: Date): Date {
  const least = now.getTime() - leastLookBackMs;
  const wanted = lastRun ? Math.min(least, lastRun.getTime() - hourMs) : now.getTime() - longestLookBackMs;
  return new Date(Math.max(wanted, now.getTime() - longestLookBackMs));
}
