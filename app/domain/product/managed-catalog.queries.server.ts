import { type CatalogRef, resolvePolicy, resolveProduct } from "#app/domain/product/resolve-policy.server.ts";
import { db } from "#app/infra/db.server.ts";
import type { Policy, Product } from "#app/infra/prisma-client/client.ts";

export type ManagedPolicy = Policy & { product: Pick<Product, "id" | "number" | "slug" | "name"> };

const inOrder = [{ position: "asc" as const }, { id: "asc" as const }];
const named = { select: { id: true, number: true, slug: true, name: true } };

/** Every product, archived ones too, in the order of the catalog file. */
export function listManagedProducts(): Promise<Product[]> {
  return db().product.findMany({ orderBy: inOrder });
}

/** Every policy, archived ones too, or those of one product; none for a product that does not exist. */
export async function listManagedPolicies(product?: CatalogRef): Promise<ManagedPolicy[]> {
  const found = product === undefined ? null : await resolveProduct(product);
  if (product !== undefined && !found) return [];
  return db().policy.findMany({
    where: found ? { productId: found.id } : {},
    orderBy: [{ product: { position: "asc" } }, ...inOrder],
    include: { product: named },
  });
}

export { resolveProduct as findManagedProduct };

/** A policy by its own names only: a product stands for none here. */
export async function findManagedPolicy(ref: CatalogRef): Promise<ManagedPolicy | null> {
  const found = await resolvePolicy(ref, { orFirstOfProduct: false });
  return found && { ...found.policy, product: found.product };
}
