import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { couponIdOf, redeemableCode } from "#tests/stripe-stand-in/resources/promotion-codes.ts";
import type { StoredSession } from "#tests/stripe-stand-in/stored-types.ts";
import { applyDiscount, changeQuantity } from "./discounts.ts";

export const PAYMENT_CHOICES = [
  "card",
  "declined",
  "requires_action",
  "delayed_success",
  "delayed_failure",
  "none",
] as const;
/** `requires_action`: the bank asks for 3-D Secure and the buyer does it. `none`: a trial that asks for no card. */
export type PaymentChoice = (typeof PAYMENT_CHOICES)[number];

export type PayInput = {
  /** `card` unless given. */
  method?: PaymentChoice;
  /** What the buyer types; null leaves no address at all. Unless given, the prefilled one, else buyer@example.com. */
  email?: string | null;
  name?: string | null;
  promotionCode?: string;
  /** Of the first line whose quantity the buyer may change. */
  quantity?: number;
  businessName?: string;
  taxId?: { type: string; value: string };
};

/** The checkout page would show this to the buyer; nothing was changed. */
export class CheckoutRefusal extends Error {
  constructor(
    readonly field: "session" | "email" | "promotion_code" | "method" | "quantity",
    message: string,
  ) {
    super(message);
  }
}

export function requireOpenSession(standIn: StandIn, sessionId: string): StoredSession {
  const session = standIn.store.sessions.get(sessionId);
  if (session === undefined)
    throw new CheckoutRefusal("session", `There is no Checkout Session ${sessionId}.`);
  if (session.status === "complete")
    throw new CheckoutRefusal("session", "This session has already been completed.");
  if (session.status !== "open") throw new CheckoutRefusal("session", "This session has expired.");
  return session;
}

export function requireOfferedMethod(session: StoredSession, choice: PaymentChoice): string {
  if (choice === "none") return "card";
  const isCard = !choice.startsWith("delayed");
  const type = session.payment_method_types.find((offered) => (offered === "card") === isCard);
  if (type === undefined)
    throw new CheckoutRefusal("method", "This session does not accept that way to pay.");
  return type;
}

/** Only what costs nothing now, and asks for no card, goes without one. */
export function requireMethodIfNeeded(session: StoredSession, choice: PaymentChoice): void {
  if (choice !== "none") return;
  if (session.amount_total === 0 && session.payment_method_collection === "if_required") return;
  throw new CheckoutRefusal("method", "This session needs a way to pay.");
}

export function applyQuantity(
  standIn: StandIn,
  session: StoredSession,
  typed: number | undefined,
): StoredSession {
  if (typed === undefined) return session;
  const bounds = standIn.store.checkoutPlans.get(session.id)?.subscription?.adjustable ?? {};
  const [line, limits] = Object.entries(bounds)[0] ?? [];
  if (line === undefined || limits === undefined || typed < limits.minimum || typed > limits.maximum) {
    throw new CheckoutRefusal("quantity", "This quantity cannot be chosen.");
  }
  return changeQuantity(standIn, session, line, typed);
}

export function applyTypedCode(
  standIn: StandIn,
  session: StoredSession,
  typed: string | undefined,
): StoredSession {
  if (typed === undefined || typed.trim() === "") return session;
  if (session.allow_promotion_codes !== true) {
    throw new CheckoutRefusal("promotion_code", "This session does not take promotion codes.");
  }
  const code = redeemableCode(standIn, typed);
  if (code === null) throw new CheckoutRefusal("promotion_code", "This code is invalid.");
  return applyDiscount(standIn, session.id, { coupon: couponIdOf(code), promotionCode: code.id });
}

export function typedEmail(session: StoredSession, typed: string | null | undefined): string | null {
  if (typed === undefined) return session.customer_details?.email ?? "buyer@example.com";
  if (typed !== null && !/^[^@\s]+@[^@\s]+$/.test(typed)) {
    throw new CheckoutRefusal("email", "Your email is invalid.");
  }
  return typed;
}
