import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest, StripeApiError } from "#tests/stripe-stand-in/errors.ts";
import type { PaymentOutcome, StoredInvoice } from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";
import { attemptInvoice } from "./attempt-invoice.ts";
import { attachMethod } from "./cards.ts";
import { approveIntent, failureOf, settleIntent } from "./charge-intent.ts";
import { close } from "./close-invoice.ts";
import { ensurePayment, finalizeInvoice } from "./finalize-invoice.ts";
import { markPaid } from "./mark-paid.ts";
import { emitInvoice, requireInvoice } from "./wire.ts";

export type PayInvoiceInput = { outOfBand: boolean; method?: string | undefined; cause: Cause };

/** Pays an invoice now. A draft is finalized first. Throws a card error when the money does not come, after everything that follows from it. */
export function payInvoice(standIn: StandIn, id: string, input: PayInvoiceInput): StoredInvoice {
  const { cause } = input;
  if (requireInvoice(standIn, id).status === "draft") finalizeInvoice(standIn, id, { collect: false, cause });
  const invoice = requireInvoice(standIn, id);
  if (invoice.status === "paid") {
    if (invoice.amount_due === 0) return invoice;
    throw invalidRequest("Invoice is already paid", undefined, "invoice_already_paid");
  }
  if (invoice.status === "void") throw invalidRequest("This invoice is void and cannot be paid.");
  if (input.outOfBand) return markPaid(standIn, id, "out_of_band", cause);
  if (invoice.amount_due === 0) return markPaid(standIn, id, "nothing_due", cause);
  ensurePayment(standIn, id, cause);
  const intentId = standIn.store.invoiceRecords.get(id)?.paymentIntent ?? "";
  if (standIn.store.paymentIntents.get(intentId)?.status === "processing") {
    throw invalidRequest("This invoice has a payment that is still processing.");
  }
  const method =
    input.method === undefined
      ? undefined
      : attachMethod(standIn, input.method, String(invoice.customer), "payment_method", cause).id;
  const outcome = attemptInvoice(standIn, id, {
    by: "person",
    ...(method === undefined ? {} : { method }),
    cause,
  });
  if (outcome === "failed" || outcome === "requires_action") throw refusalOf(standIn, intentId, outcome);
  return requireInvoice(standIn, id);
}

function refusalOf(
  standIn: StandIn,
  intentId: string,
  outcome: "failed" | "requires_action",
): StripeApiError {
  if (outcome === "requires_action") {
    return new StripeApiError(402, {
      type: "card_error",
      code: "invoice_payment_intent_requires_action",
      message: "The payment of this invoice requires an action of the customer.",
    });
  }
  const { code, message, declineCode } = failureOf(standIn.store.paymentIntents.get(intentId));
  return new StripeApiError(402, {
    type: "card_error",
    code,
    message,
    ...(declineCode === null ? {} : { decline_code: declineCode }),
  });
}

/** The customer did what the bank asked of them for this invoice (3-D Secure): it is paid. Throws when nothing was asked. */
export function approveAction(standIn: StandIn, id: string): StoredInvoice {
  const intentId = standIn.store.invoiceRecords.get(id)?.paymentIntent;
  if (intentId == null) throw new Error(`Invoice ${id} has no payment`);
  approveIntent(standIn, intentId, null);
  return markPaid(standIn, id, "charged", null);
}

/** Ends the delayed payment of an invoice. Bounced, the invoice is void and the subscription stays as it is. Throws when none is under way. */
export function settleInvoice(standIn: StandIn, id: string, outcome: PaymentOutcome): StoredInvoice {
  const record = standIn.store.invoiceRecords.get(id);
  if (record?.paymentIntent == null || record.delayedOutcome === null) {
    throw new Error(`Invoice ${id} has no delayed payment under way`);
  }
  standIn.timers.cancel("settle_invoice", id);
  standIn.store.invoiceRecords.update(id, { delayedOutcome: null });
  settleIntent(standIn, record.paymentIntent, outcome);
  if (outcome === "succeeded") markPaid(standIn, id, "charged", null);
  else {
    emitInvoice(standIn, "invoice.payment_failed", requireInvoice(standIn, id), null);
    close(standIn, requireInvoice(standIn, id), "void", null);
  }
  tellSession(standIn, record.session, outcome);
  return requireInvoice(standIn, id);
}

function tellSession(standIn: StandIn, sessionId: string | null, outcome: PaymentOutcome): void {
  if (sessionId === null) return;
  const isPaid = outcome === "succeeded";
  const session = standIn.store.sessions.update(sessionId, isPaid ? { payment_status: "paid" } : {});
  emit(
    standIn,
    isPaid ? "checkout.session.async_payment_succeeded" : "checkout.session.async_payment_failed",
    session,
    null,
  );
}

/** What the clock does when a delayed payment's days are over. */
export function settleWhenUnderWay(standIn: StandIn, id: string): void {
  const outcome = standIn.store.invoiceRecords.get(id)?.delayedOutcome;
  if (outcome != null) settleInvoice(standIn, id, outcome);
}
