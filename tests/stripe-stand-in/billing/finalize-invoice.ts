import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest } from "#tests/stripe-stand-in/errors.ts";
import { idOf, newId } from "#tests/stripe-stand-in/ids.ts";
import { isLive } from "#tests/stripe-stand-in/resources/customers.ts";
import { makeIntent } from "#tests/stripe-stand-in/resources/payment-intents.ts";
import type { StoredInvoice, StoredPaymentIntent } from "#tests/stripe-stand-in/stored-types.ts";
import { emitThinOnly } from "#tests/stripe-stand-in/webhooks/events.ts";
import { attemptInvoice } from "./attempt-invoice.ts";
import { markPaid } from "./mark-paid.ts";
import { billingSettings } from "./settings.ts";
import { emitInvoice, requireInvoice } from "./wire.ts";

export type FinalizeInput = {
  /** Charge the customer now, when the invoice is charged automatically. */
  collect: boolean;
  /** The intent a checkout has paid with already. */
  intent?: StoredPaymentIntent;
  cause: Cause;
};

/**
 * A draft becomes a demand: number, balance, page and payment intent, and `invoice.finalized`. What costs nothing is paid
 * at once, what is sent is sent. Throws for an invoice that is no draft.
 */
export function finalizeInvoice(standIn: StandIn, id: string, input: FinalizeInput): StoredInvoice {
  const draft = requireInvoice(standIn, id);
  if (draft.status !== "draft") {
    throw invalidRequest("This invoice is already finalized, you can't re-finalize a non-draft invoice.");
  }
  standIn.timers.cancel("finalize_invoice", id);
  if (billingSettings(standIn).finalizationFails) return refuse(standIn, draft, input.cause);
  const open = standIn.store.invoices.update(id, { ...numbered(standIn, draft), ...demand(standIn, draft) });
  const record = standIn.store.invoiceRecords.get(id);
  if (open.amount_due > 0 && record !== undefined) {
    const intent = input.intent ?? intentFor(standIn, open, input.cause);
    addPayment(standIn, open, intent, input.cause);
  }
  emitInvoice(standIn, "invoice.finalized", open, input.cause);
  if (open.amount_due === 0) return markPaid(standIn, id, "nothing_due", input.cause);
  if (open.collection_method === "send_invoice") return send(standIn, open, input.cause);
  if (input.collect && open.auto_advance === true)
    attemptInvoice(standIn, id, { by: "schedule", cause: input.cause });
  return requireInvoice(standIn, id);
}

/** What the clock does with a draft whose hour is over. */
export function finalizeWhenDraft(standIn: StandIn, id: string): void {
  if (standIn.store.invoices.get(id)?.status === "draft")
    finalizeInvoice(standIn, id, { collect: true, cause: null });
}

function refuse(standIn: StandIn, draft: StoredInvoice, cause: Cause): StoredInvoice {
  const failed = standIn.store.invoices.update(draft.id, {
    automatic_tax: { ...draft.automatic_tax, enabled: true, status: "requires_location_inputs" },
    last_finalization_error: {
      code: "customer_tax_location_invalid",
      message: "The customer's location isn't recognized.",
      type: "invalid_request_error",
    },
  });
  emitInvoice(standIn, "invoice.finalization_failed", failed, cause);
  if (cause !== null) throw invalidRequest("The customer's location isn't recognized.");
  return failed;
}

/** The number after the customer's last one. */
function numbered(standIn: StandIn, draft: StoredInvoice): Partial<StoredInvoice> {
  const customer = standIn.store.customers.get(idOf(draft.customer) ?? "");
  if (customer === undefined || !isLive(customer)) return { number: null };
  const sequence = customer.next_invoice_sequence ?? 1;
  standIn.store.customers.put({ ...customer, next_invoice_sequence: sequence + 1 });
  return { number: `${customer.invoice_prefix ?? "INV"}-${String(sequence).padStart(4, "0")}` };
}

/** Credit the customer has makes the demand smaller; a negative total becomes credit. */
function demand(standIn: StandIn, draft: StoredInvoice): Partial<StoredInvoice> {
  const customer = standIn.store.customers.get(idOf(draft.customer) ?? "");
  const live = customer !== undefined && isLive(customer) ? customer : null;
  const starting = live?.balance ?? 0;
  const owed = draft.total + starting;
  const due = Math.max(0, owed);
  const ending = draft.total > 0 || owed < 0 ? Math.min(0, owed) : starting;
  if (live !== null && ending !== starting) standIn.store.customers.put({ ...live, balance: ending });
  const now = standIn.clock.seconds();
  return {
    status: "open",
    amount_due: due,
    amount_remaining: due,
    starting_balance: starting,
    ending_balance: ending,
    effective_at: now,
    last_finalization_error: null,
    next_payment_attempt: null,
    hosted_invoice_url: `${standIn.settings.publicBase}/invoice/${draft.id}`,
    invoice_pdf: `${standIn.settings.publicBase}/invoice/${draft.id}`,
    status_transitions: { ...draft.status_transitions, finalized_at: now },
  };
}

function intentFor(standIn: StandIn, invoice: StoredInvoice, cause: Cause): StoredPaymentIntent {
  const input = {
    amount: invoice.amount_due,
    currency: invoice.currency,
    customer: idOf(invoice.customer),
    description: invoice.billing_reason === "manual" ? "Invoice payment" : "Subscription update",
    metadata: {},
    methodTypes: ["card", invoice.currency === "usd" ? "us_bank_account" : "sepa_debit"],
    presentment: null,
  };
  return makeIntent(standIn, input, cause);
}

/** The intent of an invoice that was given up before it was finalized and is paid after all; safe to repeat. */
export function ensurePayment(standIn: StandIn, id: string, cause: Cause): void {
  const invoice = requireInvoice(standIn, id);
  if (standIn.store.invoiceRecords.get(id)?.paymentIntent !== null || invoice.amount_due === 0) return;
  addPayment(standIn, invoice, intentFor(standIn, invoice, cause), cause);
}

function addPayment(
  standIn: StandIn,
  invoice: StoredInvoice,
  intent: StoredPaymentIntent,
  cause: Cause,
): void {
  standIn.store.invoiceRecords.update(invoice.id, { paymentIntent: intent.id });
  const payment = standIn.store.invoicePayments.put({
    id: newId("inpay"),
    object: "invoice_payment",
    amount_paid: null,
    amount_requested: invoice.amount_due,
    created: standIn.clock.seconds(),
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: standIn.settings.livemode,
    payment: { type: "payment_intent", payment_intent: intent.id },
    status: "open",
    status_transitions: { canceled_at: null, paid_at: null },
  });
  emitThinOnly(standIn, "invoice_payment.open", payment, cause);
}

/** `invoice.sent`; from its due date on it is overdue. */
export function send(standIn: StandIn, invoice: StoredInvoice, cause: Cause): StoredInvoice {
  emitInvoice(standIn, "invoice.sent", invoice, cause);
  if (invoice.due_date !== null)
    standIn.timers.schedule("overdue_invoice", invoice.id, invoice.due_date * 1000);
  return invoice;
}
