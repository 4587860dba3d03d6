import type { CheckoutSessionFacts } from "#app/domain/order/checkout-session.ts";
import { fulfillOrder } from "#app/domain/order/fulfill-order.server.ts";
import { type ClaimedSource, markSourceDirty } from "#app/domain/stripe-sync/claim-source.server.ts";
import { fetchCheckoutSession } from "#app/domain/stripe-sync/fetch-checkout-session.server.ts";
import { flaggedPaymentsOf } from "#app/domain/stripe-sync/flagged-payments.server.ts";
import {
  inTime,
  isOurs,
  lockLease,
  settle,
  settleForeign,
} from "#app/domain/stripe-sync/settle-source.server.ts";
import { inTransaction } from "#app/infra/db.server.ts";
import type { Prisma } from "#app/infra/prisma-client/client.ts";
import { wakeWorker } from "#app/infra/wake-worker.server.ts";

/**
 * Brings a checkout in step with Stripe: order, licenses and mails of a one-time sale; of a subscription its order, and
 * the subscription itself is asked for in the same transaction.
 */
export async function syncSession(claim: ClaimedSource, now: Date): Promise<"synced" | "not-found"> {
  const flaggedPayments = await flaggedPaymentsOf(claim.id);
  const session = await inTime(fetchCheckoutSession(claim.id, { flaggedPayments }));
  if (!isOurs(session)) {
    await settleForeign(claim, session, { what: "session", now });
    return "not-found";
  }
  const { subscriptionId } = session;
  await inTransaction(async (tx) => {
    await lockLease(tx, claim);
    // Before the order is touched: a sync of the subscription locks its own source and then the order, and whoever
    // locked them the other way round would wait for it while it waits for them.
    if (subscriptionId)
      await markSourceDirty(
        {
          sourceId: subscriptionId,
          kind: "subscription",
          livemode: session.livemode,
          cause: claim.dirtyCause ?? claim.id,
        },
        tx,
      );
    const { orderId, nextCheckAt, foreignBecause } = await fulfillOrder(tx, {
      session,
      cause: claim.dirtyCause,
      now,
    });
    await settle(tx, claim, {
      now,
      nextCheckAt,
      orderId,
      ...(foreignBecause
        ? { ignoredBecause: foreignBecause }
        : { stripeCustomerId: session.stripeCustomerId }),
      snapshot: snapshotOf(session),
    });
  });
  wakeWorker(); // mails may be due, and the subscription
  return "synced";
}

/** What pages and sweeps read of it later; the payment with dates as ISO text. */
function snapshotOf({ status, paymentStatus, payment }: CheckoutSessionFacts): Prisma.InputJsonObject {
  const charged = payment?.charged ?? null;
  // Dates become text, everything else is JSON already.
  return JSON.parse(JSON.stringify({ status, paymentStatus, payment: charged })) as Prisma.InputJsonObject;
}
