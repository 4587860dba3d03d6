import {
  encodeCursor,
  isInstant,
  type Page,
  type PagePlan,
  type PageRequest,
  planPage,
  toPage,
} from "#app/domain/keyset.server.ts";
import type { ChargedPayment } from "#app/domain/payment/payment.ts";
import { readSessionPayment } from "#app/domain/payment/payment-snapshot.server.ts";
import { escapeLike, searchText } from "#app/domain/search-text.ts";
import type { SubscriptionFacts } from "#app/domain/subscription/subscription.ts";
import { readSubscriptionSnapshot } from "#app/domain/subscription/subscription-snapshot.server.ts";
import {
  itemWords,
  nextStepWords,
  type SubscriptionStatus,
} from "#app/domain/subscription/subscription-words.ts";
import { db } from "#app/infra/db.server.ts";
import { Prisma } from "#app/infra/prisma-client/client.ts";

export type SubscriptionRow = {
  /** sub_… */
  id: string;
  /** Stripe's status; null until it was fetched once. */
  status: string | null;
  /** "3 × Team license" */
  items: string[];
  /** "Renews 3 Dec 2026" */
  nextStep: string | null;
  order: { id: string; number: number };
  customer: { id: string; email: string } | null;
  email: string | null;
  createdAt: Date;
};

export type SubscriptionListRequest = PageRequest & {
  status?: SubscriptionStatus | undefined;
  /** Part of an address, an order number (#1001), or a whole id: sub_…, cus_…, ord_…, cust_…. */
  q?: string | undefined;
};

/** The status as the index `stripe_source_subscription_status` has it, for a source called `s`. */
const status = Prisma.sql`(s.snapshot ->> 'status')`;

/** Subscriptions that were bought here, newest first, page by page along an index. */
export async function listSubscriptions(request: SubscriptionListRequest): Promise<Page<SubscriptionRow>> {
  const plan = planPage(request, isInstant);
  const ids = await pageOfIds(request, plan);
  const [sources, orders] = await Promise.all([
    db().stripeSource.findMany({ where: { id: { in: ids } } }),
    db().order.findMany({
      where: { stripeSubscriptionId: { in: ids } },
      select: {
        ...{ id: true, number: true, email: true, stripeSubscriptionId: true },
        customer: { select: { id: true, email: true } },
      },
    }),
  ]);
  const rows = ids.flatMap((id): SubscriptionRow[] => {
    const source = sources.find((each) => each.id === id);
    const order = orders.find(({ stripeSubscriptionId }) => stripeSubscriptionId === id);
    if (!source || !order) return [];
    const facts = readSubscriptionSnapshot(source.snapshot);
    return [
      {
        id,
        status: facts?.status ?? null,
        items: facts?.items.map(itemWords) ?? [],
        nextStep: facts && nextStepWords(facts),
        order: { id: order.id, number: order.number },
        customer: order.customer,
        email: order.customer?.email ?? order.email,
        createdAt: source.createdAt,
      },
    ];
  });
  return toPage(rows, plan, (row) => encodeCursor(row.createdAt, row.id));
}

async function pageOfIds(request: SubscriptionListRequest, plan: PagePlan): Promise<string[]> {
  const where = [Prisma.sql`s.kind = 'subscription'`];
  if (request.status) where.push(Prisma.sql`${status} = ${request.status}`);
  const search = searchWhere(searchText(request.q));
  if (search) where.push(search);
  if (plan.cursor) {
    const beyond = plan.backwards ? Prisma.sql`>` : Prisma.sql`<`;
    const [at, id] = [new Date(plan.cursor[0]), plan.cursor[1]];
    where.push(Prisma.sql`(s.created_at, s.id) ${beyond} (${at}::timestamptz, ${id}::text)`);
  }
  const way = plan.backwards ? Prisma.sql`ASC` : Prisma.sql`DESC`;
  const rows = await db().$queryRaw<{ id: string }[]>`
    SELECT s.id FROM stripe_source s JOIN "order" o ON o.stripe_subscription_id = s.id
    WHERE ${Prisma.join(where, " AND ")}
    ORDER BY s.created_at ${way}, s.id ${way} LIMIT ${plan.limit + 1}`;
  return rows.map(({ id }) => id);
}

