import { z } from "zod";
import {
  accepted,
  acceptedAll,
  createdRange,
  currency,
  flag,
  integer,
  listParameters,
  metadata,
  text,
  timestamp,
  unsettableText,
} from "#tests/stripe-stand-in/parameters.ts";

const emptyToNull = (value: unknown) => (value === "" ? null : value);
const quantity = integer(0, 999_999);
const discounts = z
  .preprocess(
    emptyToNull,
    z
      .array(
        z.strictObject({
          coupon: text.optional(),
          discount: text.optional(),
          promotion_code: text.optional(),
        }),
      )
      .max(20)
      .nullable(),
  )
  .optional();

export const trialSettings = z.strictObject({
  end_behavior: z.strictObject({
    billing_cycle_anchor: accepted,
    missing_payment_method: z.enum(["cancel", "create_invoice", "pause"]),
  }),
});
export const billingMode = z.strictObject({ flexible: accepted, type: z.enum(["classic", "flexible"]) });

const notActedOn = acceptedAll([
  "application_fee_percent",
  "automatic_tax",
  "billing_schedules",
  "billing_thresholds",
  "default_source",
  "default_tax_rates",
  "invoice_settings",
  "off_session",
  "on_behalf_of",
  "payment_settings",
  "pending_invoice_item_interval",
  "transfer_data",
  "trial_from_plan",
]);
const shared = {
  cancel_at_period_end: flag.optional(),
  collection_method: z.enum(["charge_automatically", "send_invoice"]).optional(),
  days_until_due: integer(0, 730).optional(),
  default_payment_method: text.optional(),
  discounts,
  metadata,
  proration_behavior: z.enum(["always_invoice", "create_prorations", "none"]).optional(),
  trial_end: z.union([z.literal("now"), timestamp]).optional(),
  trial_settings: trialSettings.optional(),
};
const paymentBehavior = z.enum([
  "allow_incomplete",
  "default_incomplete",
  "error_if_incomplete",
  "pending_if_incomplete",
]);
const cancelAt = z.union([z.enum(["min_period_end", "max_period_end"]), timestamp]);

export const createSubscriptionParameters = z.strictObject({
  ...notActedOn,
  ...shared,
  ...acceptedAll([
    "add_invoice_items",
    "backdate_start_date",
    "billing_cycle_anchor_config",
    "customer_account",
  ]),
  billing_cycle_anchor: accepted,
  billing_mode: billingMode.optional(),
  cancel_at: cancelAt.optional(),
  currency: currency.optional(),
  customer: text,
  description: text.optional(),
  items: z
    .array(
      z.strictObject({
        ...acceptedAll(["billing_thresholds", "current_trial", "discounts", "tax_rates"]),
        metadata,
        price: text,
        quantity: quantity.optional(),
      }),
    )
    .min(1)
    .max(20),
  payment_behavior: paymentBehavior.optional(),
  trial_period_days: integer(0, 730).optional(),
});

const itemChange = z.strictObject({
  ...acceptedAll(["billing_thresholds", "clear_usage", "current_trial", "discounts", "tax_rates"]),
  deleted: flag.optional(),
  id: text.optional(),
  metadata,
  price: text.optional(),
  quantity: quantity.optional(),
});
const pauseCollection = z.strictObject({
  behavior: z.enum(["keep_as_draft", "mark_uncollectible", "void"]),
  resumes_at: timestamp.optional(),
});
const cancellationDetails = z.strictObject({
  comment: unsettableText.optional(),
  feedback: unsettableText.optional(),
  feedback_option: accepted,
});

export const updateSubscriptionParameters = z.strictObject({
  ...notActedOn,
  ...shared,
  ...acceptedAll(["add_invoice_items"]),
  billing_cycle_anchor: z.enum(["now", "unchanged"]).optional(),
  cancel_at: z.preprocess(emptyToNull, cancelAt.nullable()).optional(),
  cancellation_details: cancellationDetails.optional(),
  description: unsettableText.optional(),
  items: z.array(itemChange).max(20).optional(),
  pause_collection: z.preprocess(emptyToNull, pauseCollection.nullable()).optional(),
  payment_behavior: paymentBehavior.optional(),
  proration_date: timestamp.optional(),
});

export const cancelSubscriptionParameters = z.strictObject({
  cancellation_details: cancellationDetails.optional(),
  invoice_now: flag.optional(),
  prorate: flag.optional(),
});

export const pauseSubscriptionParameters = z.strictObject(
  acceptedAll(["bill_for", "invoicing_behavior", "type"]),
);

const anchorType = z.enum(["now", "unchanged"]);
export const resumeSubscriptionParameters = z.strictObject({
  ...acceptedAll(["proration_behavior", "proration_date"]),
  /** The SDK sends a hash, older requests a word. */
  billing_cycle_anchor: z
    .union([anchorType, z.strictObject({ type: anchorType }).transform(({ type }) => type)])
    .optional(),
  payment_behavior: z.enum(["resume_on_payment_attempt", "resume_on_payment_success"]).optional(),
});

export const listSubscriptionParameters = z.strictObject({
  ...listParameters,
  ...acceptedAll(["automatic_tax", "customer_account", "plan"]),
  collection_method: text.optional(),
  current_period_end: createdRange,
  current_period_start: createdRange,
  customer: text.optional(),
  price: text.optional(),
  status: z
    .enum([
      "active",
      "all",
      "canceled",
      "ended",
      "incomplete",
      "incomplete_expired",
      "past_due",
      "paused",
      "trialing",
      "unpaid",
    ])
    .optional(),
  test_clock: text.optional(),
});
