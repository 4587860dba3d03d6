import { idOf } from "#app/domain/ids.ts";
import { canBeId } from "#app/domain/search-text.ts";
import { db } from "#app/infra/db.server.ts";
import type { Policy, Product } from "#app/infra/prisma-client/client.ts";

/** What a program calls a product or a policy: its slug, its id, that id as a UUID, or its number. */
export type CatalogRef = string | number;

/** A product by any of its names, archived ones too; null when there is none. */
export function resolveProduct(ref: CatalogRef): Promise<Product | null> {
  return firstOf(namesOf("prod", ref).map((where) => () => db().product.findFirst({ where })));
}

/**
 * A policy by any of its names, archived ones too. The name of a product stands for the first policy it sells, because
 * programs of other systems know products only. A slug wins over a number that reads the same.
 */
export async function resolvePolicy(
  ref: CatalogRef,
  { orFirstOfProduct = true }: { orFirstOfProduct?: boolean } = {},
): Promise<{ policy: Policy; product: Product } | null> {
  const include = { product: true };
  const found = await firstOf(
    namesOf("pol", ref).map((where) => () => db().policy.findFirst({ where, include })),
  );
  const first = found ?? (orFirstOfProduct ? await firstPolicyOf(ref) : null);
  if (!first) return null;
  const { product, ...policy } = first;
  return { policy, product };
}

async function firstPolicyOf(ref: CatalogRef) {
  const product = await resolveProduct(ref);
  return (
    product &&
    db().policy.findFirst({
      where: { productId: product.id, archivedAt: null },
      orderBy: [{ position: "asc" }, { id: "asc" }],
      include: { product: true },
    })
  );
}

type Name = { OR: ({ slug: string } | { id: string })[] } | { number: number };

/** What to look for, one after the other. */
function namesOf(prefix: "prod" | "pol", ref: CatalogRef): Name[] {
  const text = String(ref);
  if (!canBeId(text)) return [];
  const id = idOf(prefix, text) ?? text;
  const names: Name[] = typeof ref === "number" ? [] : [{ OR: [{ slug: text }, { id }] }];
  if (/^\d{1,9}$/.test(text)) names.push({ number: Number(text) });
  return names;
}

async function firstOf<T>(lookups: (() => Promise<T | null>)[]): Promise<T | null> {
  for (const lookUp of lookups) {
    const found = await lookUp();
    if (found) return found;
  }
  return null;
}
