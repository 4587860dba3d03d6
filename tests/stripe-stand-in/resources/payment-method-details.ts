import type { Stripe } from "stripe";

/** How a charge was paid, for the methods the checkout page offers. */
export function paymentMethodDetails(type: string, last4: string): Stripe.Charge.PaymentMethodDetails {
  if (type === "card") return { type, card: cardDetails(last4) };
  if (type === "us_bank_account") return { type, us_bank_account: usBankAccountDetails(last4) };
  return { type: "sepa_debit", sepa_debit: sepaDebitDetails(last4) };
}

function cardDetails(last4: string): Stripe.Charge.PaymentMethodDetails.Card {
  return {
    amount_authorized: null,
    authorization_code: null,
    brand: "visa",
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: "pass" },
    country: "US",
    electronic_commerce_indicator: null,
    exp_month: 12,
    exp_year: 2034,
    fingerprint: "standInVisaCard",
    funding: "credit",
    installments: null,
    last4,
    mandate: null,
    network: "visa",
    network_transaction_id: null,
    regulated_status: "unregulated",
    three_d_secure: null,
    transaction_link_id: null,
    wallet: null,
  };
}

function usBankAccountDetails(last4: string): Stripe.Charge.PaymentMethodDetails.UsBankAccount {
  return {
    account_holder_type: "individual",
    account_type: "checking",
    bank_name: "STAND-IN TEST BANK",
    fingerprint: "standInBankAccount",
    last4,
    payment_reference: null,
    routing_number: "110000000",
  };
}

function sepaDebitDetails(last4: string): Stripe.Charge.PaymentMethodDetails.SepaDebit {
  return {
    bank_code: "37040044",
    branch_code: null,
    country: "DE",
    fingerprint: "standInSepaAccount",
    last4,
    mandate: null,
  };
}
