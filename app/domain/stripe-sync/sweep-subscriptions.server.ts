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
import { noteSweep, SweepStopped } from "#app/domain/stripe-sync/sweep-cursor.server.ts";
import { isEnded } from "#app/domain/subscription/subscription.ts";
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
export async function sweepSubscriptions(now: Date, isStopping = () => false): Promise<number> {
  if (!isStripeConfigured()) return 0;
  let marked = 0;
  const pages = pagesOf(Listed, (after) =>
    stripe().subscriptions.list({ status: "all", limit: 100, expand: ["data.latest_invoice"], ...after }),
  );
  for await (const page of pages) {
    if (isStopping()) throw new SweepStopped();
    const marks = (await behindOf(page)).map((id) => ({ sourceId: id, kind: "subscription" as const }));
    await markSourcesDirty(marks, { livemode: isLivemode(), cause: "sweep" });
    marked += marks.length;
  }
  await noteSweep(subscriptionsCursor, now);
  return marked;
}

/** As much of what was last synced as is compared; the invoices themselves stay in the database. */
const Synced = z.object({
  status: z.string(),
  cancelAt: z.iso.datetime().nullable(),
  cancelAtPeriodEnd: z.boolean(),
  pauseCollection: z.object({ behavior: z.string(), resumesAt: z.iso.datetime().nullable() }).nullable(),
  items: z.array(
    z.object({
      id: z.string(),
      priceId: z.string(),
      quantity: z.number().nullable(),
      periodEnd: z.iso.datetime(),
    }),
  ),
});
type Synced = z.infer<typeof Synced> & { invoices: Map<string, string> };

type SourceRow = {
  id: string;
  orderId: string | null;
  subscription: unknown;
  invoiceIds: string[] | null;
  invoiceStatuses: string[] | null;
};

async function behindOf(page: readonly Listed[]): Promise<string[]> {
  const rows = await db().$queryRaw<SourceRow[]>`
    SELECT id, order_id AS "orderId", snapshot - 'invoices' AS subscription,
        jsonb_path_query_array(snapshot, '$.invoices[*].id') AS "invoiceIds",
        jsonb_path_query_array(snapshot, '$.invoices[*].status') AS "invoiceStatuses"
      FROM stripe_source WHERE id = ANY(${page.map(({ id }) => id)})`;
  const sources = new Map(rows.map((row) => [row.id, row]));
  const strangers: Listed[] = [];
  const behind: string[] = [];
  for (const listed of page) {
    const source = sources.get(listed.id);
    const synced = source ? syncedOf(source) : null;
    if (synced ? !isInStep(listed, synced) : source?.orderId) behind.push(listed.id);
    else if (!synced && !isEnded(listed)) strangers.push(listed);
  }
  return [...behind, ...(await oursAmong(strangers))];
}

function syncedOf({ subscription, invoiceIds, invoiceStatuses }: SourceRow): Synced | null {
  const parsed = Synced.safeParse(subscription);
  if (!parsed.success) return null;
  const invoices = new Map(invoiceIds?.map((id, index) => [id, invoiceStatuses?.[index] ?? ""]));
  return { ...parsed.data, invoices };
}

/** Whether what is listed is what was synced; everything that moves a license shows in one of these. */
function isInStep(listed: Listed, synced: Synced): boolean {
  const { pause_collection: pause } = listed;
  return (
    isInvoiceInStep(listed, synced) &&
    listed.status === synced.status &&
    sameInstant(listed.cancel_at, synced.cancelAt) &&
    listed.cancel_at_period_end === synced.cancelAtPeriodEnd &&
    (pause?.behavior ?? null) === (synced.pauseCollection?.behavior ?? null) &&
    sameInstant(pause?.resumes_at ?? null, synced.pauseCollection?.resumesAt ?? null) &&
    areItemsInStep(listed, synced)
  );
}

function isInvoiceInStep({ latest_invoice: latest }: Listed, synced: Synced): boolean {
  if (!latest) return true;
  if (typeof latest === "string") return synced.invoices.has(latest);
  return synced.invoices.get(latest.id) === (latest.status ?? "draft");
}

function areItemsInStep({ items }: Listed, synced: Synced): boolean {
  // Of a subscription with very many items the list has the first ones only.
  if (!items.has_more && items.data.length !== synced.items.length) return false;
  return items.data.every((item) => {
    const known = synced.items.find(({ id }) => id === item.id);
    return (
      known !== undefined &&
      known.priceId === item.price.id &&
      known.quantity === (item.quantity ?? null) &&
      sameInstant(item.current_period_end, known.periodEnd)
    );
  });
}

function sameInstant(listed: Date | null, synced: string | null): boolean {
  return (listed?.toISOString() ?? null) === synced;
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
