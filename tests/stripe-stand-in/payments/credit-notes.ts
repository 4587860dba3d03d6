import { z } from "zod";
import { callApi } from "#tests/stripe-stand-in/call-api.ts";
import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest } from "#tests/stripe-stand-in/errors.ts";
import { newId } from "#tests/stripe-stand-in/ids.ts";
import type { StoredCreditNote } from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";
import { createRefund } from "./refunds.ts";

export type CreditNoteInput = {
  invoice: string;
  /** In minor units; the whole invoice unless given. */
  amount?: number | undefined;
  /** How much of it is paid back to the card; nothing unless given. */
  refundAmount?: number | undefined;
  reason?: string | undefined;
  memo?: string | undefined;
  metadata?: Record<string, string>;
};

const creditedInvoice = z.object({
  id: z.string(),
  customer: z.string(),
  currency: z.string(),
  number: z.string().nullable(),
  status: z.string(),
  total: z.number(),
});
const payments = z.object({
  data: z.array(z.object({ payment: z.object({ payment_intent: z.string().optional() }) })),
});

/** A paper that takes back part of an invoice: `credit_note.created`. Money moves only as far as `refundAmount` says. */
export function createCreditNote(standIn: StandIn, input: CreditNoteInput, cause: Cause): StoredCreditNote {
  const invoice = creditedInvoice.parse(callApi(standIn, "GET", `/v1/invoices/${input.invoice}`));
  if (invoice.status !== "open" && invoice.status !== "paid") {
    throw invalidRequest(`Invoice ${invoice.id} is ${invoice.status} and cannot be credited.`, "invoice");
  }
  const amount = input.amount ?? invoice.total;
  if (amount > invoice.total) throw invalidRequest("The credit is larger than the invoice.", "amount");
  const refund =
    input.refundAmount === undefined ? null : refundOf(standIn, invoice.id, input.refundAmount, cause);
  const id = newId("cn");
  const isPaid = invoice.status === "paid";
  const count = standIn.store.creditNotes.where("invoice", invoice.id).length + 1;
  const note: StoredCreditNote = standIn.store.creditNotes.put({
    id,
    object: "credit_note",
    amount,
    amount_shipping: 0,
    created: standIn.clock.seconds(),
    currency: invoice.currency,
    customer: invoice.customer,
    customer_account: null,
    customer_balance_transaction: null,
    discount_amount: 0,
    discount_amounts: [],
    effective_at: standIn.clock.seconds(),
    invoice: invoice.id,
    lines: { object: "list", data: [], has_more: false, url: `/v1/credit_notes/${id}/lines` },
    livemode: standIn.settings.livemode,
    memo: input.memo ?? null,
    metadata: input.metadata ?? {},
    number: `${invoice.number ?? "DRAFT"}-CN-0${count}`,
    out_of_band_amount: null,
    pdf: `${standIn.settings.publicBase}/credit-notes/${id}`,
    post_payment_amount: isPaid ? amount : 0,
    pre_payment_amount: isPaid ? 0 : amount,
    pretax_credit_amounts: [],
    reason: input.reason ?? null,
    refunds:
      refund === null
        ? []
        : [
            {
              amount_refunded: refund.amount,
              payment_record_refund: null,
              refund: refund.id,
              type: "refund",
            },
          ],
    shipping_cost: null,
    status: "issued",
    subtotal: amount,
    subtotal_excluding_tax: amount,
    total: amount,
    total_excluding_tax: amount,
    total_taxes: [],
    type: isPaid ? "post_payment" : "pre_payment",
    voided_at: null,
  });
  emit(standIn, "credit_note.created", note, cause);
  return note;
}

function refundOf(standIn: StandIn, invoice: string, amount: number, cause: Cause) {
  const { data } = payments.parse(
    callApi(standIn, "GET", "/v1/invoice_payments", { invoice, status: "paid" }),
  );
  const intent = data[0]?.payment.payment_intent;
  return createRefund(standIn, { payment_intent: intent, amount }, cause);
}

/** Takes the paper back: `credit_note.voided`. What was refunded stays refunded. */
export function voidCreditNote(standIn: StandIn, id: string, cause: Cause): StoredCreditNote {
  const note = standIn.store.creditNotes.update(id, {
    status: "void",
    voided_at: standIn.clock.seconds(),
  });
  emit(standIn, "credit_note.voided", note, cause);
  return note;
}
