import { z } from "zod";
import type { Json } from "#app/domain/product/catalog.ts";
import { db } from "#app/infra/db.server.ts";
import { getEnv } from "#app/infra/env.server.ts";
import { isStripeConfigured } from "#app/infra/stripe.server.ts";

const EntitlementsSchema = z.record(z.string(), z.json());
export const TermSchema = z.enum(["perpetual", "days", "subscription"]);
const SeatsSchema = z.enum(["keys", "devices"]);
const IntervalSchema = z.enum(["month", "year"]);

export type PlanTerm = z.infer<typeof TermSchema>;

export type ShopPrice = {
  id: string;
  amount: number;
  currency: string;
  interval: "month" | "year" | null;
  intervalCount: number | null;
  trialDays: number | null;
  maxQuantity: number;
};

export type ShopPlan = {
  id: string;
  slug: string;
  name: string;
  term: PlanTerm;
  termDays: number | null;
  deviceLimit: number | null;
  updatesDays: number | null;
  seats: "keys" | "devices";
  entitlements: Record<string, Json>;
  prices: ShopPrice[];
};

export type ShopProduct = {
  id: string;
  slug: string;
  name: string;
  description: string;
  plans: ShopPlan[];
};

const onSale = {
  where: { archivedAt: null },
  orderBy: [{ position: "asc" as const }, { id: "asc" as const }],
};

/** A price that applying the catalog has not brought to Stripe yet cannot be bought. */
const inStripe = { archivedAt: null, stripePriceId: { not: null } };

/** Whether the shop can sell at all (Stripe is connected), and its public address. */
export function getShop(): { open: boolean; url: string } {
  return { open: isStripeConfigured(), url: getEnv().appUrl };
}

/** What the shop shows: products on sale with the plans that have a price, in the order of the catalog file. */
export async function listCatalogForShop(): Promise<ShopProduct[]> {
  const products = await db().product.findMany({
    ...onSale,
    select: {
      id: true,
      slug: true,
      name: true,
      description: true,
      policies: { ...onSale, include: { prices: { ...onSale, where: inStripe } } },
    },
  });
  return products
    .map(({ policies, ...product }) => ({
      ...product,
      plans: policies
        .filter((policy) => policy.prices.length > 0)
        .map((policy) => ({
          id: policy.id,
          slug: policy.slug,
          name: policy.name,
          term: TermSchema.parse(policy.term),
          termDays: policy.termDays,
          deviceLimit: policy.deviceLimit,
          updatesDays: policy.updatesDays,
          seats: SeatsSchema.parse(policy.seats),
          entitlements: EntitlementsSchema.parse(policy.entitlements),
          prices: policy.prices.map(toShopPrice),
        })),
    }))
    .filter((product) => product.plans.length > 0);
}

function toShopPrice(
  price: ShopPrice | (Omit<ShopPrice, "interval"> & { interval: string | null }),
): ShopPrice {
  return {
    id: price.id,
    amount: price.amount,
    currency: price.currency,
    interval: price.interval === null ? null : IntervalSchema.parse(price.interval),
    intervalCount: price.intervalCount,
    trialDays: price.trialDays,
    maxQuantity: price.maxQuantity,
  };
}

export type PriceForSale = ShopPrice & {
  stripePriceId: string;
  lookupKey: string | null;
  policy: { id: string; slug: string; name: string; term: PlanTerm };
  product: { id: string; slug: string; name: string };
};

/** The price with everything a checkout needs; null when it is unknown, archived or not yet in Stripe. */
export async function getPriceForSale(id: string): Promise<PriceForSale | null> {
  const price = await db().price.findFirst({
    where: { id, archivedAt: null, policy: { archivedAt: null, product: { archivedAt: null } } },
    include: { policy: { include: { product: true } } },
  });
  if (!price?.stripePriceId) return null;
  const { policy } = price;
  return {
    ...toShopPrice(price),
    stripePriceId: price.stripePriceId,
    lookupKey: price.lookupKey,
    policy: { id: policy.id, slug: policy.slug, name: policy.name, term: TermSchema.parse(policy.term) },
    product: { id: policy.product.id, slug: policy.product.slug, name: policy.product.name },
  };
}
