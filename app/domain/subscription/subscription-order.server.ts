import { stripeActor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import type { CustomerRow } from "#app/domain/customer/customer.server.ts";
import { newId } from "#app/domain/ids.ts";
import type { CheckoutSessionFacts } from "#app/domain/order/checkout-session.ts";
import { storableAmount } from "#app/domain/order/order.ts";
import { recordOrderMadeElsewhere } from "#app/domain/order/record-order-made-elsewhere.server.ts";
import type { SubscriptionSale } from "#app/domain/subscription/fulfill-subscription.server.ts";
import type { SubscriptionProjection } from "#app/domain/subscription/project-subscription.ts";
import type { SubscriptionFacts } from "#app/domain/subscription/subscription.ts";
import type { Tx } from "#app/infra/db.server.ts";
import type { Order } from "#app/infra/prisma-client/client.ts";

/** The order a subscription came from: known by its id, by its session, or named in its metadata by our checkout. */
export async function findSubscriptionOrder(
  tx: Tx,
  subscription: SubscriptionFacts,
  session: CheckoutSessionFacts | null,
): Promise<Order | null> {
  const known = await tx.order.findUnique({ where: { stripeSubscriptionId: subscription.id } });
  if (known) return known;
  const bySession = session && (await tx.order.findUnique({ where: { stripeSessionId: session.id } }));
  const named = subscription.metadata.order ?? session?.metadata.order;
  const order =
    bySession ??
    (named ? await tx.order.findFirst({ where: { id: named, stripeSubscriptionId: null } }) : null);
  return (
    order &&
    tx.order.update({
      where: { id: order.id },
      data: {
        stripeSubscriptionId: subscription.id,
        ...(session && !order.stripeSessionId && { stripeSessionId: session.id }),
      },
    })
  );
}

/** An order for a subscription that our checkout did not start. */
export function recordSubscriptionMadeElsewhere(tx: Tx, sale: SubscriptionSale): Promise<Order> {
  const { subscription, session, cause, now } = sale;
  return recordOrderMadeElsewhere(tx, {
    session,
    columns: {
      stripeSessionId: session?.id ?? null,
      stripeSubscriptionId: subscription.id,
      livemode: subscription.livemode,
      createdAt: subscription.created,
    },
    madeBy: { subscription: subscription.id },
    cause,
    now,
  });
}

/** Freezes what was bought and for how much, as it was when it was paid first; later changes are the subscription's. */
export async function recordFirstLines(
  tx: Tx,
  order: Order,
  projection: SubscriptionProjection,
): Promise<void> {
  const rows = await tx.orderLine.findMany({ where: { orderId: order.id } });
  if (order.paidAt && rows.length > 0) return;
  for (const { item, policy } of projection.items) {
    const row =
      rows.find(({ stripeLineId }) => stripeLineId === item.id) ??
      rows.find(({ stripeLineId, stripePriceId }) => stripeLineId === null && stripePriceId === item.priceId);
    const columns = {
      stripeLineId: item.id,
      stripePriceId: item.priceId,
      description: row?.description || item.description,
      quantity: item.quantity ?? 1,
      amount: item.unitAmount === null ? null : storableAmount(item.unitAmount * (item.quantity ?? 1)),
      policyId: row?.policyId ?? policy?.id ?? null,
    };
    if (!row) await tx.orderLine.create({ data: { id: newId("line"), orderId: order.id, ...columns } });
    else await tx.orderLine.update({ where: { id: row.id }, data: columns });
  }
}

/** Moves the order's facts forward; the first paid (or trial) period is what makes it paid. */
export async function moveSubscriptionOrder(
  tx: Tx,
  sale: SubscriptionSale,
  order: Order,
  projection: SubscriptionProjection,
  owner: CustomerRow | null,
): Promise<Order> {
  const { subscription, session, cause, now } = sale;
  const first = subscription.invoices[subscription.invoices.length - 1];
  const isPaid = projection.state !== "nothing" && projection.items.length > 0;
  const facts = {
    customerId: owner?.id ?? order.customerId,
    email: session?.email ?? order.email ?? subscription.stripeCustomer.email,
    amountTotal:
      order.paidAt || order.amountTotal !== null
        ? (storableAmount(session?.amountTotal ?? null) ?? order.amountTotal)
        : storableAmount(session?.amountTotal ?? first?.total ?? null),
    currency: session?.currency ?? order.currency ?? first?.currency ?? null,
    livemode: subscription.livemode,
    paidAt: order.paidAt ?? (isPaid ? (projection.items[0]?.paidFrom ?? now) : null),
  };
  const changed = Object.entries(facts).some(
    ([name, value]) => String(order[name as keyof typeof facts]) !== String(value),
  );
  const moved = changed ? await tx.order.update({ where: { id: order.id }, data: facts }) : order;
  if (facts.paidAt && !order.paidAt)
    await recordAudit(tx, {
      now,
      actor: stripeActor,
      event: "order.paid",
      target: { type: "order", id: order.id },
      orderId: order.id,
      customerId: facts.customerId,
      cause,
      after: {
        amountTotal: facts.amountTotal,
        currency: facts.currency,
        subscription: subscription.id,
      },
    });
  return moved;
}
