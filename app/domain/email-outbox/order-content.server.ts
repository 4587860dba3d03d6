import type { EmailProps } from "#app/domain/email-outbox/email.ts";
import {
  asSold,
  commonStanding,
  isReleased,
  licenseInEmail,
  licenseParts,
  standingOf,
} from "#app/domain/email-outbox/license-in-email.server.ts";
import { gone, type LoadedEmail, type LoadOptions } from "#app/domain/email-outbox/loaded-email.ts";
import { findSubscription } from "#app/domain/email-outbox/subscription-in-email.server.ts";
import { orderStatus } from "#app/domain/order/order.ts";
import { db } from "#app/infra/db.server.ts";

/** The keys of an order. Nobody is sent a key that does not work (S22, S42). */
export async function licenseIssued(
  props: EmailProps["license-issued"],
  options: LoadOptions,
): Promise<LoadedEmail> {
  const order = await db().order.findUnique({
    where: { id: props.orderId },
    include: { licenses: { include: licenseParts, orderBy: asSold } },
  });
  if (!order) return gone("order");
  if (order.licenses.length === 0) return gone("license");
  const good = order.licenses.filter((license) => !license.revokedAt && !isReleased(license));
  const shown = good.length > 0 ? good : order.licenses;
  const subscription = order.stripeSubscriptionId ? await findSubscription(order.stripeSubscriptionId) : null;
  const isTrial = subscription?.status === "trialing";
  const works = good.some((license) => standingOf(license, options.now) === "good");
  return {
    content: {
      kind: "license-issued",
      orderNumber: order.number,
      licenses: shown.map((license) => licenseInEmail(license, { ...options, isTrial })),
    },
    noLongerTrue: works ? null : "No license of the order works any more.",
  };
}

export async function paymentPending(props: EmailProps["payment-pending"]): Promise<LoadedEmail> {
  const order = await findOrderWithNames(props.orderId);
  if (!order) return gone("order");
  const isPending = orderStatus(order) === "awaiting-payment" && !order.fulfilledAt;
  return {
    content: { kind: "payment-pending", orderNumber: order.number, productNames: order.productNames },
    noLongerTrue: isPending ? null : "The payment is no longer pending.",
  };
}

export async function paymentFailed(props: EmailProps["payment-failed"]): Promise<LoadedEmail> {
  const order = await findOrderWithNames(props.orderId);
  if (!order) return gone("order");
  return {
    content: { kind: "payment-failed", orderNumber: order.number, productNames: order.productNames },
    noLongerTrue: orderStatus(order) === "payment-failed" ? null : "The order was paid after all.",
  };
}

/** Money that went back stays a fact, whatever happens to the licenses; what it meant for them is read now. */
export async function refunded(props: EmailProps["refunded"], { now }: LoadOptions): Promise<LoadedEmail> {
  const order = await findOrderWithNames(props.orderId);
  if (!order) return gone("order");
  // A renewal has no license of its own: it is about the one it prolonged.
  const about = order.licenses.length === 0 && order.renewsLicense ? [order.renewsLicense] : order.licenses;
  const licenses = about.filter((license) => !isReleased(license));
  return {
    content: {
      kind: "refunded",
      orderNumber: order.number,
      productNames: order.productNames,
      amount: props.amount,
      currency: props.currency,
      full: props.full,
      standing: commonStanding(licenses, now),
      licenses: licenses.length,
      licenseId: licenses[0]?.id ?? null,
    },
    noLongerTrue: null,
  };
}

async function findOrderWithNames(orderId: string) {
  const order = await db().order.findUnique({
    where: { id: orderId },
    include: {
      lines: { include: { policy: { include: { product: true } } }, orderBy: { id: "asc" } },
      licenses: { include: licenseParts, orderBy: asSold },
      renewsLicense: { include: licenseParts },
    },
  });
  if (!order) return null;
  const names = order.lines.flatMap((line) => (line.policy ? [line.policy.product.name] : []));
  const known = names.length > 0 ? names : order.licenses.map((license) => license.product.name);
  return { ...order, productNames: known.length > 0 ? known : ["Your order"] };
}
