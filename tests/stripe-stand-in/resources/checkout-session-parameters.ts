import { z } from "zod";
import {
  acceptedAll,
  currency,
  flag,
  integer,
  listParameters,
  metadata,
  text,
  timestamp,
} from "#tests/stripe-stand-in/parameters.ts";
import { quantityParameter } from "./line-items.ts";
import { recurringParameters } from "./pricing.ts";
import { billingMode, trialSettings } from "./subscription-parameters.ts";

const MOST_LINES = 100;

const priceData = z.strictObject({
  ...acceptedAll(["tax_behavior", "unit_amount_decimal"]),
  recurring: recurringParameters.optional(),
  currency,
  unit_amount: integer(),
  product: text.optional(),
  product_data: z
    .strictObject({
      ...acceptedAll(["images", "tax_code", "tax_details", "unit_label"]),
      name: text,
      description: text.optional(),
      metadata,
    })
    .optional(),
});

export const lineParameters = z.strictObject({
  ...acceptedAll(["tax_rates"]),
  adjustable_quantity: z
    .strictObject({
      enabled: flag,
      minimum: integer(0, 999_998).optional(),
      maximum: integer(1, 999_999).optional(),
    })
    .optional(),
  price: text.optional(),
  price_data: priceData.optional(),
  quantity: quantityParameter.optional(),
  metadata,
});

const subscriptionData = z.strictObject({
  ...acceptedAll([
    "application_fee_percent",
    "billing_cycle_anchor",
    "billing_cycle_anchor_config",
    "default_tax_rates",
    "invoice_settings",
    "on_behalf_of",
    "pending_invoice_item_interval",
    "proration_behavior",
    "transfer_data",
  ]),
  billing_mode: billingMode.optional(),
  description: text.optional(),
  metadata,
  trial_end: timestamp.optional(),
  trial_period_days: integer(1, 730).optional(),
  trial_settings: trialSettings.optional(),
});

/** Every parameter of SDK 23.1.0; what is not here is refused, `payment_method_types` for one. */
export const createSessionParameters = z.strictObject({
  ...acceptedAll([
    "after_expiration",
    "automatic_tax",
    "billing_address_collection",
    "branding_settings",
    "consent_collection",
    "currency",
    "custom_fields",
    "custom_text",
    "customer_account",
    "customer_update",
    "invoice_creation",
    "locale",
    "managed_payments",
    "optional_items",
    "origin_context",
    "payment_method_configuration",
    "payment_method_data",
    "payment_method_options",
    "permissions",
    "phone_number_collection",
    "redirect_on_completion",
    "return_url",
    "saved_payment_method_options",
    "setup_intent_data",
    "shipping_address_collection",
    "shipping_options",
    "submit_type",
    "wallet_options",
  ]),
  mode: z.enum(["payment", "setup", "subscription"]).optional(),
  ui_mode: z.enum(["elements", "embedded_page", "form", "hosted_page"]).optional(),
  success_url: text.optional(),
  cancel_url: text.optional(),
  line_items: z.array(lineParameters).max(MOST_LINES).optional(),
  adaptive_pricing: z.strictObject({ enabled: flag.optional() }).optional(),
  allow_promotion_codes: flag.optional(),
  allowed_payment_method_types: z.array(text).optional(),
  excluded_payment_method_types: z.array(text).optional(),
  client_reference_id: text.max(200).optional(),
  customer: text.optional(),
  customer_creation: z.enum(["always", "if_required"]).optional(),
  customer_email: text.optional(),
  discounts: z
    .array(
      z.strictObject({
        ...acceptedAll(["coupon_data"]),
        coupon: text.optional(),
        promotion_code: text.optional(),
      }),
    )
    .max(1)
    .optional(),
  expires_at: timestamp.optional(),
  integration_identifier: text.optional(),
  metadata,
  name_collection: z
    .strictObject({
      business: z.strictObject({ enabled: flag, optional: flag.optional() }).optional(),
      individual: z.strictObject({ enabled: flag, optional: flag.optional() }).optional(),
    })
    .optional(),
  payment_method_collection: z.enum(["always", "if_required"]).optional(),
  subscription_data: subscriptionData.optional(),
  tax_id_collection: z
    .strictObject({ enabled: flag, required: z.enum(["if_supported", "never"]).optional() })
    .optional(),
  payment_intent_data: z
    .strictObject({
      ...acceptedAll([
        "application_fee_amount",
        "capture_method",
        "on_behalf_of",
        "receipt_email",
        "setup_future_usage",
        "shipping",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_data",
        "transfer_group",
      ]),
      description: text.optional(),
      metadata,
    })
    .optional(),
});

export const listSessionParameters = z.strictObject({
  ...listParameters,
  ...acceptedAll(["customer_account"]),
  customer: text.optional(),
  customer_details: z.strictObject({ email: text }).optional(),
  payment_intent: text.optional(),
  payment_link: text.optional(),
  status: z.enum(["open", "complete", "expired"]).optional(),
  subscription: text.optional(),
});

export const updateSessionParameters = z.strictObject({
  ...acceptedAll(["collected_information", "line_items", "payment_intent_data", "shipping_options"]),
  metadata,
});

export type CreateSessionParameters = z.output<typeof createSessionParameters>;
