import type { EmailProps } from "#app/domain/email-outbox/email.ts";
import type { EmailContent } from "#app/domain/email-outbox/email-content.ts";
import {
  firstReason,
  gone,
  type LoadedEmail,
  type LoadOptions,
} from "#app/domain/email-outbox/loaded-email.ts";
import {
  findSubscription,
  invoiceInEmail,
  licensesOfSubscription,
  subscriptionInEmail,
} from "#app/domain/email-outbox/subscription-in-email.server.ts";
import {
  type InvoiceFacts,
  isEnded,
  type SubscriptionFacts,
  scheduledEnd,
} from "#app/domain/subscription/subscription.ts";
import { db } from "#app/infra/db.server.ts";
import type { Email, Prisma } from "#app/infra/prisma-client/client.ts";

type Row = Pick<Email, "id" | "recipient" | "customerId" | "createdAt" | "leaseToken">;

export async function trialEnding(
  props: EmailProps["trial-ending"],
  { now }: LoadOptions,
): Promise<LoadedEmail> {
  const found = await load(props.subscriptionId, now);
  if (!found) return gone("subscription");
  const { facts, subscription } = found;
  const trialEnd = new Date(props.trialEnd);
  return {
    content: { kind: "trial-ending", trialEnd, subscription },
    noLongerTrue: firstReason(
      facts.status !== "trialing" && "The trial is over.",
      !sameInstant(facts.trialEnd, trialEnd) && "The end of the trial was moved.",
      trialEnd <= now && "The trial is over.",
      scheduledEnd(facts) !== null && "The subscription was canceled and ends by itself.",
    ),
  };
}

export async function renewalFailed(
  row: Row,
  props: EmailProps["renewal-failed"],
  { now }: LoadOptions,
): Promise<LoadedEmail> {
  const reasonOfStage = async () => {
    const later =
      props.stage === "first" ? ["reminder", "final"] : props.stage === "reminder" ? ["final"] : [];
    if (later.length === 0) return null;
    const newer = await db().email.count({
      where: {
        ...sameReader(row),
        kind: "renewal-failed",
        AND: [
          { props: { path: ["invoiceId"], equals: props.invoiceId } },
          { OR: later.map((stage) => ({ props: { path: ["stage"], equals: stage } })) },
        ],
      },
    });
    return newer > 0 ? "A later reminder takes the place of this one." : null;
  };
  return aboutInvoice(props, now, async (facts, invoice, about) => ({
    content: { kind: "renewal-failed", stage: props.stage, ...about },
    noLongerTrue: firstReason(whyNotOwed(facts, invoice), await reasonOfStage()),
  }));
}

export function paymentActionRequired(
  props: EmailProps["payment-action-required"],
  { now }: LoadOptions,
): Promise<LoadedEmail> {
  return aboutInvoice(props, now, async (facts, invoice, about) => ({
    content: { kind: "payment-action-required", ...about },
    noLongerTrue: firstReason(
      whyNotOwed(facts, invoice),
      !invoice.requiresAction && "The bank no longer waits for a confirmation.",
    ),
  }));
}

/** Good news only for those who were told the bad. */
export function paymentRecovered(
  row: Row,
  props: EmailProps["payment-recovered"],
  { now }: LoadOptions,
): Promise<LoadedEmail> {
  return aboutInvoice(props, now, async (_, invoice, about) => ({
    content: { kind: "payment-recovered", ...about },
    noLongerTrue: firstReason(
      invoice.status !== "paid" && "The invoice is not paid.",
      !(await wasToldOfFailure(row, props.invoiceId, now)) && "The customer never heard of a failure.",
    ),
  }));
}

export async function cancelScheduled(
  props: EmailProps["cancel-scheduled"],
  { now }: LoadOptions,
): Promise<LoadedEmail> {
  const found = await load(props.subscriptionId, now);
  if (!found) return gone("subscription");
  const endsAt = new Date(props.endsAt);
  return {
    content: { kind: "cancel-scheduled", endsAt, subscription: found.subscription },
    noLongerTrue: firstReason(
      isEnded(found.facts) && "The subscription has ended.",
      !sameInstant(scheduledEnd(found.facts), endsAt) && "The subscription no longer ends then.",
    ),
  };
}

