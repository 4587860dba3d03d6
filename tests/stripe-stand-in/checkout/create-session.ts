import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest } from "#tests/stripe-stand-in/errors.ts";
import { newId } from "#tests/stripe-stand-in/ids.ts";
import { mergeMetadata } from "#tests/stripe-stand-in/parameters.ts";
import type { CreateSessionParameters } from "#tests/stripe-stand-in/resources/checkout-session-parameters.ts";
import { requireLiveCustomer } from "#tests/stripe-stand-in/resources/customers.ts";
import { addLines, type LineInput } from "#tests/stripe-stand-in/resources/line-items.ts";
import { requirePrice } from "#tests/stripe-stand-in/resources/prices.ts";
import { makePrice } from "#tests/stripe-stand-in/resources/pricing.ts";
import { createProduct, requireProduct } from "#tests/stripe-stand-in/resources/products.ts";
import { couponIdOf, requirePromotionCode } from "#tests/stripe-stand-in/resources/promotion-codes.ts";
import type { StoredPrice, StoredSession } from "#tests/stripe-stand-in/stored-types.ts";
import { applyDiscount } from "./discounts.ts";
import { newSession, noBuyerDetails } from "./new-session.ts";
import { hasTrial, nameCollection, rememberOrder, subscriptionFields } from "./subscription-order.ts";

const SHORTEST_LIFE_SECONDS = 30 * 60;
const LONGEST_LIFE_SECONDS = 24 * 60 * 60;
/** A request takes a moment: Stripe does not refuse "30 minutes from now" for having been one second on the way. */
const TRAVEL_SECONDS = 60;

export type SessionOrigin = { paymentLink: string | null };

/** A new open session with its lines, totals and expiry. Throws Stripe's error for what Stripe refuses. */
export function createSession(
  standIn: StandIn,
  sent: CreateSessionParameters,
  cause: Cause,
  origin: SessionOrigin = { paymentLink: null },
): StoredSession {
  refuseWhatIsNotDone(sent);
  refuseContradictions(sent, origin);
  const expiresAt = expiryOf(standIn, sent.expires_at);
  const customer =
    sent.customer === undefined ? null : requireLiveCustomer(standIn, sent.customer, "customer");
  const discount = firstDiscount(standIn, sent);
  const lines = readLines(standIn, sent, cause);
  const id = newId("cs_test", 58);
  const isSubscription = sent.mode === "subscription";
  const email = customer?.email ?? sent.customer_email ?? null;
  standIn.store.sessions.put({
    ...newSession(standIn, id, expiresAt),
    adaptive_pricing: { enabled: sent.adaptive_pricing?.enabled ?? true },
    allow_promotion_codes: sent.allow_promotion_codes ?? null,
    allowed_payment_method_types: sent.allowed_payment_method_types ?? null,
    cancel_url: sent.cancel_url ?? null,
    client_reference_id: sent.client_reference_id ?? null,
    currency: lines[0]?.price.currency ?? null,
    customer: customer?.id ?? null,
    customer_creation:
      customer === null ? (isSubscription ? "always" : (sent.customer_creation ?? "if_required")) : null,
    customer_details: email === null ? null : { ...noBuyerDetails, email },
    customer_email: sent.customer_email ?? null,
    excluded_payment_method_types: sent.excluded_payment_method_types ?? [],
    integration_identifier: sent.integration_identifier ?? null,
    metadata: mergeMetadata(null, sent.metadata),
    ...(isSubscription ? subscriptionFields(sent) : {}),
    ...(sent.tax_id_collection === undefined
      ? {}
      : { tax_id_collection: { enabled: sent.tax_id_collection.enabled, required: "never" } }),
    ...(sent.name_collection === undefined ? {} : { name_collection: nameCollection(sent) }),
    payment_link: origin.paymentLink,
    payment_method_types: offeredMethods(sent, lines[0]?.price.currency ?? "usd"),
    success_url: sent.success_url ?? null,
    url: `${standIn.settings.publicBase}/checkout/${id}`,
  });
  standIn.store.checkoutPlans.put({
    id,
    paymentIntentMetadata: mergeMetadata(null, sent.payment_intent_data?.metadata),
    paymentIntentDescription: sent.payment_intent_data?.description ?? null,
    presentment: null,
    withholdCustomerDetails: false,
    delayedOutcome: null,
  });
  rememberOrder(standIn, id, sent, addLines(standIn, id, lines));
  standIn.timers.schedule("expire_session", id, expiresAt * 1000);
  return applyDiscount(standIn, id, discount);
}

function refuseWhatIsNotDone(sent: CreateSessionParameters): void {
  if (sent.mode === "setup") {
    throw invalidRequest("This Stripe stand-in does no Checkout Sessions in `setup` mode.", "mode");
  }
  if (sent.ui_mode !== undefined && sent.ui_mode !== "hosted_page") {
    const message = `This Stripe stand-in shows \`hosted_page\` sessions only, not \`${sent.ui_mode}\`.`;
    throw invalidRequest(message, "ui_mode");
  }
}

