import { makePaymentMethod } from "#tests/stripe-stand-in/billing/cards.ts";
import { approveIntent, chargeIntent } from "#tests/stripe-stand-in/billing/charge-intent.ts";
import type { DiscountInput } from "#tests/stripe-stand-in/billing/discounts.ts";
import { billingSettings } from "#tests/stripe-stand-in/billing/settings.ts";
import { type StartInput, startSubscription } from "#tests/stripe-stand-in/billing/start-subscription.ts";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { linesOf } from "#tests/stripe-stand-in/resources/line-items.ts";
import { intentForSession } from "#tests/stripe-stand-in/resources/payment-intents.ts";
import { requirePrice } from "#tests/stripe-stand-in/resources/prices.ts";
import type {
  CardBehaviour,
  StoredPaymentIntent,
  StoredSession,
  SubscriptionOrder,
} from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";
import type { PaymentChoice } from "./buyer-input.ts";
import { type Buyer, complete, customerFor, DECLINE, type PayResult } from "./pay.ts";

/** How the method entered in checkout behaves afterwards; one that asked for 3-D Secure has had it. */
const BEHAVIOUR: Record<Exclude<PaymentChoice, "none">, CardBehaviour> = {
  card: "ok",
  declined: "declines",
  requires_action: "requires_action",
  delayed_success: "delayed_success",
  delayed_failure: "delayed_failure",
};

/** The buyer of a subscription pays first; only then are the subscription and its invoice made. Source: basil changelog. */
export function paySubscription(
  standIn: StandIn,
  open: StoredSession,
  buyer: Buyer,
  choice: PaymentChoice,
): PayResult {
  const order = standIn.store.checkoutPlans.get(open.id)?.subscription;
  const customer = customerFor(standIn, open, buyer);
  const session = { ...open, customer };
  if (order === undefined || customer === null)
    throw new Error(`Session ${session.id} sells no subscription`);
  const due = session.amount_total ?? 0;
  const method = choice === "none" ? null : makePaymentMethod(standIn, BEHAVIOUR[choice], customer).id;
  let firstPayment: StartInput["firstPayment"];
  if (due > 0 && choice !== "none" && method !== null) {
    const intent = intentForSession(standIn, session, customer);
    standIn.store.checkoutPlans.update(session.id, { subscription: { ...order, paymentIntent: intent.id } });
    const outcome = charge(standIn, intent, method, choice);
    if (outcome === null) return { redirectTo: null, declined: DECLINE };
    firstPayment = { intent: standIn.store.paymentIntents.get(intent.id) ?? intent, outcome };
  } else if (choice === "declined") return { redirectTo: null, declined: DECLINE };
  if (choice === "requires_action" && method !== null)
    standIn.store.cards.put({ id: method, behaviour: "ok" });
  const attached = standIn.store.paymentMethods.get(method ?? "");
  if (attached !== undefined) emit(standIn, "payment_method.attached", attached, null);
  const subscription = startSubscription(standIn, {
    ...orderedItems(standIn, session),
    ...termsOf(order),
    customer,
    discounts: discountsOf(session),
    defaultPaymentMethod: method,
    session: session.id,
    ...(firstPayment === undefined ? {} : { firstPayment }),
    cause: null,
  });
  const made = { subscription: subscription.id, invoice: subscription.latest_invoice };
  return {
    redirectTo: complete(standIn, session, buyer, statusOf(standIn, order, firstPayment), null, made),
  };
}

/** What the charge came to; null when it was declined. */
function charge(
  standIn: StandIn,
  intent: StoredPaymentIntent,
  method: string,
  choice: Exclude<PaymentChoice, "none">,
): NonNullable<StartInput["firstPayment"]>["outcome"] | null {
  const outcome = chargeIntent(standIn, intent.id, { id: method, behaviour: BEHAVIOUR[choice] }, null);
  if (outcome === "failed") return null;
  if (outcome === "requires_action") approveIntent(standIn, intent.id, null);
  if (outcome !== "processing") return "paid";
  return choice === "delayed_success" ? "succeeds_later" : "fails_later";
}

function statusOf(
  standIn: StandIn,
  order: SubscriptionOrder,
  firstPayment: StartInput["firstPayment"],
): "paid" | "unpaid" | "no_payment_required" {
  if (firstPayment !== undefined) return firstPayment.outcome === "paid" ? "paid" : "unpaid";
  const isTrial = order.trialDays !== null || order.trialEnd !== null;
  return isTrial ? billingSettings(standIn).trialPaymentStatus : "no_payment_required";
}

function termsOf(order: SubscriptionOrder) {
  const { metadata, description, trialDays, trialEnd, missingPaymentMethod, billingMode } = order;
  return { metadata, description, trialDays, trialEnd, missingPaymentMethod, billingMode };
}

function orderedItems(standIn: StandIn, session: StoredSession): Pick<StartInput, "items" | "oneTime"> {
  const lines = linesOf(standIn, session.id).map(({ price, quantity, metadata }) => ({
    price: requirePrice(standIn, price),
    quantity,
    metadata,
  }));
  return {
    items: lines.filter(({ price }) => price.type === "recurring"),
    oneTime: lines.filter(({ price }) => price.type !== "recurring"),
  };
}

function discountsOf(session: StoredSession): DiscountInput[] {
  return (session.discounts ?? []).map(({ coupon, promotion_code: code }) =>
    typeof code === "string" ? { promotion_code: code } : { coupon: String(coupon) },
  );
}
