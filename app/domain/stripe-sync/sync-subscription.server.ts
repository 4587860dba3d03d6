import type { CheckoutSessionFacts } from "#app/domain/order/checkout-session.ts";
import type { ClaimedSource } from "#app/domain/stripe-sync/claim-source.server.ts";
import { fetchCheckoutSession } from "#app/domain/stripe-sync/fetch-checkout-session.server.ts";
import { fetchSubscription } from "#app/domain/stripe-sync/fetch-subscription.server.ts";
import { findSessionOfSubscription } from "#app/domain/stripe-sync/find-purchase.server.ts";
import { flaggedPaymentsOf, recordInvoicePayments } from "#app/domain/stripe-sync/flagged-payments.server.ts";
import { raiseAttemptAlerts } from "#app/domain/stripe-sync/raise-attempt-alerts.server.ts";
import {
  inTime,
  isOurs,
  lockLease,
  settle,
  settleForeign,
} from "#app/domain/stripe-sync/settle-source.server.ts";
import { fulfillSubscription } from "#app/domain/subscription/fulfill-subscription.server.ts";
import { subscriptionSnapshot } from "#app/domain/subscription/subscription-snapshot.server.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { wakeWorker } from "#app/infra/wake-worker.server.ts";

/** Brings order, licenses, holds and mails of a subscription in step with what Stripe holds now. */
export async function syncSubscription(claim: ClaimedSource, now: Date): Promise<"synced" | "not-found"> {
  const flaggedPayments = await flaggedPaymentsOf(claim.id);
  const [subscription, session] = await inTime(
    Promise.all([fetchSubscription(claim.id, { flaggedPayments }), fetchItsSession(claim)]),
  );
  if (!isOurs(subscription)) {
    await settleForeign(claim, subscription, { what: "subscription", now });
    return "not-found";
  }
  await inTransaction(async (tx) => {
    await lockLease(tx, claim);
    const { orderId, nextCheckAt, foreignBecause } = await fulfillSubscription(tx, {
      subscription,
      session,
      cause: claim.dirtyCause,
      now,
    });
    if (foreignBecause) {
      await settle(tx, claim, { now, nextCheckAt, ignoredBecause: foreignBecause });
      return;
    }
    await recordInvoicePayments(tx, claim.id, subscription.invoices);
    await raiseAttemptAlerts(tx, { id: claim.id, orderId, invoices: subscription.invoices, now });
    await settle(tx, claim, {
      now,
      nextCheckAt,
      orderId,
      stripeCustomerId: subscription.stripeCustomer.id,
      snapshot: subscriptionSnapshot(subscription),
    });
  });
  wakeWorker(); // mails may be due
  return "synced";
}

/**
 * The checkout it began with, while no order of ours knows it: it says who bought and what was typed. A subscription
 * made without one is asked about until its order exists.
 */
async function fetchItsSession(claim: ClaimedSource): Promise<CheckoutSessionFacts | null> {
  const order = await db().order.findUnique({
    where: { stripeSubscriptionId: claim.id },
    select: { id: true },
  });
  if (order) return null;
  const sessionId = await findSessionOfSubscription(claim.id);
  return sessionId ? fetchCheckoutSession(sessionId) : null;
}