function refuseContradictions(sent: CreateSessionParameters, origin: SessionOrigin): void {
  if (origin.paymentLink === null) requireUrl(sent.success_url, "success_url");
  if (sent.cancel_url !== undefined) requireUrl(sent.cancel_url, "cancel_url");
  if (sent.line_items === undefined || sent.line_items.length === 0) {
    throw invalidRequest("Missing required param: line_items.", "line_items", "parameter_missing");
  }
  refuseBoth("customer", sent.customer, "customer_email", sent.customer_email);
  refuseBoth("customer", sent.customer, "customer_creation", sent.customer_creation);
  if (sent.mode === "subscription" && sent.customer_creation !== undefined) {
    throw invalidRequest("`customer_creation` can only be used in `payment` mode.", "customer_creation");
  }
  refuseBoth("allow_promotion_codes", sent.allow_promotion_codes, "discounts", sent.discounts);
  if (sent.customer_email !== undefined && !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(sent.customer_email)) {
    throw invalidRequest(`Invalid email address: ${sent.customer_email}`, "customer_email", "email_invalid");
  }
}

function refuseBoth(nameA: string, a: unknown, nameB: string, b: unknown): void {
  if (a === undefined || b === undefined) return;
  const message = `You may only specify one of these parameters: ${nameA}, ${nameB}.`;
  throw invalidRequest(message, nameA, "parameters_exclusive");
}

function requireUrl(value: string | undefined, param: string): void {
  if (value === undefined)
    throw invalidRequest(`Missing required param: ${param}.`, param, "parameter_missing");
  const withId = value.replaceAll("{CHECKOUT_SESSION_ID}", "cs_test_1");
  if (!URL.canParse(withId) || !/^https?:/.test(withId))
    throw invalidRequest("Not a valid URL", param, "url_invalid");
}

function expiryOf(standIn: StandIn, asked: number | undefined): number {
  const now = standIn.clock.seconds();
  if (asked === undefined) return now + LONGEST_LIFE_SECONDS;
  if (asked < now + SHORTEST_LIFE_SECONDS - TRAVEL_SECONDS) {
    const message = "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.";
    throw invalidRequest(message, "expires_at");
  }
  if (asked > now + LONGEST_LIFE_SECONDS + TRAVEL_SECONDS) {
    const message = "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.";
    throw invalidRequest(message, "expires_at");
  }
  return asked;
}

function firstDiscount(standIn: StandIn, sent: CreateSessionParameters) {
  const [asked] = sent.discounts ?? [];
  if (asked?.promotion_code !== undefined) {
    const param = "discounts[0][promotion_code]";
    const promotionCode = requirePromotionCode(standIn, asked.promotion_code, param);
    return { coupon: couponIdOf(promotionCode), promotionCode: promotionCode.id };
  }
  return asked?.coupon === undefined ? null : { coupon: asked.coupon, promotionCode: null };
}

function readLines(standIn: StandIn, sent: CreateSessionParameters, cause: Cause): LineInput[] {
  const lines = (sent.line_items ?? []).map((line, index): LineInput => {
    const at = `line_items[${index}]`;
    if (line.quantity === undefined) {
      throw invalidRequest(
        `Missing required param: ${at}[quantity].`,
        `${at}[quantity]`,
        "parameter_missing",
      );
    }
    const price = readPrice(standIn, line, at, cause);
    if (price.type === "recurring" && sent.mode !== "subscription") {
      const message =
        "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.";
      throw invalidRequest(message, at);
    }
    const isTrial = price.type === "recurring" && hasTrial(sent);
    return { price, quantity: line.quantity, metadata: mergeMetadata(null, line.metadata), isTrial };
  });
  if (sent.mode === "subscription" && !lines.some(({ price }) => price.type === "recurring")) {
    const message = "You must provide at least one recurring price in `subscription` mode when using prices.";
    throw invalidRequest(message, "line_items");
  }
  if (new Set(lines.map((line) => line.price.currency)).size > 1) {
    throw invalidRequest("The prices of a Checkout Session must all use the same currency.", "line_items");
  }
  return lines;
}

type SentLine = NonNullable<CreateSessionParameters["line_items"]>[number];

function readPrice(standIn: StandIn, line: SentLine, at: string, cause: Cause): StoredPrice {
  if (line.price !== undefined) {
    const price = requirePrice(standIn, line.price, `${at}[price]`);
    if (!price.active) {
      throw invalidRequest(
        `The price specified is inactive. This field only accepts active prices.`,
        `${at}[price]`,
      );
    }
    return price;
  }
  if (line.price_data === undefined) {
    throw invalidRequest(`Missing required param: ${at}[price].`, `${at}[price]`, "parameter_missing");
  }
  return inlinePrice(standIn, line.price_data, at, cause);
}

/** A price made for one line is kept, inactive, as Stripe keeps it. */
function inlinePrice(
  standIn: StandIn,
  sent: NonNullable<SentLine["price_data"]>,
  at: string,
  cause: Cause,
): StoredPrice {
  const { currency, unit_amount, product, product_data: productData, recurring } = sent;
  if (product !== undefined) {
    requireProduct(standIn, product, `${at}[price_data][product]`);
    return makePrice(standIn, { currency, unit_amount, product, recurring, active: false }, cause);
  }
  if (productData === undefined) {
    const param = `${at}[price_data][product]`;
    throw invalidRequest(`Missing required param: ${param}.`, param, "parameter_missing");
  }
  const { name, description, metadata } = productData;
  const made = createProduct(standIn, { name, description, metadata, active: false }, cause);
  return makePrice(standIn, { currency, unit_amount, product: made.id, recurring, active: false }, cause);
}

function offeredMethods(sent: CreateSessionParameters, currency: string): string[] {
  const delayed = currency === "usd" ? "us_bank_account" : "sepa_debit";
  const allowed = sent.allowed_payment_method_types ?? ["card", delayed];
  return allowed.filter((method) => !(sent.excluded_payment_method_types ?? []).includes(method));
}
