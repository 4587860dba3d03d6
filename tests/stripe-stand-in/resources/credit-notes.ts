import { z } from "zod";
import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { listPage } from "#tests/stripe-stand-in/list.ts";
import {
  acceptedAll,
  integer,
  listParameters,
  mergeMetadata,
  metadata,
  nothing,
  text,
} from "#tests/stripe-stand-in/parameters.ts";
import { createCreditNote, voidCreditNote } from "#tests/stripe-stand-in/payments/credit-notes.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredCreditNote } from "#tests/stripe-stand-in/stored-types.ts";

const createParameters = z.strictObject({
  ...acceptedAll([
    "credit_amount",
    "effective_at",
    "email_type",
    "lines",
    "out_of_band_amount",
    "refunds",
    "shipping_cost",
  ]),
  invoice: text,
  amount: integer(1).optional(),
  memo: text.optional(),
  metadata,
  reason: z.enum(["duplicate", "fraudulent", "order_change", "product_unsatisfactory"]).optional(),
  refund_amount: integer(1).optional(),
});
const searchParameters = z.strictObject({
  ...listParameters,
  ...acceptedAll(["customer_account"]),
  customer: text.optional(),
  invoice: text.optional(),
});

function create(standIn: StandIn, sent: z.output<typeof createParameters>, cause: Cause): StoredCreditNote {
  const { invoice, amount, memo, reason, refund_amount: refundAmount } = sent;
  const input = { invoice, amount, memo, reason, refundAmount };
  return createCreditNote(standIn, { ...input, metadata: mergeMetadata(null, sent.metadata) }, cause);
}

function requireNote(standIn: StandIn, id: string): StoredCreditNote {
  const note = standIn.store.creditNotes.get(id);
  if (note === undefined) throw resourceMissing("credit note", id);
  return note;
}

function list(standIn: StandIn, sent: z.output<typeof searchParameters>, url: string) {
  const matching = standIn.store.creditNotes
    .all()
    .filter(
      (note) =>
        (sent.invoice === undefined || note.invoice === sent.invoice) &&
        (sent.customer === undefined || note.customer === sent.customer),
    );
  return listPage(matching, sent, url, "credit note");
}

export const creditNoteRoutes: Route[] = [
  route("GET", "/v1/credit_notes", searchParameters, (standIn, sent, call) => list(standIn, sent, call.path)),
  route("POST", "/v1/credit_notes", createParameters, (standIn, sent, call) =>
    create(standIn, sent, call.cause),
  ),
  route("GET", "/v1/credit_notes/:id", nothing, (standIn, _sent, call) =>
    requireNote(standIn, firstId(call)),
  ),
  route("POST", "/v1/credit_notes/:id/void", nothing, (standIn, _sent, call) => {
    const { id } = requireNote(standIn, firstId(call));
    return voidCreditNote(standIn, id, call.cause);
  }),
];
