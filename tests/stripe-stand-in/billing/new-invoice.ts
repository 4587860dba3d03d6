import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { isLive } from "#tests/stripe-stand-in/resources/customers.ts";
import type { StoredInvoice } from "#tests/stripe-stand-in/stored-types.ts";
import type { DraftInput } from "./draft-invoice.ts";
import { DAY_SECONDS } from "./periods.ts";

/** What an invoice copies from its customer. */
function copiedFrom(standIn: StandIn, customerId: string) {
  const customer = standIn.store.customers.get(customerId);
  const live = customer !== undefined && isLive(customer) ? customer : null;
  return {
    customer: customerId,
    customer_email: live?.email ?? null,
    customer_name: live?.name ?? null,
    customer_phone: live?.phone ?? null,
    test_clock: live?.test_clock ?? null,
  };
}

/** A draft without lines: every field the API sends. */
export function newInvoice(standIn: StandIn, id: string, customer: string, input: DraftInput): StoredInvoice {
  const { subscription } = input;
  const now = standIn.clock.seconds();
  const collection = input.collectionMethod ?? subscription?.collection_method ?? "charge_automatically";
  const daysUntilDue = input.daysUntilDue ?? subscription?.days_until_due ?? null;
  return {
    id,
    object: "invoice",
    account_country: "US",
    account_name: "Latchkey stand-in",
    account_tax_ids: null,
    amount_due: 0,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_paid_off_stripe: 0,
    amount_remaining: 0,
    amount_shipping: 0,
    application: null,
    attempt_count: 0,
    attempted: false,
    auto_advance: input.autoAdvance ?? true,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: null,
    billing_reason: input.reason,
    collection_method: collection,
    created: now,
    currency: input.lines[0]?.currency ?? subscription?.currency ?? "usd",
    custom_fields: null,
    ...copiedFrom(standIn, customer),
    customer_account: null,
    customer_address: null,
    customer_shipping: null,
    customer_tax_exempt: "none",
    customer_tax_ids: [],
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: input.description ?? null,
    discounts: [],
    due_date: collection === "send_invoice" ? now + (daysUntilDue ?? 0) * DAY_SECONDS : null,
    effective_at: null,
    ending_balance: null,
    footer: null,
    from_invoice: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    issuer: { type: "self" },
    last_finalization_error: null,
    latest_revision: null,
    lines: { object: "list", data: [], has_more: false, url: `/v1/invoices/${id}/lines` },
    livemode: standIn.settings.livemode,
    metadata: input.metadata ?? {},
    next_payment_attempt: null,
    number: null,
    on_behalf_of: null,
    parent:
      subscription === null
        ? null
        : {
            type: "subscription_details",
            quote_details: null,
            subscription_details: { metadata: subscription.metadata, subscription: subscription.id },
          },
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: now,
    period_start: input.periodStart ?? now,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: 0,
    statement_descriptor: null,
    status: "draft",
    status_transitions: {
      finalized_at: null,
      marked_uncollectible_at: null,
      paid_at: null,
      voided_at: null,
    },
    subtotal: 0,
    subtotal_excluding_tax: 0,
    total: 0,
    total_discount_amounts: [],
    total_excluding_tax: 0,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: null,
  };
}
