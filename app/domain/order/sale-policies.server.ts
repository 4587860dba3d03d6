import { z } from "zod";
import type { SessionLine } from "#app/domain/order/checkout-session.ts";
import type { PolicyMap, PolicyTerms } from "#app/domain/order/project-sale.ts";
import type { Tx } from "#app/infra/db.server.ts";

const withProduct = { product: { select: { name: true, keyPrefix: true } } } as const;

type PolicyRow = Omit<PolicyTerms, "productName" | "keyPrefix" | "entitlements"> & {
  entitlements: unknown;
  product: { name: string; keyPrefix: string };
};

const EntitlementsColumn = z.record(z.string(), z.json());

function termsOf(row: PolicyRow): PolicyTerms {
  return {
    id: row.id,
    productId: row.productId,
    productName: row.product.name,
    keyPrefix: row.product.keyPrefix,
    slug: row.slug,
    term: row.term,
    termDays: row.termDays,
    deviceLimit: row.deviceLimit,
    updatesDays: row.updatesDays,
    graceDays: row.graceDays,
    leaseSeconds: row.leaseSeconds,
    entitlements: EntitlementsColumn.parse(row.entitlements),
    seats: row.seats,
  };
}

/** What a sale says about what it is for. */
export type SaleWords = { metadata: Record<string, string>; lines: readonly SessionLine[] };

/**
 * Everything that may map a line of this sale to a policy. Archived plans still map: what was paid for is
 * delivered even when it is no longer on sale. A product's slug stands for its first policy.
 */
export async function policiesForSale(tx: Tx, sale: SaleWords, orderId: string | null): Promise<PolicyMap> {
  const slug = sale.metadata.slug ?? null;
  const slugs = [slug, ...sale.lines.map((line) => line.policySlug)].filter((value) => value !== null);
  // One after the other: they share the transaction's connection.
  const orderLines = orderId
    ? await tx.orderLine.findMany({ where: { orderId }, include: { policy: { include: withProduct } } })
    : [];
  const prices = await tx.price.findMany({
    where: {
      OR: [
        { stripePriceId: { in: sale.lines.flatMap((line) => line.priceId ?? []) } },
        { lookupKey: { in: sale.lines.flatMap((line) => line.lookupKey ?? []) } },
      ],
    },
    include: { policy: { include: withProduct } },
  });
  const bySlugOrId = { OR: [{ slug: { in: slugs } }, { id: { in: slugs } }] };
  // Most sales name no slug, and each of these reads is several statements.
  const isNamed = slugs.length > 0;
  const policies = isNamed ? await tx.policy.findMany({ where: bySlugOrId, include: withProduct }) : [];
  const products = isNamed
    ? await tx.product.findMany({
        where: bySlugOrId,
        include: {
          policies: {
            orderBy: [{ archivedAt: { sort: "asc", nulls: "first" } }, { position: "asc" }],
            take: 1,
            include: withProduct,
          },
        },
      })
    : [];
  const bySlug = new Map<string, PolicyTerms>();
  for (const product of products) {
    const first = product.policies[0];
    if (first) for (const name of [product.slug, product.id]) bySlug.set(name, termsOf(first));
  }
  for (const policy of policies)
    for (const name of [policy.id, policy.slug]) bySlug.set(name, termsOf(policy));
  return {
    orderLines: mapOf(
      orderLines,
      (line) => line.stripePriceId,
      (line) => line.policy,
    ),
    sessionSlug: slug === null ? null : (bySlug.get(slug) ?? null),
    byPriceId: mapOf(
      prices,
      (price) => price.stripePriceId,
      (price) => price.policy,
    ),
    byLookupKey: mapOf(
      prices,
      (price) => price.lookupKey,
      (price) => price.policy,
    ),
    bySlug,
  };
}

function mapOf<Row>(
  rows: Row[],
  keyOf: (row: Row) => string | null,
  policyOf: (row: Row) => PolicyRow | null,
): Map<string, PolicyTerms> {
  const map = new Map<string, PolicyTerms>();
  for (const row of rows) {
    const key = keyOf(row);
    const policy = policyOf(row);
    if (key && policy) map.set(key, termsOf(policy));
  }
  return map;
}
