import { awaitSync, isInStep, pause } from "#app/domain/checkout/await-sync.server.ts";
import {
  type CheckoutReturn,
  describeSale,
  type SaleViewer,
} from "#app/domain/checkout/describe-sale.server.ts";
import { markSourceVisited } from "#app/domain/stripe-sync/claim-source.server.ts";
import { fetchCheckoutSession } from "#app/domain/stripe-sync/fetch-checkout-session.server.ts";
import { db } from "#app/infra/db.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { isLivemode, isStripeConfigured } from "#app/infra/stripe.server.ts";

export type { CheckoutReturn };

export type ReturnVisit = SaleViewer & { sessionId: string; now: Date };

/** How long the buyer waits before being told what is going on. */
const longestWaitMs = 5_000;

/**
 * Answers the buyer who comes back from Stripe. Runs the same syncs the webhooks cause, of the session and then of the
 * subscription it sold, and waits at most five seconds for them, here or in whichever process has them; safe to call
 * any number of times at once.
 */
export async function getCheckoutReturn(visit: ReturnVisit): Promise<CheckoutReturn> {
  const { sessionId, now } = visit;
  const mode = /^cs_(test|live)_\w{1,200}$/.exec(sessionId)?.[1];
  if (!mode || !isStripeConfigured() || (mode === "live") !== isLivemode()) return { state: "unknown" };
  const deadline = Date.now() + longestWaitMs;
  const before = await describeSale(sessionId, visit, now);
  if (before && !["open", "awaiting-payment", "processing"].includes(before.state)) return before;
  if (before?.state !== "processing") {
    const asked = await askForSync(sessionId, deadline);
    if (asked === "unknown") return { state: "unknown" };
    if (asked === "unreachable") return before ?? { state: "processing" };
  }
  await awaitSync(sessionId, now, deadline);
  const sold = await db().order.findUnique({
    where: { stripeSessionId: sessionId },
    select: { stripeSubscriptionId: true, fulfilledAt: true },
  });
  if (sold?.stripeSubscriptionId && !sold.fulfilledAt)
    await awaitSync(sold.stripeSubscriptionId, now, deadline);
  const after = await describeSale(sessionId, visit, now);
  if (!after) return { state: "unknown" };
  return after.state === "open" && !(await isInStep(sessionId)) ? { state: "processing" } : after;
}

async function askForSync(sessionId: string, deadline: number): Promise<"asked" | "unknown" | "unreachable"> {
  const known = await db().stripeSource.findUnique({ where: { id: sessionId } });
  if (!known) {
    // A stranger may type any id: ask Stripe before keeping a row for it.
    try {
      const found = await Promise.race([fetchCheckoutSession(sessionId), pause(deadline - Date.now())]);
      if (found === null) return "unknown";
      if (found === undefined) return "unreachable";
    } catch (error) {
      logger().warn({ err: error }, "the return page could not ask Stripe");
      return "unreachable";
    }
  }
  await markSourceVisited({
    sourceId: sessionId,
    kind: "checkout_session",
    livemode: isLivemode(),
    cause: "return page",
  });
  return "asked";
}
