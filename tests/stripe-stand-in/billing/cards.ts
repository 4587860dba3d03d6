import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { idOf, newId } from "#tests/stripe-stand-in/ids.ts";
import {
  isLive,
  type LiveCustomer,
  requireLiveCustomer,
} from "#tests/stripe-stand-in/resources/customers.ts";
import type {
  CardBehaviour,
  StoredPaymentMethod,
  StoredSubscription,
} from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";
import { hasEnded } from "./ended.ts";
import { changeSubscription } from "./wire.ts";

/** Stripe's own test payment methods, as far as they differ in what happens when they are charged. Source: "Testing". */
const TEST_METHODS: Readonly<Record<string, CardBehaviour>> = {
  pm_card_visa: "ok",
  pm_card_visa_debit: "ok",
  pm_card_mastercard: "ok",
  pm_card_chargeCustomerFail: "declines",
  pm_card_visa_chargeDeclined: "declines",
  pm_card_chargeDeclined: "declines",
  pm_card_chargeDeclinedExpiredCard: "expired",
  pm_card_authenticationRequired: "requires_action",
  pm_card_createDispute: "disputed",
  pm_usBankAccount_success: "delayed_success",
  pm_usBankAccount_insufficientFunds: "delayed_failure",
};

const LAST_DIGITS: Record<CardBehaviour, string> = {
  ok: "4242",
  declines: "0341",
  expired: "0069",
  requires_action: "3184",
  delayed_success: "6789",
  delayed_failure: "3333",
  disputed: "0259",
};

export function isDelayed(behaviour: CardBehaviour): boolean {
  return behaviour === "delayed_success" || behaviour === "delayed_failure";
}

/** Whether charging it brings the money, or at least a payment that is under way. */
export function bringsMoney(behaviour: CardBehaviour): boolean {
  return behaviour === "ok" || behaviour === "disputed" || isDelayed(behaviour);
}

export function lastDigitsOf(behaviour: CardBehaviour): string {
  return LAST_DIGITS[behaviour];
}

/** A payment method that behaves this way when charged, attached to the customer when one is given. */
export function makePaymentMethod(
  standIn: StandIn,
  behaviour: CardBehaviour,
  customer: string | null,
): StoredPaymentMethod {
  const method: StoredPaymentMethod = {
    id: newId("pm"),
    object: "payment_method",
    billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
    created: standIn.clock.seconds(),
    customer,
    customer_account: null,
    livemode: standIn.settings.livemode,
    metadata: {},
    type: isDelayed(behaviour) ? "us_bank_account" : "card",
    ...(isDelayed(behaviour) ? {} : { card: cardOf(lastDigitsOf(behaviour)) }),
  };
  standIn.store.cards.put({ id: method.id, behaviour });
  return standIn.store.paymentMethods.put(method);
}

function cardOf(last4: string): NonNullable<StoredPaymentMethod["card"]> {
  return {
    brand: "visa",
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: "pass" },
    country: "US",
    display_brand: "visa",
    exp_month: 12,
    exp_year: 2034,
    fingerprint: "standInVisaCard",
    funding: "credit",
    generated_from: null,
    last4,
    networks: { available: ["visa"], preferred: null },
    regulated_status: "unregulated",
    three_d_secure_usage: { supported: true },
    wallet: null,
  };
}

/** A method by its id, or a new one of the kind one of Stripe's test ids names. Throws Stripe's error for any other id. */
export function findOrMakeMethod(standIn: StandIn, id: string, param: string): StoredPaymentMethod {
  const found = standIn.store.paymentMethods.get(id);
  if (found !== undefined) return found;
  const behaviour = TEST_METHODS[id];
  if (behaviour === undefined) throw resourceMissing("PaymentMethod", id, param);
  return makePaymentMethod(standIn, behaviour, null);
}

/** Attaches a method: `payment_method.attached`. */
export function attachMethod(
  standIn: StandIn,
  id: string,
  customer: string,
  param: string,
  cause: Cause,
): StoredPaymentMethod {
  const method = findOrMakeMethod(standIn, id, param);
  if (method.customer === customer) return method;
  const attached = standIn.store.paymentMethods.update(method.id, { customer });
  emit(standIn, "payment_method.attached", attached, cause);
  return attached;
}

function defaultMethodOf(customer: LiveCustomer): string | null {
  return idOf(customer.invoice_settings.default_payment_method);
}

/**
 * What an invoice of this subscription (or, with null, of the customer alone) is charged to; null when there is nothing.
 * An invoice made by hand takes the newest card when none is the default: somebody picks one in the Dashboard.
 */
export function methodFor(
  standIn: StandIn,
  subscription: StoredSubscription | null,
  customerId: string,
): string | null {
  const own = idOf(subscription?.default_payment_method);
  if (own !== null) return own;
  const customer = standIn.store.customers.get(customerId);
  if (customer === undefined || !isLive(customer)) return null;
  const usual = defaultMethodOf(customer);
  if (usual !== null || subscription !== null) return usual;
  return standIn.store.paymentMethods.where("customer", customerId).at(-1)?.id ?? null;
}

export function behaviourOf(standIn: StandIn, method: string): CardBehaviour {
  return standIn.store.cards.get(method)?.behaviour ?? "ok";
}

/** The bank changes its mind: every method of the customer behaves this way from now on. Makes one when there is none. No event, as at Stripe. */
export function setCard(standIn: StandIn, customerId: string, behaviour: CardBehaviour): void {
  const customer = requireLiveCustomer(standIn, customerId);
  const methods = standIn.store.paymentMethods.where("customer", customerId);
  for (const { id } of methods) standIn.store.cards.put({ id, behaviour });
  if (methods.length > 0) return;
  makeDefault(standIn, customer, makePaymentMethod(standIn, behaviour, customerId).id);
}

export function makeDefault(standIn: StandIn, customer: LiveCustomer, method: string): LiveCustomer {
  const updated: LiveCustomer = {
    ...customer,
    invoice_settings: { ...customer.invoice_settings, default_payment_method: method },
  };
  standIn.store.customers.put(updated);
  return updated;
}

/** The customer enters a new card, in the billing portal say; it is charged from now on, by every subscription. */
export function replaceCard(
  standIn: StandIn,
  customerId: string,
  behaviour: CardBehaviour,
  cause: Cause,
): StoredPaymentMethod {
  const customer = requireLiveCustomer(standIn, customerId);
  const method = makePaymentMethod(standIn, behaviour, customerId);
  emit(standIn, "payment_method.attached", method, cause);
  const before = { invoice_settings: customer.invoice_settings };
  emit(standIn, "customer.updated", makeDefault(standIn, customer, method.id), cause, before);
  for (const subscription of standIn.store.subscriptions.where("customer", customerId)) {
    if (hasEnded(subscription) || subscription.default_payment_method === null) continue;
    changeSubscription(standIn, subscription.id, { default_payment_method: method.id }, cause);
  }
  return method;
}
