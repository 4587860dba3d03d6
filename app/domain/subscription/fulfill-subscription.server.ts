import { raiseAlert } from "#app/domain/alert/alert.server.ts";
import { stripeActor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { bindStripeCustomer, type CustomerRow } from "#app/domain/customer/customer.server.ts";
import { earliest } from "#app/domain/earliest.ts";
import type { CheckoutSessionFacts } from "#app/domain/order/checkout-session.ts";
import type { Fulfillment } from "#app/domain/order/fulfill-order.server.ts";
import { type PolicyMap, policyOf } from "#app/domain/order/project-sale.ts";
import { findSaleOwner } from "#app/domain/order/sale-owner.server.ts";
import { policiesForSale } from "#app/domain/order/sale-policies.server.ts";
import { raisePaymentAlerts } from "#app/domain/payment/raise-payment-alerts.server.ts";
import { readSettings } from "#app/domain/setting/settings.server.ts";
import {
  asLine,
  projectSubscription,
  type SubscriptionProjection,
} from "#app/domain/subscription/project-subscription.ts";
import { settleSubscriptionLicenses } from "#app/domain/subscription/settle-subscription-licenses.server.ts";
import { type SubscriptionFacts, scheduledEnd } from "#app/domain/subscription/subscription.ts";
import { subscriptionNotices } from "#app/domain/subscription/subscription-notices.ts";
import {
  findSubscriptionOrder,
  moveSubscriptionOrder,
  recordFirstLines,
  recordSubscriptionMadeElsewhere,
} from "#app/domain/subscription/subscription-order.server.ts";
import { readSubscriptionSnapshot } from "#app/domain/subscription/subscription-snapshot.server.ts";
import { endReasonWords } from "#app/domain/subscription/subscription-words.ts";
import type { Tx } from "#app/infra/db.server.ts";
import type { Order } from "#app/infra/prisma-client/client.ts";

export type SubscriptionSale = {
  subscription: SubscriptionFacts;
  /** The Checkout Session it came from, where it was looked up. */
  session: CheckoutSessionFacts | null;
  cause: string | null;
  now: Date;
};

/**
 * Makes our records of one subscription equal to what Stripe holds: order, licenses, holds, audit rows and mails, in
 * the caller's transaction, which must hold the lock on the subscription's source. Safe to repeat: a second run with the
 * same facts writes nothing. What changed since the last sync is told from the source's snapshot, which the caller
 * replaces in the same transaction.
 */
export async function fulfillSubscription(tx: Tx, sale: SubscriptionSale): Promise<Fulfillment> {
  const { subscription, session, now } = sale;
  const settings = await readSettings(tx);
  const known = await findSubscriptionOrder(tx, subscription, session);
  const policies = await policiesFor(tx, sale, known);
  const projection = projectSubscription(subscription, policies, settings, now);
  const foreignBecause = known ? null : whyForeign(projection);
  if (foreignBecause) return { orderId: null, nextCheckAt: null, foreignBecause };
  const found = known ?? (await recordSubscriptionMadeElsewhere(tx, sale));
  const owner = projection.state === "nothing" ? null : await ownerOf(tx, sale, found);
  await recordFirstLines(tx, found, projection);
  const order = await moveSubscriptionOrder(tx, sale, found, projection, owner);
  const before = await snapshotBefore(tx, subscription.id);
  await recordSteps(tx, sale, order, before);
  await raiseAlerts(tx, sale, order, projection, owner);
  if (!owner) return { orderId: order.id, nextCheckAt: projection.nextCheckAt };
  const { notices, alerts } = subscriptionNotices(before, subscription, settings, now);
  for (const alert of alerts)
    await raiseAlert(tx, { ...alert, now, sourceId: subscription.id, orderId: order.id });
  const planned = await settleSubscriptionLicenses(tx, { sale, order, owner, projection, notices });
  return { orderId: order.id, nextCheckAt: earliest(projection.nextCheckAt, planned.nextCheckAt) };
}

/** Once an order froze what was sold, a slug in the metadata only speaks for prices nobody else can tell. */
async function policiesFor(
  tx: Tx,
  { subscription, session }: SubscriptionSale,
  known: Order | null,
): Promise<PolicyMap> {
  const lines = subscription.items.map(asLine);
  const metadata = { ...session?.metadata, ...subscription.metadata };
  const policies = await policiesForSale(tx, { metadata, lines }, known?.id ?? null);
  const withoutSlug = { ...policies, sessionSlug: null };
  return known && lines.some((line) => policyOf(line, lines, withoutSlug)) ? withoutSlug : policies;
}

/** A vendor may sell other things from the same Stripe account; they leave no trace but their events. */
function whyForeign(projection: SubscriptionProjection): string | null {
  if (projection.state === "nothing")
    return "This subscription was not started here and nothing is paid yet.";
  if (projection.state === "ended") return "This subscription ended before it gave any license.";
  return projection.items.some(({ policy }) => policy)
    ? null
    : "None of the prices in this subscription is in the catalog.";
}

async function ownerOf(tx: Tx, sale: SubscriptionSale, order: Order): Promise<CustomerRow | null> {
  const { subscription, session, cause, now } = sale;
  const { stripeCustomer } = subscription;
  const owner = await findSaleOwner(tx, {
    customerId: order.customerId,
    clientReferenceId: session?.clientReferenceId ?? null,
    stripeCustomerId: stripeCustomer.id,
    email: session?.email ?? order.email ?? stripeCustomer.email,
    name: session?.name ?? stripeCustomer.name,
    cause,
    now,
  });
  if (owner)
    await bindStripeCustomer(tx, {
      stripeCustomerId: stripeCustomer.id,
      customerId: owner.id,
      livemode: subscription.livemode,
      email: stripeCustomer.email,
      name: stripeCustomer.name,
    });
  return owner;
}

async function snapshotBefore(tx: Tx, subscriptionId: string): Promise<SubscriptionFacts | null> {
  const source = await tx.stripeSource.findUnique({
    where: { id: subscriptionId },
    select: { snapshot: true },
  });
  return readSubscriptionSnapshot(source?.snapshot ?? null);
}

/** One row for each step the subscription itself took, for whoever reads the order's history. */
async function recordSteps(
  tx: Tx,
  { subscription, cause, now }: SubscriptionSale,
  order: Order,
  before: SubscriptionFacts | null,
): Promise<void> {
  const was = before && standingOf(before);
  const is = standingOf(subscription);
  if (was && JSON.stringify(was) === JSON.stringify(is)) return;
  const ended = is.endedAt !== null;
  const { endedBecause } = subscription;
  await recordAudit(tx, {
    now,
    actor: stripeActor,
    event: ended ? "subscription.ended" : was ? "subscription.changed" : "subscription.started",
    target: { type: "order", id: order.id },
    orderId: order.id,
    customerId: order.customerId,
    reason: ended && endedBecause ? `${endReasonWords(endedBecause)}.` : null,
    cause,
    ...(was && { before: was }),
    after: is,
  });
}

function standingOf(subscription: SubscriptionFacts) {
  return {
    status: subscription.status,
    endsAt: scheduledEnd(subscription)?.toISOString() ?? null,
    endedAt: subscription.endedAt?.toISOString() ?? null,
    collection: subscription.pauseCollection?.behavior ?? null,
    items: subscription.items.map((item) => `${item.quantity ?? 1} × ${item.priceId}`).join(", "),
  };
}

async function raiseAlerts(
  tx: Tx,
  { subscription, cause, now }: SubscriptionSale,
  order: Order,
  projection: SubscriptionProjection,
  owner: CustomerRow | null,
): Promise<void> {
  const covering = new Set(projection.items.map(({ invoiceId }) => invoiceId));
  for (const alert of projection.alerts)
    await raiseAlert(tx, { ...alert, now, sourceId: subscription.id, orderId: order.id });
  for (const invoice of subscription.invoices)
    await raisePaymentAlerts(tx, invoice.payments, {
      order,
      sourceId: subscription.id,
      holding: covering.has(invoice.id),
      cause,
      now,
    });
  if (!owner && projection.state === "live")
    await raiseAlert(tx, {
      now,
      kind: "no-email",
      causeKey: subscription.id,
      message: `${subscription.id} is paid but names no address, so nobody can receive its licenses. Add the address to the customer in Stripe and sync the order again.`,
      sourceId: subscription.id,
      orderId: order.id,
    });
}
