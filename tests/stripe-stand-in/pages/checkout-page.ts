import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { CheckoutRefusal, PAYMENT_CHOICES } from "#tests/stripe-stand-in/checkout/buyer-input.ts";
import { applyDiscount } from "#tests/stripe-stand-in/checkout/discounts.ts";
import { pay, successUrl } from "#tests/stripe-stand-in/checkout/pay.ts";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { couponIdOf, redeemableCode } from "#tests/stripe-stand-in/resources/promotion-codes.ts";
import type { StoredSession } from "#tests/stripe-stand-in/stored-types.ts";
import { deliveriesIdle } from "#tests/stripe-stand-in/webhooks/deliveries.ts";
import { checkoutForm, type Problem, type Typed } from "./checkout-form.ts";
import { html, money } from "./html.ts";
import { htmlPage, notFoundPage, type PageAnswer, seeOther } from "./layout.ts";

/** Stripe holds the buyer back this long for the webhook's answer. */
const LONGEST_WAIT_MS = 10_000;

const posted = z.object({
  act: z.enum(["pay", "apply", "remove"]).catch("pay"),
  email: z.string().trim().catch(""),
  name: z.string().trim().catch(""),
  promotion_code: z.string().trim().catch(""),
  method: z.enum(PAYMENT_CHOICES).catch("card"),
  quantity: z.coerce.number().int().min(1).nullable().catch(null),
  business_name: z.string().trim().catch(""),
  tax_id: z.string().trim().catch(""),
});

function prefilled(session: StoredSession): Typed {
  const email = session.customer_details?.email ?? session.customer_email ?? "";
  return {
    email,
    name: "",
    promotionCode: "",
    method: "card",
    quantity: null,
    businessName: "",
    taxId: "",
  };
}

export function showCheckout(standIn: StandIn, sessionId: string): PageAnswer {
  const session = standIn.store.sessions.get(sessionId);
  if (session === undefined) return notFoundPage();
  if (session.status !== "open") return closedPage(standIn, session);
  return checkoutForm(standIn, session, prefilled(session), null, 200);
}

/** Pays, or applies or removes a code, and sends the buyer on or shows the page again with what was typed. */
export async function submitCheckout(
  standIn: StandIn,
  sessionId: string,
  fields: unknown,
): Promise<PageAnswer> {
  const session = standIn.store.sessions.get(sessionId);
  if (session === undefined) return notFoundPage();
  if (session.status !== "open") return closedPage(standIn, session);
  const parsed = posted.parse(fields);
  const { act, promotion_code: promotionCode, business_name: businessName, tax_id: taxId, ...rest } = parsed;
  const typed: Typed = { ...rest, promotionCode, businessName, taxId };
  if (act === "remove")
    return checkoutForm(standIn, applyDiscount(standIn, sessionId, null), typed, null, 200);
  if (act === "apply" && promotionCode !== "") return applyCode(standIn, session, typed);
  return payAndSendOn(standIn, session, typed);
}

function applyCode(standIn: StandIn, session: StoredSession, typed: Typed): PageAnswer {
  const code = session.allow_promotion_codes === true ? redeemableCode(standIn, typed.promotionCode) : null;
  if (code === null) {
    const problem: Problem = { field: "promotion_code", message: "This code is invalid." };
    return checkoutForm(standIn, session, typed, problem, 400);
  }
  const discounted = applyDiscount(standIn, session.id, { coupon: couponIdOf(code), promotionCode: code.id });
  return checkoutForm(standIn, discounted, { ...typed, promotionCode: "" }, null, 200);
}

async function payAndSendOn(standIn: StandIn, session: StoredSession, typed: Typed): Promise<PageAnswer> {
  const { email, method, promotionCode, quantity, businessName, taxId } = typed;
  try {
    const result = pay(standIn, session.id, {
      method,
      email,
      name: typed.name || null,
      promotionCode,
      ...(quantity === null ? {} : { quantity }),
      ...(businessName === "" ? {} : { businessName }),
      ...(taxId === "" ? {} : { taxId: { type: "eu_vat", value: taxId } }),
    });
    if (result.redirectTo === null) {
      const problem: Problem = { field: "card", message: result.declined.message };
      return checkoutForm(standIn, current(standIn, session), typed, problem, 402);
    }
    if (standIn.settings.waitForDeliveries) {
      await Promise.race([deliveriesIdle(standIn), sleep(LONGEST_WAIT_MS, undefined, { ref: false })]);
    }
    return seeOther(result.redirectTo);
  } catch (error) {
    if (!(error instanceof CheckoutRefusal)) throw error;
    return checkoutForm(standIn, current(standIn, session), typed, error, 400);
  }
}

function current(standIn: StandIn, session: StoredSession): StoredSession {
  return standIn.store.sessions.get(session.id) ?? session;
}

function closedPage(standIn: StandIn, session: StoredSession): PageAnswer {
  if (session.status === "expired") {
    const back =
      session.cancel_url === null ? null : html`<p><a href="${session.cancel_url}">Back to the shop</a></p>`;
    const content = html`<main class="checkout"><h1>This checkout has expired</h1>
<p>Nothing was charged.</p>${back}</main>`;
    return htmlPage("Checkout expired", content, 410);
  }
  const next =
    session.success_url === null
      ? null
      : html`<p><a href="${successUrl(standIn, session)}">Continue to the shop</a></p>`;
  const outcome =
    session.payment_status === "unpaid" ? "The payment is under way." : "The payment went through.";
  const content = html`<main class="checkout"><h1>Thank you</h1>
<p>${outcome} Total: ${money(session.amount_total, session.currency)}.</p>${next}</main>`;
  return htmlPage("Payment complete", content);
}
