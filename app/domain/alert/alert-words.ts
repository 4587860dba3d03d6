import type { AlertKind } from "#app/domain/alert/alert.server.ts";

type Words = { label: string; remedy: string };

const words: Record<AlertKind, Words> = {
  "unmapped-price": {
    label: "Price not in the catalog",
    remedy: "Add the price to the catalog file, run npm run catalog, then sync the order with Stripe again.",
  },
  "no-email": {
    label: "Buyer without an address",
    remedy:
      "Add an address to the customer in the Stripe Dashboard and sync the order again, or issue the licenses by hand.",
  },
  "fulfillment-failed": {
    label: "Sale could not be processed",
    remedy: "Read the error, mend its cause, then sync the order again or replay its event.",
  },
  "email-failed": {
    label: "Email could not be sent",
    remedy: "Correct the address or the mail server, then send the email again from its page.",
  },
  "mode-mismatch": {
    label: "Test and live mixed up",
    remedy:
      "Check that the API key and the webhook secret belong to the same mode of Stripe. Events of the other mode change nothing.",
  },
  "too-many-units": {
    label: "Unusually many units",
    remedy: "Check that the quantity is meant, then issue the missing licenses by hand.",
  },
  "dispute-opened": {
    label: "Payment disputed",
    remedy: "Send your evidence in the Stripe Dashboard before it is due. The license is on hold meanwhile.",
  },
  "dispute-lost": {
    label: "Dispute lost",
    remedy: "The license stays on hold. Revoke it if the customer should not come back to it.",
  },
  "inquiry-opened": {
    label: "Bank asks about a payment",
    remedy: "Answer in the Stripe Dashboard, so that it does not become a dispute.",
  },
  "refund-failed": {
    label: "Refund failed",
    remedy: "The money came back to you. Refund again in Stripe or pay the customer another way.",
  },
  "partial-refund": {
    label: "Refunded without a change",
    remedy: "Suspend or revoke the license by hand if that is what the refund was for.",
  },
  "fraud-warning": {
    label: "Fraud warning",
    remedy: "Refund the payment in Stripe before it becomes a dispute, or suspend the license while you ask.",
  },
  "invoice-not-finalized": {
    label: "Invoice stuck as a draft",
    remedy: "Correct what Stripe names, often an address or a tax setting, and finalize the invoice there.",
  },
  "invoice-uncollectible": {
    label: "Invoice written off",
    remedy: "The period is not paid, so the license was not prolonged. Extend it by hand if it should go on.",
  },
  "payment-attempt-required": {
    label: "Invoice waits for your charge",
    remedy: "Its payment method is charged outside Stripe: collect the money and record it on the invoice.",
  },
  "price-vanished": {
    label: "Price no longer for sale in Stripe",
    remedy:
      "Take the price out of the catalog, or make it active in Stripe again. Sold licenses are not affected.",
  },
};

export const alertKinds = Object.keys(words).filter(isAlertKind);

function isAlertKind(kind: string): kind is AlertKind {
  return kind in words;
}

/** What an alert is about and what ends it; a kind of an older version is named as it was stored. */
export function alertWords(kind: string): Words {
  return isAlertKind(kind)
    ? words[kind]
    : { label: kind.replaceAll("-", " "), remedy: "See what it says, then resolve it." };
}
