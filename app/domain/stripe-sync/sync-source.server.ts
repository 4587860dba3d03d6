import type { ClaimedSource } from "#app/domain/stripe-sync/claim-source.server.ts";
import { handOn } from "#app/domain/stripe-sync/hand-on.server.ts";
import { recordFailure } from "#app/domain/stripe-sync/record-failure.server.ts";
import { LeaseLost } from "#app/domain/stripe-sync/settle-source.server.ts";
import { syncSession } from "#app/domain/stripe-sync/sync-checkout-session.server.ts";
import { syncCustomer } from "#app/domain/stripe-sync/sync-customer.server.ts";
import { syncPrice } from "#app/domain/stripe-sync/sync-price.server.ts";
import { syncSubscription } from "#app/domain/stripe-sync/sync-subscription.server.ts";

export type SyncOutcome = "synced" | "not-found" | "handed-on" | "unrelated" | "failed" | "lease-lost";

/**
 * Brings one claimed source in step with Stripe. Fetches after the claim and writes only while the lease is
 * still ours, so an older fetch can never overwrite a newer one. Never throws: a failure is written on the source
 * and its events, and tried again with growing pauses.
 */
export async function syncSource(claim: ClaimedSource, now: Date): Promise<SyncOutcome> {
  try {
    return await syncOfKind(claim, now);
  } catch (error) {
    if (error instanceof LeaseLost) return "lease-lost";
    await recordFailure(claim, error, now);
    return "failed";
  }
}

function syncOfKind(claim: ClaimedSource, now: Date): Promise<SyncOutcome> {
  switch (claim.kind) {
    case "checkout_session":
      return syncSession(claim, now);
    case "subscription":
      return syncSubscription(claim, now);
    case "customer":
      return syncCustomer(claim, now);
    case "price":
      return syncPrice(claim, now);
    default:
      return handOn(claim, now);
  }
}
