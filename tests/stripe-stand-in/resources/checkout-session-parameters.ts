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

const MOST_LINES = 100;

const priceData = z.strictObject({
  ...acceptedAll(["tax_behavior", "unit_amount_decimal", "recurring"]),
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
  ...acceptedAll(["adjustable_quantity", "tax_rates"]),
  price: text.optional(),
  price_data: priceData.optional(),
  quantity: quantityParameter.optional(),
  metadata,
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
    "name_collection",
    "optional_items",
    "origin_context",
    "payment_method_collection",
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
    "subscription_data",
    "tax_id_collection",
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