const largestNumber = 2_147_483_647;

/** Each way goes through an index of its own; an OR over two tables would read them whole. */
function searchWhere(text: string): Prisma.Sql | null {
  if (!text) return null;
  const number = Number(/^#?(\d{1,10})$/.exec(text)?.[1]);
  if (Number.isInteger(number))
    return Prisma.sql`o.number = ${number <= largestNumber ? number : 0}::integer`;
  if (/^sub_\w+$/.test(text)) return Prisma.sql`s.id = ${text}`;
  if (/^cus_\w+$/.test(text)) return Prisma.sql`s.stripe_customer_id = ${text}`;
  if (/^ord_\w+$/.test(text)) return Prisma.sql`o.id = ${text}`;
  if (/^cust_\w+$/.test(text)) return Prisma.sql`o.customer_id = ${text}`;
  const pattern = `%${escapeLike(text.toLowerCase())}%`;
  return Prisma.sql`s.id IN (
    SELECT b.stripe_subscription_id FROM "order" b WHERE b.email ILIKE ${pattern}
    UNION ALL
    SELECT b.stripe_subscription_id FROM customer c JOIN "order" b ON b.customer_id = c.id
      WHERE c.email LIKE ${pattern})`;
}

/** Whether there is any subscription at all: an empty list is then the filters' doing. */
export async function hasSubscriptions(): Promise<boolean> {
  const found = await db().order.findFirst({
    where: { stripeSubscriptionId: { not: null } },
    select: { id: true },
  });
  return found !== null;
}

/** The statuses that the overview counts. */
export const countedStatuses = ["active", "trialing", "past_due", "unpaid", "paused"] as const;

/** How many subscriptions have each of these statuses: as many as the list filtered by it has rows. */
export function countSubscriptions(): Promise<{ status: SubscriptionStatus; count: number }[]> {
  return Promise.all(
    // A question for each: asked as one, every snapshot would have to be read.
    countedStatuses.map(async (each) => {
      const [row] = await db().$queryRaw<{ count: number }[]>`
        SELECT count(*)::integer AS count FROM stripe_source s JOIN "order" o ON o.stripe_subscription_id = s.id
        WHERE s.kind = 'subscription' AND ${status} = ${each}`;
      return { status: each, count: row?.count ?? 0 };
    }),
  );
}

/** What Stripe holds about an order, as it was fetched last. */
export type OrderAtStripe = {
  subscription: SubscriptionFacts | null;
  /** Newest first; of the invoices where it is a subscription. */
  payments: (ChargedPayment & { invoice: string | null })[];
};

/** Reads the snapshots of an order's purchases; `sourceIds` are its `cs_…` and `sub_…`. */
export async function getOrderAtStripe(sourceIds: readonly string[]): Promise<OrderAtStripe> {
  const sources = await db().stripeSource.findMany({
    where: { id: { in: [...sourceIds] } },
    select: { kind: true, snapshot: true },
  });
  const snapshotOf = (kind: string) => sources.find((source) => source.kind === kind)?.snapshot;
  const subscription = readSubscriptionSnapshot(snapshotOf("subscription"));
  if (subscription)
    return {
      subscription,
      payments: subscription.invoices.flatMap((invoice) =>
        invoice.payments.map((payment) => ({ ...payment, invoice: invoice.number ?? invoice.id })),
      ),
    };
  const payment = readSessionPayment(snapshotOf("checkout_session"));
  return { subscription: null, payments: payment ? [{ ...payment, invoice: null }] : [] };
}
