import type { EmailKind, EmailProps } from "#app/domain/email-outbox/email.ts";
import type { Settings } from "#app/domain/setting/settings.ts";
import { trialNoticeMs } from "#app/domain/subscription/project-subscription.ts";
import {
  failingInvoice,
  type InvoiceFacts,
  isEnded,
  type SubscriptionFacts,
  scheduledEnd,
} from "#app/domain/subscription/subscription.ts";

/** A mail that became owed; with its recipient the key makes it the only one. */
export type Notice = {
  [K in EmailKind]: { kind: K; causeKey: string; props: EmailProps[K] };
}[EmailKind];

export type SubscriptionNotices = {
  notices: Notice[];
  /** What staff should look at, besides what payments and prices say. */
  alerts: { kind: "invoice-uncollectible"; causeKey: string; message: string }[];
};

const dayMs = 86_400_000;

/**
 * What a subscription's owner is told about the step from `before` to `after` (stripe.md 2.8): from what changed, never
 * from events, so that order, repetition and loss of events change nothing but the time. `before` null = seen first.
 */
export function subscriptionNotices(
  before: SubscriptionFacts | null,
  after: SubscriptionFacts,
  settings: Settings,
  now: Date,
): SubscriptionNotices {
  const notices: Notice[] = [...trialNotices(after, now), ...cancellationNotices(before, after)];
  if (settings.dunningEmails === "latchkey") notices.push(...dunningNotices(before, after));
  return { notices, alerts: unpaidAlerts(after) };
}

/** Three days before a trial ends; a trial that short says so when it is bought. */
function trialNotices({ id, status, trialStart, trialEnd, ...rest }: SubscriptionFacts, now: Date): Notice[] {
  if (status !== "trialing" || !trialStart || !trialEnd || trialEnd <= now) return [];
  if (scheduledEnd({ status, ...rest })) return [];
  const left = trialEnd.getTime() - now.getTime();
  if (left > trialNoticeMs || trialEnd.getTime() - trialStart.getTime() <= trialNoticeMs + dayMs) return [];
  const end = trialEnd.toISOString();
  return [{ kind: "trial-ending", causeKey: `${id}:${end}`, props: { subscriptionId: id, trialEnd: end } }];
}

function cancellationNotices(before: SubscriptionFacts | null, after: SubscriptionFacts): Notice[] {
  const planned = scheduledEnd(after)?.toISOString() ?? null;
  const was = before && scheduledEnd(before)?.toISOString();
  const subscriptionId = after.id;
  if (planned && planned !== was)
    return [
      {
        kind: "cancel-scheduled",
        causeKey: `${subscriptionId}:${planned}`,
        props: { subscriptionId, endsAt: planned },
      },
    ];
  if (!planned && was && !isEnded(after))
    return [
      { kind: "cancel-undone", causeKey: `${subscriptionId}:${was}`, props: { subscriptionId, endsAt: was } },
    ];
  return [];
}

function dunningNotices(before: SubscriptionFacts | null, after: SubscriptionFacts): Notice[] {
  const subscriptionId = after.id;
  // A pause is told by itself and ends the reminders (stripe.md 1.2, row 11).
  const failing = after.status === "paused" ? null : failingInvoice(after);
  if (failing?.requiresAction)
    return [
      {
        kind: "payment-action-required",
        causeKey: failing.id,
        props: { subscriptionId, invoiceId: failing.id },
      },
    ];
  if (failing) {
    const stage = stageOf(failing);
    return [
      {
        kind: "renewal-failed",
        causeKey: `${failing.id}:${stage}`,
        props: { subscriptionId, invoiceId: failing.id, stage },
      },
    ];
  }
  const was = before && failingInvoice(before);
  const recovered = was && after.invoices.find(({ id, status }) => id === was.id && status === "paid");
  if (!recovered || isEnded(after)) return [];
  return [
    {
      kind: "payment-recovered",
      causeKey: recovered.id,
      props: { subscriptionId, invoiceId: recovered.id },
    },
  ];
}

/** The first failure, a reminder for those after it, and the last one, after which Stripe does not try again. */
function stageOf(invoice: InvoiceFacts): "first" | "reminder" | "final" {
  if (invoice.attemptCount <= 1) return "first";
  return invoice.nextPaymentAttempt ? "reminder" : "final";
}

/** A renewal that will never be paid leaves the subscription active at Stripe: a person should know. */
function unpaidAlerts(after: SubscriptionFacts): SubscriptionNotices["alerts"] {
  if (isEnded(after)) return [];
  const newest = after.invoices[0];
  if (!newest || newest.billingReason === "subscription_create") return [];
  if (newest.status !== "uncollectible" && newest.status !== "void") return [];
  const word = newest.status === "void" ? "voided" : "marked uncollectible";
  const isChange = newest.lines.length > 0 && newest.lines.every(({ proration }) => proration);
  if (isChange)
    return [
      {
        kind: "invoice-uncollectible",
        causeKey: newest.id,
        message: `The invoice ${newest.id} for a change of ${after.id} was ${word}: the change was not paid. The licenses follow what Stripe says the subscription is now; check that it is meant.`,
      },
    ];
  return [
    {
      kind: "invoice-uncollectible",
      causeKey: newest.id,
      message: `The newest invoice ${newest.id} of ${after.id} was ${word}, so the licenses are not extended although Stripe calls the subscription ${after.status}. Cancel it, bill it again, or extend the licenses by hand.`,
    },
  ];
}
