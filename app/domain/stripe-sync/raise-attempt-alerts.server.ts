import { raiseAlert } from "#app/domain/alert/alert.server.ts";
import type { InvoiceFacts } from "#app/domain/subscription/subscription.ts";
import type { Tx } from "#app/infra/db.server.ts";

/**
 * Tells staff of open invoices whose payment method has to be charged outside Stripe (stripe.md 1.2, row 23). Only the
 * event says so, nothing that could be fetched; so this comes before the subscription's events are closed. Safe to
 * repeat: once for each invoice.
 */
export async function raiseAttemptAlerts(
  tx: Tx,
  subscription: { id: string; orderId: string | null; invoices: readonly InvoiceFacts[]; now: Date },
): Promise<void> {
  const { id, orderId, invoices, now } = subscription;
  const open = invoices.filter(({ status }) => status === "open").map((invoice) => invoice.id);
  if (open.length === 0) return;
  const events = await tx.stripeEvent.findMany({
    where: {
      sourceId: id,
      processedAt: null,
      ignoredAt: null,
      type: { in: ["invoice.payment_attempt_required", "v1.invoice.payment_attempt_required"] },
      objectId: { in: open },
    },
    distinct: ["objectId"],
    select: { objectId: true },
  });
  for (const { objectId } of events)
    await raiseAlert(tx, {
      now,
      kind: "payment-attempt-required",
      causeKey: objectId ?? id,
      message: `Stripe cannot charge the payment method for invoice ${objectId} of ${id}. Collect the money where that method is charged and record it on the invoice in Stripe; until then it counts as unpaid.`,
      sourceId: id,
      orderId,
    });
}
