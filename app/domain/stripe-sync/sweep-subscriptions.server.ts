import { z } from "zod";
import { markSourcesDirty } from "#app/domain/stripe-sync/claim-source.server.ts";
import {
  idOf,
  listOf,
  metadata,
  optionalSeconds,
  optionalText,
  pagesOf,
  seconds,
} from "#app/domain/stripe-sync/stripe-answers.server.ts";
import { noteSweep } from "#app/domain/stripe-sync/sweep-cursor.server.ts";
import { isEnded, type SubscriptionFacts } from "#app/domain/subscription/subscription.ts";
import { readSubscriptionSnapshot } from "#app/domain/subscription/subscription-snapshot.server.ts";
import { db } from "#app/infra/db.server.ts";
import { isLivemode, isStripeConfigured, stripe } from "#app/infra/stripe.server.ts";

export const subscriptionsCursor = "subscriptions";

const Listed = z.object({
  object: z.literal("subscription"),
  id: z.string(),
  status: z.string(),
  metadata,
  cancel_at: optionalSeconds,
  cancel_at_period_end: z.boolean(),
  pause_collection: z.object({ behavior: z.string(), resumes_at: optionalSeconds }).nullish(),
  latest_invoice: z.union([z.string(), z.object({ id: z.string(), status: optionalText })]).nullish(),
  customer: idOf,
  items: listOf(
    z.object({
      id: z.string(),
      quantity: z.number().int().nullish(),
      current_period_end: seconds,
      price: z.object({ id: z.string(), lookup_key: optionalText, metadata }),
    }),
  ),
});
type Listed = z.infer<typeof Listed>;

/**
 * Compares every subscription Stripe has with what was last synced and marks those that differ, and those of this shop
 * that nobody told us of. Page by page, so that a hundred thousand take time but neither memory nor anybody's turn. Safe
 * to run at any time and in any number of processes.
 * @returns how many sources were marked.
 */
export async function sweepSubscriptions(now: Date): Promise<number> {
  if (!isStripeConfigured()) return 0;
  let marked = 0;
  const pages = pagesOf(Listed, (after) =>
    stripe().subscriptions.list({ status: "all", limit: 100, expand: ["data.latest_invoice"], ...after }),
  );
  for await (const page of pages) {
    const marks = (await behindOf(page)).map((id) => ({ sourceId: id, kind: "subscription" as const }));
    await markSourcesDirty(marks, { livemode: isLivemode(), cause: "sweep" });
    marked += marks.length;
  }
  await noteSweep(subscriptionsCursor, now);
  return marked;
}

async function behindOf(page: readonly Listed[]): Promise<string[]> {
  const known = await db().stripeSource.findMany({
    where: { id: { in: page.map(({ id }) => id) } },
    select: { id: true, snapshot: true, orderId: true },
  });
  const sources = new Map(known.map((source) => [source.id, source]));
  const strangers: Listed[] = [];
  const behind: string[] = [];
  for (const listed of page) {
    const source = sources.get(listed.id);
    const snapshot = readSubscriptionSnapshot(source?.snapshot ?? null);
    if (snapshot ? !isInStep(listed, snapshot) : source?.orderId) behind.push(listed.id);
    else if (!snapshot && !isEnded(listed)) strangers.push(listed);
  }
  return [...behind, ...(await oursAmong(strangers))];
}

/** Whether what is listed is what was synced; everything that moves a license shows in one of these. */
function isInStep(listed: Listed, synced: SubscriptionFacts): boolean {
  const { latest_invoice: latest, pause_collection: pause } = listed;
  const invoiceId = typeof latest === "string" ? latest : latest?.id;
  const invoice = synced.invoices.find(({ id }) => id === invoiceId);
  const isInvoiceSynced =
    !invoiceId ||
    (invoice !== undefined && (typeof latest !== "object" || invoice.status === latest?.status));
  return (
    isInvoiceSynced &&
    listed.status === synced.status &&
    sameInstant(listed.cancel_at, synced.cancelAt) &&
    listed.cancel_at_period_end === synced.cancelAtPeriodEnd &&
    (pause?.behavior ?? null) === (synced.pauseCollection?.behavior ?? null) &&
    sameInstant(pause?.resumes_at ?? null, synced.pauseCollection?.resumesAt ?? null) &&
    areItemsInStep(listed, synced)
  );
}

function areItemsInStep({ items }: Listed, synced: SubscriptionFacts): boolean {
  // Of a subscription with very many items the list has the first ones only.
  if (!items.has_more && items.data.length !== synced.items.length) return false;
  return items.data.every((item) => {
    const known = synced.items.find(({ id }) => id === item.id);
    return (
      known !== undefined &&
      known.priceId === item.price.id &&
      known.quantity === (item.quantity ?? null) &&
      sameInstant(known.periodEnd, item.current_period_end)
    );
  });
}

function sameInstant(a: Date | null, b: Date | null): boolean {
  return a?.getTime() === b?.getTime();
}

/** Of subscriptions we know nothing of, those that sell something of ours; a vendor may sell other things as well. */
async function oursAmong(strangers: readonly Listed[]): Promise<string[]> {
  if (strangers.length === 0) return [];
  const prices = strangers.flatMap(({ items }) => items.data.map(({ price }) => price));
  const slugs = [
    ...strangers.flatMap((each) => each.metadata.slug ?? []),
    ...prices.flatMap((price) => price.metadata.license_policy ?? []),
  ];
  const bySlugOrId = { where: { OR: [{ slug: { in: slugs } }, { id: { in: slugs } }] } };
  const [mapped, policies, products, orders] = await Promise.all([
    db().price.findMany({
      where: {
        OR: [
          { stripePriceId: { in: prices.map(({ id }) => id) } },
          { lookupKey: { in: prices.flatMap((price) => price.lookup_key ?? []) } },
        ],
      },
      select: { stripePriceId: true, lookupKey: true },
    }),
    db().policy.findMany({ ...bySlugOrId, select: { id: true, slug: true } }),
    db().product.findMany({ ...bySlugOrId, select: { id: true, slug: true } }),
    db().order.findMany({
      where: { id: { in: strangers.flatMap((each) => each.metadata.order ?? []) } },
      select: { id: true },
    }),
  ]);
  const words = new Set<string | null | undefined>([
    ...mapped.flatMap((price) => [price.stripePriceId, price.lookupKey]),
    ...[...policies, ...products].flatMap(({ id, slug }) => [id, slug]),
    ...orders.map(({ id }) => id),
  ]);
  words.delete(null);
  return strangers
    .filter(
      (each) =>
        words.has(each.metadata.order) ||
        words.has(each.metadata.slug) ||
        each.items.data.some(
          ({ price }) =>
            words.has(price.id) || words.has(price.lookup_key) || words.has(price.metadata.license_policy),
        ),
    )
    .map(({ id }) => id);
}
