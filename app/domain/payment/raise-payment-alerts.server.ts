import { raiseAlert } from "#app/domain/alert/alert.server.ts";
import { stripeActor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import type { ChargedPayment } from "#app/domain/payment/payment.ts";
import { paymentAlerts } from "#app/domain/payment/payment-alerts.ts";
import type { Tx } from "#app/infra/db.server.ts";
import type { Order } from "#app/infra/prisma-client/client.ts";

type Purchase = {
  order: Pick<Order, "id" | "number" | "customerId">;
  sourceId: string;
  /** Whether these payments pay for what runs now. */
  holding: boolean;
  cause: string | null;
  now: Date;
};

/**
 * Tells staff what happened to the payments of a purchase. Money that went back without changing a license leaves its
 * only trace here: one row of the audit log for each amount. Safe to repeat.
 */
export async function raisePaymentAlerts(
  tx: Tx,
  payments: readonly ChargedPayment[],
  { order, sourceId, holding, cause, now }: Purchase,
): Promise<void> {
  for (const { refunded, ...alert } of paymentAlerts(payments, {
    purchase: `order #${order.number}`,
    holding,
  })) {
    const isNew = await raiseAlert(tx, { ...alert, now, sourceId, orderId: order.id });
    if (isNew && refunded)
      await recordAudit(tx, {
        now,
        actor: stripeActor,
        event: "order.partly-refunded",
        target: { type: "order", id: order.id },
        orderId: order.id,
        customerId: order.customerId,
        cause,
        after: refunded,
      });
  }
}
