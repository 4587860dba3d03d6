import {
  encodeCursor,
  isInstant,
  newestFirst,
  type Page,
  type PageRequest,
  planPage,
  toPage,
} from "#app/domain/keyset.server.ts";
import { type OrderStatus, orderStatus } from "#app/domain/order/order.ts";
import { escapeLike, searchText } from "#app/domain/search-text.ts";
import { db } from "#app/infra/db.server.ts";
import type { Prisma } from "#app/infra/prisma-client/client.ts";

const listed = {
  id: true,
  number: true,
  email: true,
  customerId: true,
  origin: true,
  amountTotal: true,
  currency: true,
  livemode: true,
  awaitingPaymentAt: true,
  paidAt: true,
  paymentFailedAt: true,
  expiredAt: true,
  createdAt: true,
  lines: { select: { description: true, quantity: true } },
} as const satisfies Prisma.OrderSelect;

type ListedOrder = Prisma.OrderGetPayload<{ select: typeof listed }>;
export type OrderRow = ListedOrder & { status: OrderStatus; licenseCount: number };

async function toRows(orders: ListedOrder[]): Promise<OrderRow[]> {
  const licenses = await countLicensesByOrder(orders.map(({ id }) => id));
  return orders.map((order) => ({
    ...order,
    status: orderStatus(order),
    licenseCount: licenses.get(order.id) ?? 0,
  }));
}

/** A statement of its own: Prisma's `_count` would count the licenses of every order there is. */
async function countLicensesByOrder(orderIds: string[]): Promise<Map<string | null, number>> {
  const groups = await db().license.groupBy({
    by: ["orderId"],
    where: { orderId: { in: orderIds } },
    _count: true,
  });
  return new Map(groups.map(({ orderId, _count }) => [orderId, _count]));
}

/**
 * Orders, newest first. `q` is an order number (#1001 or 1001), part of an address, or a whole id: of Stripe
 * (cs_… session, pi_… payment, sub_… subscription, cus_… customer) or of ours (ord_…, cust_…, lic_…).
 */
export async function listOrders(
  input: PageRequest & { status?: OrderStatus | undefined; q?: string | undefined },
): Promise<Page<OrderRow>> {
  const plan = planPage(input, isInstant);
  const keyset = newestFirst("createdAt", "id", plan);
  const found = await db().order.findMany({
    where: {
      AND: [
        keyset.where,
        input.status ? orderStatusWhere(input.status) : {},
        await searchWhere(searchText(input.q)),
      ],
    },
    orderBy: keyset.orderBy,
    take: keyset.take,
    select: listed,
  });
  return toPage(await toRows(found), plan, (row) => encodeCursor(row.createdAt, row.id));
}

/** The same answer as `orderStatus`, as a condition on rows. */
export function orderStatusWhere(status: OrderStatus): Prisma.OrderWhereInput {
  if (status === "issued-by-staff") return { origin: "staff" };
  if (status === "issued-by-program") return { origin: "api" };
  const sold = { origin: { notIn: ["staff", "api"] } };
  if (status === "paid") return { ...sold, paidAt: { not: null } };
  const unpaid = { ...sold, paidAt: null };
  if (status === "payment-failed") return { ...unpaid, paymentFailedAt: { not: null } };
  const pending = { ...unpaid, paymentFailedAt: null };
  if (status === "awaiting-payment") return { ...pending, awaitingPaymentAt: { not: null } };
  return { ...pending, awaitingPaymentAt: null, expiredAt: status === "expired" ? { not: null } : null };
}

const largestNumber = 2_147_483_647;

async function searchWhere(text: string): Promise<Prisma.OrderWhereInput> {
  if (!text) return {};
  const number = Number(/^#?(\d{1,10})$/.exec(text)?.[1]);
  if (Number.isInteger(number)) return { number: number <= largestNumber ? number : 0 };
  if (/^cs_\w+$/.test(text)) return { stripeSessionId: text };
  if (/^pi_\w+$/.test(text)) return { paymentIntentId: text };
  if (/^sub_\w+$/.test(text))
    return { OR: [{ stripeSubscriptionId: text }, { id: { in: await ordersOfSource(text) } }] };
  if (/^cus_\w+$/.test(text)) return { customer: { stripeCustomers: { some: { id: text } } } };
  if (/^cust_\w+$/.test(text)) return { customerId: text };
  if (/^ord_\w+$/.test(text)) return { id: text };
  if (/^lic_\w+$/.test(text)) return { licenses: { some: { id: text } } };
  return { email: { contains: escapeLike(text), mode: "insensitive" } };
}

async function ordersOfSource(sourceId: string): Promise<string[]> {
  const source = await db().stripeSource.findUnique({ where: { id: sourceId }, select: { orderId: true } });
  return source?.orderId ? [source.orderId] : [];
}

/** Sales whose delayed payment has neither arrived nor failed, longest waiting first. */
export async function listAwaitingPayment(input: { limit: number }) {
  const found = await db().order.findMany({
    where: orderStatusWhere("awaiting-payment"),
    orderBy: { awaitingPaymentAt: "asc" },
    take: input.limit + 1,
    select: listed,
  });
  return { orders: await toRows(found.slice(0, input.limit)), more: found.length > input.limit };
}
