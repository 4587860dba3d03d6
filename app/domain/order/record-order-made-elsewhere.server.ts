import { stripeActor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { newId } from "#app/domain/ids.ts";
import type { CheckoutSessionFacts } from "#app/domain/order/checkout-session.ts";
import type { Tx } from "#app/infra/db.server.ts";
import type { Order, Prisma } from "#app/infra/prisma-client/client.ts";

type PurchaseMadeElsewhere = {
  session: Pick<CheckoutSessionFacts, "paymentLinkId"> | null;
  columns: Omit<Prisma.OrderUncheckedCreateInput, "id" | "origin">;
  /** Its id at Stripe, for the audit log. */
  madeBy: { session: string } | { subscription: string };
  cause: string | null;
  now: Date;
};

/** An order for what was bought by a payment link, in Stripe's dashboard or by other code, with its audit row. */
export async function recordOrderMadeElsewhere(
  tx: Tx,
  { session, columns, madeBy, cause, now }: PurchaseMadeElsewhere,
): Promise<Order> {
  const origin = session?.paymentLinkId ? "payment_link" : "elsewhere";
  const order = await tx.order.create({ data: { ...columns, id: newId("ord", now), origin } });
  await recordAudit(tx, {
    now,
    actor: stripeActor,
    event: "order.created",
    target: { type: "order", id: order.id },
    orderId: order.id,
    cause,
    after: { origin, ...madeBy },
  });
  return order;
}
