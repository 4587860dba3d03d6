import { z } from "zod";
import { acceptedAll, listParameters } from "#tests/stripe-stand-in/parameters.ts";
import { type Call, type Route, route } from "#tests/stripe-stand-in/route.ts";

const invoicePayments = z.strictObject({
  ...listParameters,
  ...acceptedAll(["invoice", "payment", "status"]),
});

function emptyList(call: Call) {
  return { object: "list", data: [], has_more: false, url: call.path };
}

/** Nouns of which there are none yet: asking for them is right, and the answer is an empty list. */
export const notYetRoutes: Route[] = [
  route("GET", "/v1/invoice_payments", invoicePayments, (_standIn, _sent, call) => emptyList(call)),
];
