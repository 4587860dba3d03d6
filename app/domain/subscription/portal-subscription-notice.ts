import { validUntil, worksUntil } from "#app/domain/license/assess-license.ts";
import { dayWords } from "#app/domain/license/license-words.ts";
import {
  failingInvoice,
  type InvoiceFacts,
  type SubscriptionFacts,
  scheduledEnd,
} from "#app/domain/subscription/subscription.ts";
import type { Standing } from "#app/domain/subscription/subscription-standing.ts";

/** What is known of a license that belongs to a subscription. */
export type SubscribedLicense = {
  itemKey: string | null;
  paidUntil: Date | null;
  graceUntil: Date | null;
  extendedUntil: Date | null;
  /** Causes of its holds. */
  holds: readonly string[];
};

/** What needs its owner's attention, in a title and a sentence or two. */
export type OwnerNotice = { tone: "info" | "warning" | "error"; title: string; text: string };

/** What an owner has to know about a subscription right now; null when it simply goes on. */
export function noticeOf(
  subscription: SubscriptionFacts,
  license: SubscribedLicense,
  standing: Standing,
  now: Date,
): OwnerNotice | null {
  const last = worksUntil(license);
  const works = last !== null && last > now;
  switch (standing) {
    case "trial":
    case "active":
      return null;
    case "ending":
      return {
        tone: "info",
        title: `Your subscription ends on ${dayWords(scheduledEnd(subscription) ?? now)}`,
        text: "You use it as before until then, and nothing more is charged. You can keep it until that day.",
      };
    case "payment-failed":
      return failedNotice(failingInvoice(subscription), works ? last : null);
    case "unpaid":
      return {
        tone: "error",
        title: "The renewal is not paid",
        text: works
          ? `All attempts to collect it failed. Your license works until ${dayWords(last)}; pay the open invoice, so that it goes on.`
          : "All attempts to collect it failed, so your license is on hold. It works again as soon as the open invoice is paid.",
      };
    case "paused":
      return pausedNotice(subscription.pausedBecause);
    case "billing-paused":
      return {
        tone: "info",
        title: "Billing is paused",
        text: works
          ? `Nothing is charged for now. Your license works until ${dayWords(last)}.`
          : "Nothing is charged for now, and nothing is paid for. Contact us to go on.",
      };
    case "ended":
      return endedNotice(subscription, validUntil(license), now);
  }
}

function failedNotice(failing: InvoiceFacts | null, worksTo: Date | null): OwnerNotice {
  const until = worksTo
    ? `Your license works until ${dayWords(worksTo)}.`
    : "Your license is on hold until it is paid.";
  if (failing?.requiresAction)
    return {
      tone: "warning",
      title: "Your bank asks you to confirm the payment",
      text: `The renewal waits for that. ${until}`,
    };
  const again = failing?.nextPaymentAttempt
    ? ` We try again on ${dayWords(failing.nextPaymentAttempt)}.`
    : "";
  return {
    tone: worksTo ? "warning" : "error",
    title: "The payment for your renewal failed",
    text: `${until} Update your payment method, so that it goes on.${again}`,
  };
}

const pauseTexts: Record<string, string> = {
  trial_end_without_payment_method:
    "Your trial ended without a way to pay. Add a payment method to go on with the same key.",
  first_payment_failure: "The first payment failed. Update your payment method to go on with the same key.",
  final_payment_failure:
    "The renewal could not be collected. Update your payment method and pay the open invoice to go on with the same key.",
  pause_requested: "Your key stays yours and works again when you resume.",
};

function pausedNotice(because: string | null): OwnerNotice {
  return {
    tone: "warning",
    title: "Your subscription is paused",
    text: pauseTexts[because ?? ""] ?? "Your key stays yours and works again when the subscription goes on.",
  };
}

const endTexts: Record<string, string> = {
  payment_failed: "The renewal could not be collected.",
  payment_disputed: "A payment was disputed with the bank.",
};

function endedNotice(subscription: SubscriptionFacts, end: Date | null, now: Date): OwnerNotice | null {
  const why = endTexts[subscription.endedBecause ?? ""];
  const works = end && end > now ? `This license works until ${dayWords(end)}.` : null;
  return {
    tone: "info",
    title: subscription.endedAt
      ? `Your subscription ended on ${dayWords(subscription.endedAt)}`
      : "Your subscription has ended",
    text: [why, works, "You can subscribe again at any time; you then get a new key."]
      .filter((sentence) => sentence)
      .join(" "),
  };
}

/** For a key that has no seat: `seats` is how many the subscription has now. */
export function releasedNotice(seats: number | null): OwnerNotice {
  const now = seats === null ? "fewer seats" : seats === 1 ? "1 seat" : `${seats} seats`;
  return {
    tone: "info",
    title: "This key has no seat at the moment",
    text: `The subscription has ${now} now. The key stays yours: add a seat, and this same key works again.`,
  };
}
