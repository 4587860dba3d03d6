import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { isLive } from "#tests/stripe-stand-in/resources/customers.ts";
import type { StoredSubscription, StoredSubscriptionItem } from "#tests/stripe-stand-in/stored-types.ts";
import type { StartInput } from "./start-subscription.ts";

/** A subscription that begins now: every field the API sends. */
export function newSubscription(
  standIn: StandIn,
  id: string,
  input: StartInput & { trialEnd: number | null; anchor: number; billingMode: "flexible" | "classic" },
  items: StoredSubscriptionItem[],
): StoredSubscription {
  const now = standIn.clock.seconds();
  const customer = standIn.store.customers.get(input.customer);
  const isTrial = input.trialEnd !== null;
  const isSent = input.collectionMethod === "send_invoice";
  return {
    id,
    object: "subscription",
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: input.anchor,
    billing_cycle_anchor_config: null,
    billing_mode: {
      type: input.billingMode,
      flexible: input.billingMode === "flexible" ? { proration_discounts: "included" } : null,
    },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: isSent ? "send_invoice" : "charge_automatically",
    created: now,
    currency: items[0]?.price.currency ?? "usd",
    customer: input.customer,
    customer_account: null,
    days_until_due: isSent ? (input.daysUntilDue ?? 30) : null,
    default_payment_method: input.defaultPaymentMethod ?? null,
    default_source: null,
    default_tax_rates: [],
    description: input.description ?? null,
    discounts: [],
    ended_at: null,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: "self" },
    },
    items: {
      object: "list",
      data: items,
      has_more: false,
      url: `/v1/subscription_items?subscription=${id}`,
    },
    latest_invoice: null,
    livemode: standIn.settings.livemode,
    managed_payments: { enabled: false },
    metadata: input.metadata ?? {},
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: "off",
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: now,
    status: isTrial ? "trialing" : isSent ? "active" : "incomplete",
    test_clock: customer !== undefined && isLive(customer) ? (customer.test_clock ?? null) : null,
    transfer_data: null,
    trial_end: input.trialEnd,
    trial_settings: {
      end_behavior: {
        billing_cycle_anchor: null,
        missing_payment_method: input.missingPaymentMethod ?? "create_invoice",
      },
    },
    trial_start: isTrial ? now : null,
  };
}
