import type {
  InvoiceInEmail,
  RecurringPrice,
  SubscriptionInEmail,
} from "#app/domain/email-outbox/email-content.ts";
import {
  asSold,
  commonStanding,
  isReleased,
  type LicenseRow,
  licenseParts,
  standingOf,
} from "#app/domain/email-outbox/license-in-email.server.ts";
import { validUntil, worksUntil } from "#app/domain/license/assess-license.ts";
import { planName } from "#app/domain/product/plan-words.ts";
import type { InvoiceFacts, SubscriptionFacts } from "#app/domain/subscription/subscription.ts";
import { readSubscriptionSnapshot } from "#app/domain/subscription/subscription-snapshot.server.ts";
import { db } from "#app/infra/db.server.ts";

/** The subscription as it was fetched last; null when it never was, or long ago by another version. */
export async function findSubscription(subscriptionId: string): Promise<SubscriptionFacts | null> {
  return (await findSubscriptions([subscriptionId])).get(subscriptionId) ?? null;
}

export async function findSubscriptions(
  subscriptionIds: readonly string[],
): Promise<Map<string, SubscriptionFacts>> {
  const found = new Map<string, SubscriptionFacts>();
  if (subscriptionIds.length === 0) return found;
  const sources = await db().stripeSource.findMany({
    where: { id: { in: [...new Set(subscriptionIds)] } },
    select: { id: true, snapshot: true },
  });
  for (const { id, snapshot } of sources) {
    const facts = readSubscriptionSnapshot(snapshot);
    if (facts) found.set(id, facts);
  }
  return found;
}

/** The licenses of a subscription its owner may use: not revoked, not released. */
export async function licensesOfSubscription(subscriptionId: string): Promise<LicenseRow[]> {
  const licenses = await db().license.findMany({
    where: { sourceId: subscriptionId, revokedAt: null },
    include: licenseParts,
    orderBy: asSold,
  });
  return licenses.filter((license) => !isReleased(license));
}

export function subscriptionInEmail(
  subscription: SubscriptionFacts,
  licenses: readonly LicenseRow[],
  now: Date,
): SubscriptionInEmail {
  const working = licenses.filter((license) => standingOf(license, now) === "good");
  const ends = working.flatMap((license) => worksUntil(license)?.getTime() ?? []);
  const described = subscription.items.map(({ description }) => description).filter((name) => name !== "");
  const names = described.length > 0 ? described : ["Your plan"];
  const shown = working.length > 0 ? working : licenses;
  return {
    productNames: shown.length > 0 ? shown.map((license) => license.product.name) : names,
    planNames: [
      ...new Set(
        shown.length > 0
          ? shown.map((license) => planName(license.product.name, license.policy.name))
          : names,
      ),
    ],
    licenseId: shown[0]?.id ?? null,
    keys: licenses.length,
    standing: commonStanding(licenses, now) ?? "ended",
    worksUntil: ends.length > 0 ? new Date(Math.max(...ends)) : null,
    paidUntil: paidThrough(licenses),
    price: recurringPrice(subscription),
  };
}

/** What one period costs; null when its items are not of one currency and period, or by usage. */
export function recurringPrice(subscription: SubscriptionFacts): RecurringPrice | null {
  const [first] = subscription.items;
  if (!first) return null;
  let amount = 0;
  for (const item of subscription.items) {
    const alike =
      item.currency === first.currency &&
      item.interval === first.interval &&
      item.intervalCount === first.intervalCount;
    if (!alike || item.metered || item.unitAmount === null) return null;
    amount += item.unitAmount * (item.quantity ?? 1);
  }
  const { currency, interval, intervalCount } = first;
  return { amount, currency, interval, intervalCount };
}

export function invoiceInEmail(invoice: InvoiceFacts, now: Date): InvoiceInEmail {
  const { hostedInvoiceUrl: url, nextPaymentAttempt } = invoice;
  return {
    number: invoice.number,
    amount: invoice.status === "paid" ? invoice.amountPaid : invoice.total - invoice.amountPaid,
    currency: invoice.currency,
    // An address from outside becomes a link only when it is one of the web.
    url: url && /^https?:\/\//.test(url) ? url : null,
    nextAttempt: nextPaymentAttempt && nextPaymentAttempt > now ? nextPaymentAttempt : null,
  };
}

/** Until when the licenses are paid, the latest of them; null when there is none. */
function paidThrough(licenses: readonly LicenseRow[]): Date | null {
  const ends = licenses.flatMap((license) => validUntil(license)?.getTime() ?? []);
  return ends.length > 0 ? new Date(Math.max(...ends)) : null;
}
