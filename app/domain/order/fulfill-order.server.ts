import { raiseAlert } from "#app/domain/alert/alert.server.ts";
import { stripeActor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { bindStripeCustomer, type CustomerRow } from "#app/domain/customer/customer.server.ts";
import { earliest } from "#app/domain/earliest.ts";
import { queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import { newId } from "#app/domain/ids.ts";
import type { CheckoutSessionFacts } from "#app/domain/order/checkout-session.ts";
import { storableAmount } from "#app/domain/order/order.ts";
import {
  type PolicyMap,
  policyOf,
  projectSale,
  type SaleProjection,
} from "#app/domain/order/project-sale.ts";
import { recordOrderMadeElsewhere } from "#app/domain/order/record-order-made-elsewhere.server.ts";
import { findSaleOwner } from "#app/domain/order/sale-owner.server.ts";
import { policiesForSale } from "#app/domain/order/sale-policies.server.ts";
import { settleSoldLicenses } from "#app/domain/order/settle-sold-licenses.server.ts";
import type { Tx } from "#app/infra/db.server.ts";
import type { Order } from "#app/infra/prisma-client/client.ts";

export type Sale = { session: CheckoutSessionFacts; cause: string | null; now: Date };

export type Fulfillment = {
  /** Null when the sale is none of ours: nothing was written. */
  orderId: string | null;
  /** When Stripe should be asked again although nobody says so. */
  nextCheckAt: Date | null;
  /** Why a sale is none of ours. */
  foreignBecause?: string;
};

/**
 * Makes our records of one sale equal to what Stripe holds: order, licenses, audit rows and mails, in the caller's
 * transaction, which must hold the lock on the sale's source. Safe to repeat: a second run with the same facts
 * changes nothing and writes nothing. Of the licenses it touches only what is Stripe's, so what staff decided stays.
 * A session in subscription mode only opens or closes its order here; what it sold has a sync of its own.
 */
export async function fulfillOrder(tx: Tx, sale: Sale): Promise<Fulfillment> {
  const { session, now } = sale;
  const known = await findOrder(tx, session);
  const policies = await policiesForSale(tx, session, known?.id ?? null);
  const isSubscription = session.mode === "subscription" && session.subscriptionId !== null;
  const foreignBecause = known ? null : whyForeign(session, policies);
  if (foreignBecause) return { orderId: null, nextCheckAt: null, foreignBecause };
  if (!known && isSubscription) return { orderId: null, nextCheckAt: null };
  const order = known ?? (await recordSaleMadeElsewhere(tx, sale));
  const complete = session.status === "complete";
  const owner = await findSaleOwner(tx, {
    customerId: order.customerId,
    clientReferenceId: session.clientReferenceId,
    stripeCustomerId: complete ? session.stripeCustomerId : null,
    email: complete ? (session.email ?? order.email) : null,
    name: session.name,
    cause: sale.cause,
    now,
  });
  const projection = projectSale(
    session,
    policies,
    { awaitingPaymentAt: order.awaitingPaymentAt, paidAt: order.paidAt, hasOwner: owner !== null },
    now,
  );
  for (const alert of projection.alerts)
    await raiseAlert(tx, { ...alert, now, sourceId: session.id, orderId: order.id });
  if (!isSubscription) await recordLines(tx, order, projection);
  await recordPayment(tx, session);
  if (owner && session.stripeCustomerId && complete)
    await bindStripeCustomer(tx, {
      stripeCustomerId: session.stripeCustomerId,
      customerId: owner.id,
      livemode: session.livemode,
      email: session.email,
      name: session.name,
    });
  await moveOrder(tx, sale, order, projection, owner);
  if (isSubscription) return { orderId: order.id, nextCheckAt: null };
  const settled = await settleSoldLicenses(tx, sale, order, projection, owner);
  return { orderId: order.id, nextCheckAt: earliest(projection.nextCheckAt, settled.nextCheckAt) };
}

/** A vendor may sell other things from the same Stripe account; those sales leave no trace but their events. */
function whyForeign(session: CheckoutSessionFacts, policies: PolicyMap): string | null {
  if (session.mode === "setup") return "This session only saved a payment method.";
  if (session.status !== "complete") return "This checkout was not started here and is not completed.";
  if (!session.lines.some((line) => policyOf(line, session.lines, policies)))
    return "None of the prices in this sale is in the catalog.";
  return null;
}

async function findOrder(tx: Tx, session: CheckoutSessionFacts): Promise<Order | null> {
  const known = await tx.order.findUnique({ where: { stripeSessionId: session.id } });
  if (known || !session.metadata.order) return known;
  const ours = await tx.order.findFirst({ where: { id: session.metadata.order, stripeSessionId: null } });
  // We crashed between opening the session and noting its id.
  return ours && tx.order.update({ where: { id: ours.id }, data: { stripeSessionId: session.id } });
}

async function recordSaleMadeElsewhere(tx: Tx, { session, cause, now }: Sale): Promise<Order> {
  return recordOrderMadeElsewhere(tx, {
    session,
    columns: {
      stripeSessionId: session.id,
      renewsLicenseId: await renewedBy(tx, session),
      livemode: session.livemode,
      createdAt: session.created,
    },
    madeBy: { session: session.id },
    cause,
    now,
  });
}

/**
 * An earlier payment page of a renewal, paid although a later one took its place in the order, still says which license
 * it prolongs; the owner's it must be.
 */
async function renewedBy(
  tx: Tx,
  { metadata, clientReferenceId }: CheckoutSessionFacts,
): Promise<string | null> {
  if (!metadata.renews || !clientReferenceId) return null;
  const license = await tx.license.findFirst({
    where: { id: metadata.renews, customerId: clientReferenceId },
    select: { id: true },
  });
  return license?.id ?? null;
}

async function recordLines(tx: Tx, order: Order, projection: SaleProjection): Promise<void> {
  const rows = await tx.orderLine.findMany({ where: { orderId: order.id } });
  for (const { line, policy } of projection.lines) {
    const row =
      rows.find((candidate) => candidate.stripeLineId === line.id) ??
      rows.find((candidate) => candidate.stripeLineId === null && candidate.stripePriceId === line.priceId);
    const columns = {
      stripeLineId: line.id,
      stripePriceId: line.priceId,
      description: line.description,
      quantity: line.quantity,
      amount: storableAmount(line.amountTotal),
      policyId: policy?.id ?? null,
    };
    if (!row) await tx.orderLine.create({ data: { id: newId("line"), orderId: order.id, ...columns } });
    else if (Object.entries(columns).some(([name, value]) => row[name as keyof typeof columns] !== value))
      await tx.orderLine.update({ where: { id: row.id }, data: columns });
  }
}

async function recordPayment(tx: Tx, session: CheckoutSessionFacts): Promise<void> {
  const payment = session.payment;
  if (!payment) return;
  await tx.stripePayment.upsert({
    where: { paymentIntentId: payment.id },
    create: { paymentIntentId: payment.id, chargeId: payment.chargeId, sourceId: session.id },
    update: { chargeId: payment.chargeId, sourceId: session.id },
  });
}

/** Moves the order's facts forward, with one audit row and at most one mail for each step it takes. */
async function moveOrder(
  tx: Tx,
  sale: Sale,
  order: Order,
  projection: SaleProjection,
  customer: CustomerRow | null,
): Promise<void> {
  const { session, cause, now } = sale;
  // Money that arrived is not taken back by an older answer of Stripe that comes late.
  const state = order.paidAt ? "paid" : projection.state;
  const facts = {
    customerId: customer?.id ?? order.customerId,
    email: session.email ?? order.email,
    paymentIntentId: session.payment?.id ?? order.paymentIntentId,
    stripeSubscriptionId: session.subscriptionId ?? order.stripeSubscriptionId,
    amountTotal: session.amountTotal === null ? order.amountTotal : storableAmount(session.amountTotal),
    currency: session.currency ?? order.currency,
    livemode: session.livemode,
    paidAt: order.paidAt ?? projection.paidAt,
    awaitingPaymentAt: order.awaitingPaymentAt ?? (state === "awaiting-payment" ? now : null),
    // A payment that failed and then arrived after all is paid; `orderStatus` ranks it so.
    paymentFailedAt: order.paymentFailedAt ?? (state === "payment-failed" ? now : null),
    expiredAt: order.expiredAt ?? (state === "expired" ? now : null),
  };
  const changed = Object.entries(facts).some(
    ([name, value]) => String(order[name as keyof typeof facts]) !== String(value),
  );
  if (changed) await tx.order.update({ where: { id: order.id }, data: facts });

  const record = (
    event: "order.awaiting-payment" | "order.paid" | "order.payment-failed" | "order.expired",
  ) =>
    recordAudit(tx, {
      now,
      actor: stripeActor,
      event,
      target: { type: "order", id: order.id },
      orderId: order.id,
      customerId: facts.customerId,
      cause,
      after: { amountTotal: facts.amountTotal, currency: facts.currency, session: session.id },
      ...(event === "order.payment-failed" && { reason: session.payment?.failureMessage ?? null }),
    });
  const recipient = customer?.email ?? facts.email;
  const mail = (kind: "payment-pending" | "payment-failed") =>
    recipient
      ? queueEmail(tx, {
          now,
          kind,
          causeKey: session.id,
          recipient,
          props: { orderId: order.id },
          customerId: facts.customerId,
          orderId: order.id,
        })
      : Promise.resolve(false);

  if (facts.awaitingPaymentAt && !order.awaitingPaymentAt) {
    await record("order.awaiting-payment");
    await mail("payment-pending");
  }
  if (facts.paymentFailedAt && !order.paymentFailedAt) {
    await record("order.payment-failed");
    await mail("payment-failed");
  }
  if (facts.expiredAt && !order.expiredAt) await record("order.expired");
  if (facts.paidAt && !order.paidAt) await record("order.paid");
}
