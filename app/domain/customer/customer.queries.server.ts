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
    select: { id: true, email: true, name: true, createdAt: true },
  });
  const page = toPage(found, plan, (row) => encodeCursor(row.createdAt, row.id));
  const counts = await countBelongings(page.rows.map(({ id }) => id));
  return { ...page, rows: page.rows.map((row) => ({ ...row, ...counts(row.id) })) };
}

/** A statement of its own: Prisma's `_count` would count the licenses and orders of every customer there is. */
async function countBelongings(customerIds: string[]) {
  const these = {
    by: ["customerId"] as ["customerId"],
    where: { customerId: { in: customerIds } },
    _count: true as const,
  };
  const [licenses, orders] = await Promise.all([db().license.groupBy(these), db().order.groupBy(these)]);
  const licensesOf = new Map(licenses.map(({ customerId, _count }) => [customerId, _count]));
  const ordersOf = new Map(orders.map(({ customerId, _count }) => [customerId, _count]));
  return (id: string) => ({ licenses: licensesOf.get(id) ?? 0, orders: ordersOf.get(id) ?? 0 });
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

/** More than this many licenses of one customer are reached through the list. */
const shownPerCustomer = 50;

/** One customer with licenses, mails and Stripe customers, newest first; null when there is none. */
export async function getCustomerForStaff(input: { customerId: string; now: Date }) {
  const { customerId, now } = input;
  if (!canBeId(customerId)) return null;
  const newest = { orderBy: { createdAt: "desc" }, take: shownPerCustomer } as const;
  const customer = await db().customer.findUnique({
    where: { id: customerId },
    include: {
      licenses: { ...newest, include: { holds: true, product: true, policy: true } },
      orders: { ...newest, select: { id: true } },
      stripeCustomers: newest,
    },
  });
  if (!customer) return null;
  const counts = (await countBelongings([customerId]))(customerId);
  const { licenses, orders, stripeCustomers, ...person } = customer;
  return {
    ...person,
    licenseCount: counts.licenses,
    orderCount: counts.orders,
    stripeCustomers: stripeCustomers.map(({ id, livemode, email, name, deletedAt }) => ({
      id,
      livemode,
      email,
      name,
      deletedAt,
    })),
    licenses: licenses.map((license) => ({
      id: license.id,
      maskedKey: maskKey(license.keyPrefix, license.keyLastGroup),
      productName: license.product.name,
      policyName: license.policy.name,
      issuedAt: license.issuedAt,
      ...pick(assessLicense(licenseFacts(license), now)),
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
