import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { idOf } from "#tests/stripe-stand-in/ids.ts";
import { openDispute } from "#tests/stripe-stand-in/payments/disputes.ts";
import type { StoredInvoice } from "#tests/stripe-stand-in/stored-types.ts";
import { behaviourOf, methodFor } from "./cards.ts";
import { type ChargeOutcome, chargeIntent } from "./charge-intent.ts";
import { afterFailure } from "./dunning.ts";
import { markPaid } from "./mark-paid.ts";
import { activateWhenIncomplete } from "./standing.ts";
import { requireInvoice } from "./wire.ts";

export type AttemptInput = {
  /** A person's failed attempt leaves the schedule as it is. */
  by: "schedule" | "person";
  /** Charge this instead of the default. */
  method?: string;
  cause: Cause;
};

/** Tries to collect an open (or uncollectible) invoice, with everything that follows from the outcome. */
export function attemptInvoice(standIn: StandIn, id: string, input: AttemptInput): ChargeOutcome {
  const invoice = requireInvoice(standIn, id);
  const record = standIn.store.invoiceRecords.get(id);
  if (record?.paymentIntent == null) throw new Error(`Invoice ${id} has no payment to attempt`);
  const subscription = standIn.store.subscriptions.get(record.subscription ?? "") ?? null;
  const customer = idOf(invoice.customer) ?? "";
  const method =
    input.method ?? idOf(invoice.default_payment_method) ?? methodFor(standIn, subscription, customer);
  const behaviour = method === null ? null : behaviourOf(standIn, method);
  noteAttempt(standIn, invoice);
  const charged =
    method === null || behaviour === null
      ? chargeIntent(standIn, record.paymentIntent, null, input.cause)
      : chargeIntent(standIn, record.paymentIntent, { id: method, behaviour }, input.cause);
  if (charged === "succeeded") {
    markPaid(standIn, id, "charged", input.cause);
    if (behaviour === "disputed") openDispute(standIn, record.paymentIntent);
  } else if (charged === "processing") {
    awaitSettlement(standIn, id, behaviour === "delayed_success" ? "succeeded" : "failed");
    activateWhenIncomplete(standIn, record.subscription, input.cause);
  } else afterFailure(standIn, id, charged, input);
  return charged;
}

function noteAttempt(standIn: StandIn, { id, attempt_count }: StoredInvoice): void {
  const record = standIn.store.invoiceRecords.get(id);
  standIn.store.invoices.update(id, {
    attempt_count: attempt_count + 1,
    attempted: true,
    next_payment_attempt: null,
  });
  standIn.store.invoiceRecords.update(id, {
    firstAttemptAt: record?.firstAttemptAt ?? standIn.clock.seconds(),
  });
}

/** A delayed payment is under way; it ends by itself after the account's settlement delay, or when a test says so. */
export function awaitSettlement(standIn: StandIn, id: string, outcome: "succeeded" | "failed"): void {
  standIn.timers.cancel("attempt_invoice", id);
  standIn.store.invoiceRecords.update(id, { delayedOutcome: outcome });
  standIn.timers.schedule("settle_invoice", id, standIn.clock.now() + standIn.settings.settlementDelayMs);
}

/** What the clock does when a retry is due: an invoice that is no longer open is left alone. */
export function attemptWhenOpen(standIn: StandIn, id: string): void {
  if (standIn.store.invoices.get(id)?.status === "open")
    attemptInvoice(standIn, id, { by: "schedule", cause: null });
}
