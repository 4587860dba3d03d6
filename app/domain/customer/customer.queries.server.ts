import { emailState } from "#app/domain/email-outbox/email.ts";
import {
  encodeCursor,
  isInstant,
  newestFirst,
  type Page,
  type PageRequest,
  planPage,
  toPage,
} from "#app/domain/keyset.server.ts";
import { assessLicense } from "#app/domain/license/assess-license.ts";
import { licenseFacts } from "#app/domain/license/license-facts.ts";
import { maskKey } from "#app/domain/license/license-key.ts";
import { orderStatus } from "#app/domain/order/order.ts";
import { canBeId, escapeLike, searchText } from "#app/domain/search-text.ts";
import { db } from "#app/infra/db.server.ts";
import type { Prisma } from "#app/infra/prisma-client/client.ts";

export type CustomerRow = {
  id: string;
  email: string;
  name: string | null;
  createdAt: Date;
  licenses: number;
  orders: number;
};

/** Customers, newest first. `q` is part of an address or a name, a cus_… id of Stripe or one of our ids. */
export async function listCustomers(
  input: PageRequest & { q?: string | undefined },
): Promise<Page<CustomerRow>> {
  const plan = planPage(input, isInstant);
  const keyset = newestFirst("createdAt", "id", plan);
  const found = await db().customer.findMany({
    where: { AND: [searchWhere(searchText(input.q)), keyset.where] },
    orderBy: keyset.orderBy,
    take: keyset.take,
    include: { _count: { select: { licenses: true, orders: true } } },
  });
  const rows = found.map(({ id, email, name, createdAt, _count }) => ({
    id,
    email,
    name,
    createdAt,
    ..._count,
  }));
  return toPage(rows, plan, (row) => encodeCursor(row.createdAt, row.id));
}

function searchWhere(text: string): Prisma.CustomerWhereInput {
  if (!text) return {};
  if (/^cust_\w+$/.test(text)) return { id: text };
  if (/^cus_\w+$/.test(text)) return { stripeCustomers: { some: { id: text } } };
  if (/^ord_\w+$/.test(text)) return { orders: { some: { id: text } } };
  if (/^lic_\w+$/.test(text)) return { licenses: { some: { id: text } } };
  const pattern = escapeLike(text);
  return {
    OR: [
      // Addresses are kept in lower case, so the plain comparison can use their trigram index.
      { email: { contains: pattern.toLowerCase() } },
      { name: { contains: pattern, mode: "insensitive" } },
    ],
  };
}

/** More than this many licenses or orders of one customer are reached through the lists. */
const shownPerCustomer = 50;

/** One customer with licenses, orders, mails and Stripe customers, newest first; null when there is none. */
export async function getCustomerForStaff(input: { customerId: string; now: Date }) {
  const { customerId, now } = input;
  if (!canBeId(customerId)) return null;
  const newest = { orderBy: { createdAt: "desc" }, take: shownPerCustomer } as const;
  const customer = await db().customer.findUnique({
    where: { id: customerId },
    include: {
      licenses: { ...newest, include: { holds: true, product: true, policy: true } },
      orders: {
        ...newest,
        include: {
          lines: { select: { description: true, quantity: true } },
          _count: { select: { licenses: true } },
        },
      },
      stripeCustomers: newest,
      _count: { select: { licenses: true, orders: true } },
    },
  });
  if (!customer) return null;
  const { licenses, orders, stripeCustomers, _count, ...person } = customer;
  return {
    ...person,
    licenseCount: _count.licenses,
    orderCount: _count.orders,
    stripeCustomers: stripeCustomers.map(({ id, livemode }) => ({ id, livemode })),
    licenses: licenses.map((license) => ({
      id: license.id,
      maskedKey: maskKey(license.keyPrefix, license.keyLastGroup),
      productName: license.product.name,
      policyName: license.policy.name,
      issuedAt: license.issuedAt,
      ...pick(assessLicense(licenseFacts(license), now)),
    })),
    orders: orders.map((order) => ({
      id: order.id,
      number: order.number,
      status: orderStatus(order),
      email: order.email,
      customerId: order.customerId,
      lines: order.lines,
      licenseCount: order._count.licenses,
      amountTotal: order.amountTotal,
      currency: order.currency,
      createdAt: order.createdAt,
    })),
    emails: await emailsTo({ customerId, orderIds: orders.map(({ id }) => id) }),
  };
}

const pick = ({ status, validUntil }: ReturnType<typeof assessLicense>) => ({ status, validUntil });

async function emailsTo(input: { customerId: string; orderIds: string[] }) {
  const emails = await db().email.findMany({
    where: { OR: [{ customerId: input.customerId }, { orderId: { in: input.orderIds } }] },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: 25,
    omit: { secret: true, props: true },
  });
  return emails.map((email) => ({
    id: email.id,
    kind: email.kind,
    recipient: email.recipient,
    subject: email.subject,
    state: emailState(email),
    attempts: email.attempts,
    createdAt: email.createdAt,
  }));
}
