import { z } from "zod";
import { pagesOf } from "#app/domain/stripe-sync/stripe-answers.server.ts";
import {
  lastSweepAt,
  lookBackFrom,
  noteSweep,
  SweepStopped,
  unixSeconds,
} from "#app/domain/stripe-sync/sweep-cursor.server.ts";
import { parseEvent } from "#app/domain/webhook-inbox/parse-event.server.ts";
import { type Receipt, storeEvents } from "#app/domain/webhook-inbox/receive-event.server.ts";
import { db } from "#app/infra/db.server.ts";
import { isStripeConfigured, stripe } from "#app/infra/stripe.server.ts";

export const eventsCursor = "events";

const hourMs = 3_600_000;
const note = "Found by the regular check; Stripe's delivery had not arrived.";

/** Twenty types are the most Stripe filters by at once. */
const typesAtOnce = 20;

/**
 * What can move a license, in the fewest types that tell all of it: payments and charges that succeed or fail show in
 * their session or invoice as well.
 */
const sweptTypes = [
  "checkout.session.completed",
  "checkout.session.async_payment_succeeded",
  "checkout.session.async_payment_failed",
  "checkout.session.expired",
  "customer.created",
  "customer.updated",
  "customer.deleted",
  "customer.subscription.created",
  "customer.subscription.updated",
  "customer.subscription.deleted",
  "customer.subscription.paused",
  "customer.subscription.resumed",
  "customer.subscription.pending_update_applied",
  "customer.subscription.pending_update_expired",
  "invoice.finalization_failed",
  "invoice.paid",
  "invoice.payment_failed",
  "invoice.payment_action_required",
  "invoice.payment_attempt_required",
  "invoice.updated",
  "invoice.voided",
  "invoice.marked_uncollectible",
  "invoice.overdue",
  "charge.refunded",
  "charge.refund.updated",
  "refund.created",
  "refund.updated",
  "refund.failed",
  "charge.dispute.created",
  "charge.dispute.updated",
  "charge.dispute.closed",
  "charge.dispute.funds_reinstated",
  "radar.early_fraud_warning.created",
  "radar.early_fraud_warning.updated",
  "price.updated",
  "price.deleted",
];

/** Only the id is needed to see whether it is known; all else is read as if it had been delivered. */
const ListedEvent = z.looseObject({ object: z.literal("event"), id: z.string() });

/**
 * Finds events that Stripe never delivered, to us or at all, and stores them as if it had; their purchases are looked
 * at again. Events are listed from an hour before the last sweep on, thirty days back at most. Safe to repeat and to run
 * anywhere at any time: what is in the inbox stays as it is.
 * @returns how many events were found.
 */
export async function sweepEvents(now: Date, isStopping = () => false): Promise<number> {
  if (!isStripeConfigured()) return 0;
  const since = lookBackFrom(await lastSweepAt(eventsCursor), now, hourMs);
  let found = 0;
  for (let from = 0; from < sweptTypes.length; from += typesAtOnce) {
    const types = sweptTypes.slice(from, from + typesAtOnce);
    const pages = pagesOf(ListedEvent, (after) =>
      stripe().events.list({ types, created: { gt: unixSeconds(since) }, limit: 100, ...after }),
    );
    for await (const page of pages) {
      if (isStopping()) throw new SweepStopped();
      const missing = await missingFrom(page, now);
      await storeEvents(missing);
      found += missing.length;
    }
  }
  await noteSweep(eventsCursor, now);
  return found;
}

async function missingFrom(page: readonly z.infer<typeof ListedEvent>[], now: Date): Promise<Receipt[]> {
  const known = await db().stripeEvent.findMany({
    where: { dedupeKey: { in: page.map(({ id }) => id) } },
    select: { dedupeKey: true },
  });
  const knownKeys = new Set(known.map(({ dedupeKey }) => dedupeKey));
  return page
    .filter(({ id }) => !knownKeys.has(id))
    .flatMap((listed) => {
      const payload = JSON.stringify(listed);
      const event = parseEvent(payload);
      return event ? [{ event, payload, receivedAt: now, note }] : [];
    });
}
