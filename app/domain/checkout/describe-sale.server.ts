import { isInStep } from "#app/domain/checkout/await-sync.server.ts";
import { validUntil } from "#app/domain/license/assess-license.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { maskKey } from "#app/domain/license/license-key.ts";
import { orderStatus } from "#app/domain/order/order.ts";
import { describeSubscription } from "#app/domain/subscription/portal-subscription.ts";
import { readSubscriptionSnapshot } from "#app/domain/subscription/subscription-snapshot.server.ts";
import { db } from "#app/infra/db.server.ts";
import type { Prisma } from "#app/infra/prisma-client/client.ts";
import { sha256Hex } from "#app/infra/secrets.server.ts";

export type ReturnedLicense = {
  id: string;
  productName: string;
  policyName: string;
  key: string;
  maskedKey: string;
  deviceLimit: number | null;
  /** Units this one key stands for. */
  seats: number;
  /** ISO instant; null = never ends. */
  validUntil: string | null;
};

export type ReturnedSubscription = {
  /** ISO instant while nothing has been paid yet; null when there is no trial. */
  trialEnd: string | null;
  /** What happens next, such as "Renews 3 Dec 2027 for $36.00 per month". */
  next: string;
};

export type ReadyPurchase = {
  state: "ready";
  mine: true;
  orderNumber: number;
  email: string;
  /** The payment prolonged a license that was there before. */
  renewed: boolean;
  /** Null for what is paid once. */
  subscription: ReturnedSubscription | null;
  licenses: ReturnedLicense[];
};

/** What the return page can honestly say. Keys only for the browser that bought or the signed-in owner. */
export type CheckoutReturn =
  | { state: "unknown" }
  | { state: "open" }
  | { state: "expired" }
  | { state: "processing" }
  | { state: "awaiting-payment"; mine: boolean; orderNumber: number }
  | { state: "payment-failed"; orderNumber: number }
  | ReadyPurchase
  | { state: "ready"; mine: false; orderNumber: number };

export type SaleViewer = {
  /** From the buying browser's cookie; null when there is none. */
  browserNonce: string | null;
  customerId: string | null;
};

const sold = { product: true, policy: true, holds: true } satisfies Prisma.LicenseInclude;
const parts = {
  customer: true,
  renewsLicense: { include: sold },
  licenses: { include: sold, orderBy: [{ itemKey: "asc" }, { ordinal: "asc" }] },
} satisfies Prisma.OrderInclude;
type SoldOrder = Prisma.OrderGetPayload<{ include: typeof parts }>;
type SoldLicense = Prisma.LicenseGetPayload<{ include: typeof sold }>;

/** The sale of a Checkout Session from our own records; null when there is no order for it. */
export async function describeSale(
  sessionId: string,
  viewer: SaleViewer,
  now: Date,
): Promise<CheckoutReturn | null> {
  const order = await db().order.findUnique({ where: { stripeSessionId: sessionId }, include: parts });
  if (!order) return null;
  const mine =
    (viewer.browserNonce !== null && order.browserNonceHash === sha256Hex(viewer.browserNonce)) ||
    (viewer.customerId !== null && order.customerId === viewer.customerId);
  switch (orderStatus(order)) {
    case "paid":
      // Paid and in step without a license: a person has been alerted, waiting longer would help nobody.
      if (!order.fulfilledAt && !(await areInStep(sessionId, order))) return { state: "processing" };
      return mine ? readyPurchase(order, now) : { state: "ready", mine, orderNumber: order.number };
    case "awaiting-payment":
      return { state: "awaiting-payment", mine, orderNumber: order.number };
    case "payment-failed":
      return { state: "payment-failed", orderNumber: order.number };
    case "expired":
      return { state: "expired" };
    default:
      return { state: "open" };
  }
}

async function areInStep(sessionId: string, order: SoldOrder): Promise<boolean> {
  const ids = [sessionId, ...(order.stripeSubscriptionId ? [order.stripeSubscriptionId] : [])];
  for (const id of ids) if (!(await isInStep(id))) return false;
  return true;
}

async function readyPurchase(order: SoldOrder, now: Date): Promise<ReadyPurchase> {
  const { renewsLicense, licenses } = order;
  // Whoever shows the nonce bought the renewal; the key is the owner's, who is the buyer.
  const renewed =
    licenses.length === 0 && renewsLicense !== null && renewsLicense.customerId === order.customerId;
  return {
    state: "ready",
    mine: true,
    orderNumber: order.number,
    email: order.customer?.email ?? order.email ?? "",
    renewed,
    subscription: await soldSubscription(order, now),
    licenses: (renewed ? [renewsLicense] : licenses).map(returnedLicense),
  };
}

function returnedLicense(license: SoldLicense): ReturnedLicense {
  return {
    id: license.id,
    productName: license.product.name,
    policyName: license.policy.name,
    key: readKey(license),
    maskedKey: maskKey(license.keyPrefix, license.keyLastGroup),
    deviceLimit: license.deviceLimit,
    seats: license.seats,
    validUntil: validUntil(license)?.toISOString() ?? null,
  };
}

async function soldSubscription(order: SoldOrder, now: Date): Promise<ReturnedSubscription | null> {
  const [license] = order.licenses;
  if (!order.stripeSubscriptionId || !license) return null;
  const source = await db().stripeSource.findUnique({
    where: { id: order.stripeSubscriptionId },
    select: { snapshot: true },
  });
  const facts = readSubscriptionSnapshot(source?.snapshot);
  if (!facts) return null;
  const holds = license.holds.map(({ cause }) => cause);
  return {
    trialEnd: facts.status === "trialing" ? (facts.trialEnd?.toISOString() ?? null) : null,
    next: describeSubscription(facts, { ...license, holds }, now).next,
  };
}
