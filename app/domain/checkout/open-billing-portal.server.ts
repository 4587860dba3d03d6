import Stripe from "stripe";
import { awaitSync, isInStep } from "#app/domain/checkout/await-sync.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { canBeId } from "#app/domain/search-text.ts";
import { markSourceVisited } from "#app/domain/stripe-sync/claim-source.server.ts";
import type { BillingFlow } from "#app/domain/subscription/billing-flow.ts";
import { db } from "#app/infra/db.server.ts";
import { getEnv } from "#app/infra/env.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { isLivemode, isStripeConfigured, stripe } from "#app/infra/stripe.server.ts";
import { paths } from "#app/paths.ts";

export type BillingVisit = {
  licenseId: string;
  /** Who is signed in. */
  customerId: string;
  flow: BillingFlow;
  now: Date;
};

/**
 * A fresh address of Stripe's billing pages for the purchase behind a license, made for one click: whoever has it can
 * pay and cancel in this customer's name, so it is neither stored nor logged. It leads back to the license.
 * @throws DomainError NOT_FOUND for a license that is not this customer's; INVALID when the bill is somebody else's or
 *   there is none; UNAVAILABLE when Stripe did not answer or the pages are not set up.
 */
export async function openBillingPortal(visit: BillingVisit): Promise<{ redirectTo: string }> {
  const purchase = await findPurchase(visit);
  if (!purchase) throw new DomainError("NOT_FOUND", "There is no license with this id.");
  if (!isStripeConfigured()) throw new DomainError("UNAVAILABLE", notOpened);
  const customer = await payingCustomer(purchase.stripeCustomerId, visit.customerId);
  const returnUrl = `${getEnv().appUrl}${paths.portal.license(visit.licenseId, { back: "billing" })}`;
  const flow = flowData(visit.flow, purchase.subscriptionId, returnUrl);
  try {
    return { redirectTo: await createSession(customer, returnUrl, flow) };
  } catch (error) {
    logger().error({ err: error, license: visit.licenseId }, "opening the billing pages failed");
    throw refusal(error);
  }
}

const notOpened = "The billing pages could not be opened. Nothing was changed. Please try again in a moment.";

type Purchase = { subscriptionId: string | null; stripeCustomerId: string | null };

/** The purchase behind a license: its subscription, or the session of its order. */
async function findPurchase(visit: Pick<BillingVisit, "licenseId" | "customerId">): Promise<Purchase | null> {
  if (!canBeId(visit.licenseId)) return null;
  const license = await db().license.findFirst({
    where: { id: visit.licenseId, customerId: visit.customerId },
    select: { sourceId: true },
  });
  if (!license) return null;
  const source = license.sourceId
    ? await db().stripeSource.findUnique({
        where: { id: license.sourceId },
        select: { stripeCustomerId: true },
      })
    : null;
  return {
    subscriptionId: license.sourceId?.startsWith("sub_") ? license.sourceId : null,
    stripeCustomerId: source?.stripeCustomerId ?? null,
  };
}

/**
 * Which customer at Stripe the bill is: that of the purchase, if it is this person; without one in our records, the
 * newest this person is. Somebody else's is never opened, whoever holds the license.
 */
async function payingCustomer(known: string | null, customerId: string): Promise<string> {
  const [found] = await db().stripeCustomer.findMany({
    where: { customerId, livemode: isLivemode(), ...(known ? { id: known } : { deletedAt: null }) },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: 1,
  });
  if (found && found.deletedAt === null) return found.id;
  if (found)
    throw new DomainError(
      "INVALID",
      "The billing account of this purchase was closed, so there is nothing to open any more. Contact us if you need an invoice.",
    );
  throw new DomainError(
    "INVALID",
    known
      ? "The bill for this license goes to another account, so its invoices cannot be opened here. Contact us if it should be yours."
      : "There is no billing account for this license. Contact us if you need an invoice.",
  );
}

/** Whether there is a billing account to open for this customer at all. */
export async function hasBillingAccount(customerId: string): Promise<boolean> {
  const count = await db().stripeCustomer.count({
    where: { customerId, livemode: isLivemode(), deletedAt: null },
  });
  return count > 0;
}

type FlowData = NonNullable<Stripe.BillingPortal.SessionCreateParams["flow_data"]>;

function flowData(flow: BillingFlow, subscription: string | null, returnUrl: string): FlowData | null {
  const after_completion = { type: "redirect" as const, redirect: { return_url: returnUrl } };
  if (flow === "payment-method") return { type: "payment_method_update", after_completion };
  if (!subscription) return null;
  switch (flow) {
    case "cancel":
      return { type: "subscription_cancel", subscription_cancel: { subscription }, after_completion };
    case "change":
      return { type: "subscription_update", subscription_update: { subscription }, after_completion };
    default:
      return null;
  }
}

/** What the vendor did not allow as a page of its own may still be found from the front page, so that opens instead. */
async function createSession(customer: string, returnUrl: string, flow: FlowData | null): Promise<string> {
  const create = async (parameters: { flow_data?: FlowData }) => {
    const session = await stripe().billingPortal.sessions.create(
      { customer, return_url: returnUrl, ...parameters },
      { timeout: 10_000, maxNetworkRetries: 1 },
    );
    if (!session.url) throw new Error("Stripe opened a billing session without an address.");
    return session.url;
  };
  if (!flow) return create({});
  return create({ flow_data: flow }).catch((error: unknown) => {
    if (error instanceof Stripe.errors.StripeInvalidRequestError && error.code !== "resource_missing")
      return create({});
    throw error;
  });
}

function refusal(error: unknown): DomainError {
  if (error instanceof Stripe.errors.StripeInvalidRequestError)
    return new DomainError(
      "UNAVAILABLE",
      "The billing pages are not available for this purchase. Please contact us: we change it or send you the invoice.",
      { cause: error },
    );
  return new DomainError("UNAVAILABLE", notOpened, { cause: error });
}

const longestWaitMs = 5_000;

/**
 * The customer is back from Stripe's billing pages: brings the subscription in step, waiting at most five seconds, so
 * that what was changed there shows here.
 * @returns whether our records are as Stripe's now; true for a license without a subscription.
 */
export async function noteBackFromBilling(visit: Omit<BillingVisit, "flow">): Promise<boolean> {
  const subscriptionId = (await findPurchase(visit))?.subscriptionId;
  if (!subscriptionId || !isStripeConfigured()) return true;
  await markSourceVisited({
    sourceId: subscriptionId,
    kind: "subscription",
    livemode: isLivemode(),
    cause: "billing page",
  });
  await awaitSync(subscriptionId, visit.now, Date.now() + longestWaitMs);
  return isInStep(subscriptionId);
}
