import { db } from "#app/infra/db.server.ts";

/** Products for a filter, archived ones too: their licenses live on. */
export function listProductNames(): Promise<{ slug: string; name: string }[]> {
  return db().product.findMany({
    select: { slug: true, name: true },
    orderBy: [{ position: "asc" }, { name: "asc" }],
  });
}

/** What can be issued by hand now. */
export async function listPoliciesToIssue() {
  const policies = await db().policy.findMany({
    where: { archivedAt: null, product: { archivedAt: null } },
    select: { id: true, name: true, term: true, termDays: true, product: { select: { name: true } } },
    orderBy: [
      { product: { position: "asc" } },
      { product: { name: "asc" } },
      { position: "asc" },
      { id: "asc" },
    ],
  });
  return policies.map(({ product, ...policy }) => ({ ...policy, productName: product.name }));
}
