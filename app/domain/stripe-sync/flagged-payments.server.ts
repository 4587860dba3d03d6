import { db, type Tx } from "#app/infra/db.server.ts";

/** Payments of this purchase that something was said against; every sync reads what became of it. */
export async function flaggedPaymentsOf(sourceId: string): Promise<string[]> {
  const rows = await db().stripePayment.findMany({
    where: { sourceId, flaggedAt: { not: null } },
    select: { paymentIntentId: true },
  });
  return rows.map((row) => row.paymentIntentId);
}

/** From now on each sync of the purchase reads refunds, disputes and warnings of this payment. Safe to repeat. */
export async function flagPayment(
  tx: Tx,
  payment: { paymentId: string; sourceId: string; now: Date },
): Promise<void> {
  const { paymentId, sourceId, now } = payment;
  await tx.$executeRaw`
    INSERT INTO stripe_payment (payment_intent_id, source_id, flagged_at) VALUES (${paymentId}, ${sourceId}, ${now})
    ON CONFLICT (payment_intent_id) DO UPDATE SET flagged_at = excluded.flagged_at
      WHERE stripe_payment.flagged_at IS NULL`;
}

/** Remembers which payments paid which invoices of a subscription, so that a refund finds its way back. */
export async function recordInvoicePayments(
  tx: Tx,
  sourceId: string,
  invoices: readonly { id: string; payments: readonly { id: string }[] }[],
): Promise<void> {
  const pairs = invoices.flatMap((invoice) => invoice.payments.map((payment) => [payment.id, invoice.id]));
  if (pairs.length === 0) return;
  const ids = pairs.map(([paymentId]) => paymentId);
  const invoiceIds = pairs.map(([, invoiceId]) => invoiceId);
  // One payment may settle several invoices; the newest, which is listed first, is kept.
  await tx.$executeRaw`
    INSERT INTO stripe_payment (payment_intent_id, source_id, invoice_id)
      SELECT DISTINCT ON (id) id, ${sourceId}, invoice_id
        FROM unnest(${ids}::text[], ${invoiceIds}::text[]) WITH ORDINALITY AS paid (id, invoice_id, place)
        ORDER BY id, place
    ON CONFLICT (payment_intent_id) DO UPDATE SET invoice_id = excluded.invoice_id
      WHERE stripe_payment.invoice_id IS NULL`;
}
