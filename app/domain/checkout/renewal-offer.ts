import { renewedUntil } from "#app/domain/order/renew-license.ts";

/** What is known of a license that somebody wants to renew. */
export type RenewableLicense = {
  term: string;
  /** cs_… or sub_…; null for one issued by hand. */
  sourceId: string | null;
  paidUntil: Date | null;
  revokedAt: Date | null;
  /** Causes of its holds. */
  holds: readonly string[];
  /** Units it stands for, each of them paid again. */
  seats: number;
  /** A renewal was bought and its money is on its way. */
  awaitsPayment: boolean;
};

/** A price that sells the license's plan once, and how long that lasts. */
export type RenewalPrice = { amount: number; currency: string; termDays: number | null };

/** `amount` in minor units, for all seats. `newEnd` holds for a payment made now; a later one never gives less. */
export type RenewalOffer =
  | { ok: true; newEnd: Date; amount: number; currency: string; seats: number }
  | { ok: false; problem: string };

/** Whether a license can be renewed by paying for its plan again, until when and for how much; or why it cannot. */
export function renewalOffer(license: RenewableLicense, price: RenewalPrice | null, now: Date): RenewalOffer {
  const problem = whyNot(license, price);
  if (problem !== null || !price?.termDays || !license.paidUntil)
    return { ok: false, problem: problem ?? "This license cannot be renewed here. Please contact us." };
  return {
    ok: true,
    newEnd: renewedUntil(license.paidUntil, [{ paidAt: now, days: price.termDays, reversedAt: null }]),
    amount: price.amount * license.seats,
    currency: price.currency,
    seats: license.seats,
  };
}

function whyNot(license: RenewableLicense, price: RenewalPrice | null): string | null {
  if (license.revokedAt)
    return "This license was revoked, so it cannot be renewed. Contact us if you think this is a mistake.";
  if (license.term === "perpetual" || !license.paidUntil)
    return "This license never ends, so there is nothing to renew.";
  // Whatever its plan is called: what the subscription has paid for sets the end, and would undo a renewal.
  if (license.term === "subscription" || license.sourceId?.startsWith("sub_"))
    return "This license belongs to a subscription, which renews it by itself.";
  if (license.holds.length > 0)
    return "This license is on hold, and paying again would not lift that. Contact us first.";
  if (license.awaitsPayment)
    return "A renewal is paid for already and its money is on its way. The new end shows here when it arrives.";
  if (!price) return "This plan is not on sale any more. Choose another plan, or contact us.";
  return null;
}