export async function cancelUndone(
  props: EmailProps["cancel-undone"],
  { now }: LoadOptions,
): Promise<LoadedEmail> {
  const found = await load(props.subscriptionId, now);
  if (!found) return gone("subscription");
  const { facts, subscription } = found;
  const renewsAt = subscription.paidUntil;
  return {
    content: {
      kind: "cancel-undone",
      renewsAt: renewsAt && renewsAt > now ? renewsAt : null,
      subscription,
    },
    noLongerTrue: firstReason(
      isEnded(facts) && "The subscription has ended.",
      scheduledEnd(facts) !== null && "The subscription is to end again.",
    ),
  };
}

export async function seatsChanged(
  props: EmailProps["seats-changed"],
  { now }: LoadOptions,
): Promise<LoadedEmail> {
  const found = await load(props.subscriptionId, now);
  if (!found) return gone("subscription");
  const { facts, subscription, licenses } = found;
  const seats = licenses.reduce((sum, license) => sum + license.seats, 0);
  return {
    content: { kind: "seats-changed", before: props.before, after: props.after, subscription },
    noLongerTrue: firstReason(
      isEnded(facts) && "The subscription has ended.",
      seats !== props.after && "The number of seats changed again.",
    ),
  };
}

export async function planChanged(
  row: Row,
  props: EmailProps["plan-changed"],
  { now }: LoadOptions,
): Promise<LoadedEmail> {
  const found = await load(props.subscriptionId, now);
  if (!found) return gone("subscription");
  const newer = await db().email.count({
    where: {
      ...sameReader(row),
      kind: "plan-changed",
      createdAt: { gt: row.createdAt },
      props: { path: ["subscriptionId"], equals: props.subscriptionId },
    },
  });
  return {
    content: { kind: "plan-changed", subscription: found.subscription },
    noLongerTrue: firstReason(
      isEnded(found.facts) && "The subscription has ended.",
      newer > 0 && "The plan changed again; a later mail says so.",
    ),
  };
}

async function load(subscriptionId: string, now: Date) {
  const facts = await findSubscription(subscriptionId);
  if (!facts) return null;
  const licenses = await licensesOfSubscription(subscriptionId);
  return { facts, licenses, subscription: subscriptionInEmail(facts, licenses, now) };
}

type AboutInvoice = Pick<Extract<EmailContent, { invoice: unknown }>, "invoice" | "subscription">;

async function aboutInvoice(
  props: { subscriptionId: string; invoiceId: string },
  now: Date,
  say: (facts: SubscriptionFacts, invoice: InvoiceFacts, about: AboutInvoice) => Promise<LoadedEmail>,
): Promise<LoadedEmail> {
  const found = await load(props.subscriptionId, now);
  if (!found) return gone("subscription");
  const invoice = found.facts.invoices.find(({ id }) => id === props.invoiceId);
  if (!invoice) return gone("invoice");
  return say(found.facts, invoice, {
    invoice: invoiceInEmail(invoice, now),
    subscription: found.subscription,
  });
}

function whyNotOwed(facts: SubscriptionFacts, invoice: InvoiceFacts): string | null {
  return firstReason(
    isEnded(facts) && "The subscription has ended.",
    invoice.status === "paid" && "The invoice is paid.",
    invoice.status !== "open" && "The invoice is no longer collected.",
  );
}

/**
 * @throws Error while the mail about the failure is being sent: then this one has to wait, so that it is neither lost
 *   nor the first the customer hears of it.
 */
async function wasToldOfFailure(row: Row, invoiceId: string, now: Date): Promise<boolean> {
  const about = await db().email.findMany({
    where: {
      ...sameReader(row),
      kind: "renewal-failed",
      props: { path: ["invoiceId"], equals: invoiceId },
      OR: [{ sentAt: { not: null } }, { leaseUntil: { gt: now }, droppedAt: null, failedAt: null }],
    },
    select: { sentAt: true, leaseToken: true },
  });
  if (about.some(({ sentAt }) => sentAt !== null)) return true;
  // A mail claimed together with this one is judged by the same facts, so it is not going to be sent.
  if (about.some(({ leaseToken }) => leaseToken !== row.leaseToken))
    throw new Error("The mail about the failed payment is being sent; this one waits for it.");
  return false;
}

/** The mails of one person, by an index. */
function sameReader(row: Row): Prisma.EmailWhereInput {
  return {
    id: { not: row.id },
    ...(row.customerId ? { customerId: row.customerId } : { recipient: row.recipient }),
  };
}

function sameInstant(a: Date | null, b: Date | null): boolean {
  return a?.getTime() === b?.getTime();
}
