import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import type { StoredInvoice } from "#tests/stripe-stand-in/stored-types.ts";
import { emit, emitThinOnly } from "#tests/stripe-stand-in/webhooks/events.ts";
import { reviewAfterPayment } from "./standing.ts";
import { emitInvoice, requireInvoice } from "./wire.ts";

/** Nothing about this invoice happens by itself any more. */
export function quiet(standIn: StandIn, id: string): void {
  const kinds = [
    "finalize_invoice",
    "attempt_invoice",
    "settle_invoice",
    "overdue_invoice",
    "give_up_invoice",
  ] as const;
  for (const kind of kinds) standIn.timers.cancel(kind, id);
}

/**
 * The invoice is paid: by its intent, outside Stripe, or because nothing was due. Tells of it as Stripe does
 * (`invoice.payment_succeeded` stays away when the money did not come through Stripe), then looks at the subscription.
 */
export function markPaid(
  standIn: StandIn,
  id: string,
  how: "charged" | "out_of_band" | "nothing_due",
  cause: Cause,
): StoredInvoice {
  const invoice = requireInvoice(standIn, id);
  quiet(standIn, id);
  standIn.store.invoiceRecords.update(id, { delayedOutcome: null });
  const now = standIn.clock.seconds();
  const paid = standIn.store.invoices.update(id, {
    status: "paid",
    amount_paid: invoice.amount_due,
    amount_paid_off_stripe: how === "out_of_band" ? invoice.amount_due : 0,
    amount_remaining: 0,
    attempted: true,
    auto_advance: false,
    next_payment_attempt: null,
    status_transitions: { ...invoice.status_transitions, paid_at: now },
  });
  if (how !== "nothing_due") closePayments(standIn, paid, how === "charged", cause);
  emitInvoice(standIn, "invoice.paid", paid, cause);
  if (how !== "out_of_band") emitInvoice(standIn, "invoice.payment_succeeded", paid, cause);
  reviewAfterPayment(standIn, paid, cause);
  return paid;
}

/** The open payments of an invoice that ends: paid, or canceled together with their intents. */
export function closePayments(standIn: StandIn, invoice: StoredInvoice, isPaid: boolean, cause: Cause): void {
  const now = standIn.clock.seconds();
  for (const payment of standIn.store.invoicePayments.where("invoice", invoice.id)) {
    if (payment.status !== "open") continue;
    if (isPaid) {
      const paid = standIn.store.invoicePayments.update(payment.id, {
        status: "paid",
        amount_paid: payment.amount_requested,
        status_transitions: { canceled_at: null, paid_at: now },
      });
      emit(standIn, "invoice_payment.paid", paid, cause);
      continue;
    }
    const canceled = standIn.store.invoicePayments.update(payment.id, {
      status: "canceled",
      status_transitions: { canceled_at: now, paid_at: null },
    });
    emitThinOnly(standIn, "invoice_payment.canceled", canceled, cause);
    const intent = standIn.store.paymentIntents.update(payment.payment.payment_intent, {
      status: "canceled",
      canceled_at: now,
      cancellation_reason: "void_invoice",
      next_action: null,
    });
    emit(standIn, "payment_intent.canceled", intent, cause);
  }
}
