import {
  fetchStripeCustomer,
  settleStripeCustomer,
} from "#app/domain/customer/sync-stripe-customer.server.ts";
import { type ClaimedSource, markSourcesOfCustomer } from "#app/domain/stripe-sync/claim-source.server.ts";
import {
  inTime,
  isOurs,
  lockLease,
  settle,
  settleForeign,
} from "#app/domain/stripe-sync/settle-source.server.ts";
import { missingIsNull } from "#app/domain/stripe-sync/stripe-answers.server.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { wakeWorker } from "#app/infra/wake-worker.server.ts";

/**
 * Brings the billing contact of a customer in step with Stripe. Of one that was deleted, whose subscriptions Stripe
 * cancels, every purchase is asked for again.
 */
export async function syncCustomer(claim: ClaimedSource, now: Date): Promise<"synced" | "not-found"> {
  const facts = await inTime(fetchStripeCustomer(claim.id).catch(missingIsNull));
  if (!facts || (!facts.deleted && !isOurs(facts))) {
    await settleForeign(claim, facts, { what: "customer", now });
    return "not-found";
  }
  if (facts.deleted && (await isNewsOf(claim.id))) {
    // Before the deletion is noted and by itself: the purchases' rows are never locked together with this one's.
    await markSourcesOfCustomer(claim.id, claim.dirtyCause ?? claim.id);
    wakeWorker();
  }
  await inTransaction(async (tx) => {
    await lockLease(tx, claim);
    const isKnown = await settleStripeCustomer(tx, { facts, cause: claim.dirtyCause, now });
    await settle(tx, claim, {
      now,
      ...(!isKnown && { ignoredBecause: "This customer of the Stripe account has bought nothing here." }),
    });
  });
  return "synced";
}

async function isNewsOf(stripeCustomerId: string): Promise<boolean> {
  const row = await db().stripeCustomer.findUnique({ where: { id: stripeCustomerId } });
  return row !== null && row.deletedAt === null;
}
