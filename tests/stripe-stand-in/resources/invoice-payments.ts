import { z } from "zod";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { listPage } from "#tests/stripe-stand-in/list.ts";
import { listParameters, nothing, text } from "#tests/stripe-stand-in/parameters.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredInvoicePayment } from "#tests/stripe-stand-in/stored-types.ts";

const searchParameters = z.strictObject({
  ...listParameters,
  invoice: text.optional(),
  payment: z
    .strictObject({
      type: z.enum(["payment_intent", "payment_record"]).optional(),
      payment_intent: text.optional(),
      payment_record: text.optional(),
    })
    .optional(),
  status: z.enum(["canceled", "open", "paid"]).optional(),
});
type Search = z.output<typeof searchParameters>;

/** By way of the invoice or of the intent's own invoice, never by looking at all. */
function candidates(standIn: StandIn, { invoice, payment }: Search): StoredInvoicePayment[] {
  const { invoicePayments, invoiceRecords } = standIn.store;
  if (invoice !== undefined) return invoicePayments.where("invoice", invoice);
  const intent = payment?.payment_intent;
  if (intent === undefined) return invoicePayments.all();
  return invoiceRecords
    .where("paymentIntent", intent)
    .flatMap(({ id }) => invoicePayments.where("invoice", id));
}

function list(standIn: StandIn, sent: Search, url: string) {
  const intent = sent.payment?.payment_intent;
  const matching = candidates(standIn, sent).filter((row) => {
    if (intent !== undefined && row.payment.payment_intent !== intent) return false;
    if (sent.payment?.type === "payment_record") return false;
    return sent.status === undefined || row.status === sent.status;
  });
  return listPage(matching, sent, url, "invoice payment");
}

export const invoicePaymentRoutes: Route[] = [
  route("GET", "/v1/invoice_payments", searchParameters, (standIn, sent, call) =>
    list(standIn, sent, call.path),
  ),
  route("GET", "/v1/invoice_payments/:id", nothing, (standIn, _sent, call) => {
    const payment = standIn.store.invoicePayments.get(firstId(call));
    if (payment === undefined) throw resourceMissing("invoice_payment", firstId(call));
    return payment;
  }),
];
