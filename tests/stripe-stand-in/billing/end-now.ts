import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import type { StoredSubscription } from "#tests/stripe-stand-in/stored-types.ts";
import { announceDraft, draftInvoice } from "./draft-invoice.ts";
import { type EndInput, endSubscription } from "./end-subscription.ts";
import { hasEnded } from "./ended.ts";
import { finalizeInvoice } from "./finalize-invoice.ts";
import { makeInvoiceItem } from "./invoice-items.ts";
import { share } from "./plan-change.ts";
import { requireSubscription } from "./wire.ts";

export type EndNowInput = {
  /** Gives the unused time back as an invoice item. */
  prorates: boolean;
  /** Bills what is waiting, at once. */
  invoicesNow: boolean;
  details?: NonNullable<EndInput["details"]>;
  cause: Cause;
};

/** Ends a subscription on request. Throws when it has ended before, as Stripe does. */
export function endNow(standIn: StandIn, id: string, input: EndNowInput): StoredSubscription {
  const before = requireSubscription(standIn, id);
  if (hasEnded(before)) throw resourceMissing("subscription", id);
  const { cause, details } = input;
  if (input.prorates) {
    const now = standIn.clock.seconds();
    for (const item of before.items.data) {
      const credit = share(standIn, before, item, now, "unused");
      if (credit.amount !== 0) makeInvoiceItem(standIn, credit, cause);
    }
  }
  const reason = "cancellation_requested";
  endSubscription(standIn, id, { reason, ...(details === undefined ? {} : { details }), cause });
  if (input.invoicesNow) billWaiting(standIn, before, cause);
  return requireSubscription(standIn, id);
}

function billWaiting(standIn: StandIn, subscription: StoredSubscription, cause: Cause): void {
  const waits = standIn.store.invoiceItems
    .where("customer", subscription.customer)
    .some(
      ({ invoice, parent }) =>
        invoice === null && parent?.subscription_details?.subscription === subscription.id,
    );
  if (!waits) return;
  const { customer } = subscription;
  const draft = draftInvoice(standIn, { customer, subscription, reason: "subscription_update", lines: [] });
  announceDraft(standIn, draft, cause);
  finalizeInvoice(standIn, draft.id, { collect: true, cause });
}
