import { validUntil } from "#app/domain/license/assess-license.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { maskKey } from "#app/domain/license/license-key.ts";
import { orderStatus } from "#app/domain/order/order.ts";
import { claimSource, markSourceVisited } from "#app/domain/stripe-sync/claim-source.server.ts";
import { fetchCheckoutSession } from "#app/domain/stripe-sync/fetch-checkout-session.server.ts";
import { syncSource } from "#app/domain/stripe-sync/sync-source.server.ts";
import { db } from "#app/infra/db.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { sha256Hex } from "#app/infra/secrets.server.ts";
import { isLivemode, isStripeConfigured } from "#app/infra/stripe.server.ts";

export type ReturnedLicense = {
  id: string;
  productName: string;
  policyName: string;
  key: string;
  maskedKey: string;
  deviceLimit: number | null;
  /** ISO instant; null = never ends. */
  validUntil: string | null;
};

/** What the return page can honestly say. Keys only for the browser that bought or the signed-in owner. */
export type CheckoutReturn =
  | { state: "unknown" }
  | { state: "open" }
  | { state: "expired" }
  | { state: "processing" }
  | { state: "awaiting-payment"; mine: boolean; orderNumber: number }
  | { state: "payment-failed"; orderNumber: number }
  | { state: "ready"; mine: true; orderNumber: number; email: string; licenses: ReturnedLicense[] }
  | { state: "ready"; mine: false; orderNumber: number };

export type ReturnVisit = {
  sessionId: string;
  /** From the buying browser's cookie; null when there is none. */
  browserNonce: string | null;
  customerId: string | null;
  now: Date;
};

/** How long the buyer waits before being told what is going on. */
const longestWaitMs = 5_000;

/**
 * Answers the buyer who comes back from Stripe. Runs the same sync the webhook causes and waits at most five
 * seconds for it, here or in whichever process has it; safe to call any number of times at once.
 */
export async function getCheckoutReturn(visit: ReturnVisit): Promise<CheckoutReturn> {
  const mode = /^cs_(test|live)_\w{1,200}$/.exec(visit.sessionId)?.[1];
  if (!mode || !isStripeConfigured() || (mode === "live") !== isLivemode()) return { state: "unknown" };
  const deadline = Date.now() + longestWaitMs;
  const before = await describeSale(visit);
  if (before && before.state !== "open" && before.state !== "awaiting-payment") return before;
  const asked = await askForSync(visit.sessionId, deadline);
  if (asked === "unknown") return { state: "unknown" };
  if (asked === "unreachable") return before ?? { state: "processing" };
  await waitForSync(visit.sessionId, visit.now, deadline);
  const after = await describeSale(visit);
  if (!after) return { state: "unknown" };
  return after.state === "open" && !(await isInStep(visit.sessionId)) ? { state: "processing" } : after;
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

/** Syncs here unless another process already does; then looks until that one is done. */
async function waitForSync(sessionId: string, now: Date, deadline: number): Promise<void> {
  while (Date.now() < deadline) {
    const claim = await claimSource(sessionId, now);
    if (claim) {
      await Promise.race([syncSource(claim, now), pause(deadline - Date.now())]);
      return;
    }
    if (await isInStep(sessionId)) return;
    await pause(100);
  }
}

function pause(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), milliseconds).unref());
}

async function isInStep(sessionId: string): Promise<boolean> {
  const source = await db().stripeSource.findUnique({ where: { id: sessionId } });
  return source !== null && source.dirtySeq <= source.syncedSeq;
}

async function describeSale(visit: ReturnVisit): Promise<CheckoutReturn | null> {
  const order = await db().order.findUnique({
    where: { stripeSessionId: visit.sessionId },
    include: {
      customer: true,
      licenses: {
        include: { product: true, policy: true },
        orderBy: [{ itemKey: "asc" }, { ordinal: "asc" }],
      },
    },
  });
  if (!order) return null;
  const mine =
    (visit.browserNonce !== null && order.browserNonceHash === sha256Hex(visit.browserNonce)) ||
    (visit.customerId !== null && order.customerId === visit.customerId);
  const orderNumber = order.number;
  switch (orderStatus(order)) {
    case "paid":
      // Paid and in step without a license: a person has been alerted, waiting longer would help nobody.
      if (!order.fulfilledAt && !(await isInStep(visit.sessionId))) return { state: "processing" };
      if (!mine) return { state: "ready", mine, orderNumber };
      return {
        state: "ready",
        mine,
        orderNumber,
        email: order.customer?.email ?? order.email ?? "",
        licenses: order.licenses.map((license) => ({
          id: license.id,
          productName: license.product.name,
          policyName: license.policy.name,
          key: readKey(license),
          maskedKey: maskKey(license.keyPrefix, license.keyLastGroup),
          deviceLimit: license.deviceLimit,
          validUntil: validUntil(license)?.toISOString() ?? null,
        })),
      };
    case "awaiting-payment":
      return { state: "awaiting-payment", mine, orderNumber };
    case "payment-failed":
      return { state: "payment-failed", orderNumber };
    case "expired":
      return { state: "expired" };
    default:
      return { state: "open" };
  }
}
