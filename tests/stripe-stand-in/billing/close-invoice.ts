import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest } from "#tests/stripe-stand-in/errors.ts";
import type { StoredInvoice } from "#tests/stripe-stand-in/stored-types.ts";
import { expireIncomplete } from "./end-subscription.ts";
import { closePayments, quiet } from "./mark-paid.ts";
import { reviewStanding } from "./standing.ts";
import { emitInvoice, requireInvoice } from "./wire.ts";

/** Takes a demand back: `invoice.voided`. Throws unless the invoice is open or uncollectible. */
export function voidInvoice(standIn: StandIn, id: string, cause: Cause): StoredInvoice {
  const invoice = requireInvoice(standIn, id);
  if (invoice.status !== "open" && invoice.status !== "uncollectible") {
    throw invalidRequest(
      `You can only pass in open invoices. This invoice isn't open, it is ${invoice.status}.`,
    );
  }
  return close(standIn, invoice, "void", cause);
}

/** Gives a demand up: `invoice.marked_uncollectible`. It can still be paid. Throws unless the invoice is open. */
export function markUncollectible(standIn: StandIn, id: string, cause: Cause): StoredInvoice {
  const invoice = requireInvoice(standIn, id);
  if (invoice.status !== "open") {
    throw invalidRequest(
      `You can only pass in open invoices. This invoice isn't open, it is ${invoice.status}.`,
    );
  }
  return close(standIn, invoice, "uncollectible", cause);
}

/** The same from any status: what a paused collection does to drafts, and an ended subscription to its first invoice. */
export function close(
  standIn: StandIn,
  invoice: StoredInvoice,
  status: "void" | "uncollectible",
  cause: Cause,
): StoredInvoice {
  quiet(standIn, invoice.id);
  standIn.store.invoiceRecords.update(invoice.id, { delayedOutcome: null });
  const now = standIn.clock.seconds();
  const at = status === "void" ? { voided_at: now } : { marked_uncollectible_at: now };
  const closed = standIn.store.invoices.update(invoice.id, {
    status,
    auto_advance: false,
    next_payment_attempt: null,
    status_transitions: { ...invoice.status_transitions, ...at },
  });
  if (status === "void") closePayments(standIn, closed, false, cause);
  emitInvoice(standIn, status === "void" ? "invoice.voided" : "invoice.marked_uncollectible", closed, cause);
  const subscriptionId = standIn.store.invoiceRecords.get(invoice.id)?.subscription;
  const subscription = standIn.store.subscriptions.get(subscriptionId ?? "");
  if (subscription?.status === "incomplete" && status === "void") {
    expireIncomplete(standIn, subscription.id, cause);
  } else if (subscription !== undefined) reviewStanding(standIn, subscription.id, cause);
  return closed;
}
