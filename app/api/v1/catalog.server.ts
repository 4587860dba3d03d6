import { z } from "zod";
import { type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import { iso } from "#app/api/iso.ts";
import { Problem } from "#app/api/problem.ts";
import { instant, reference } from "#app/api/v1/fields.server.ts";
import {
  findManagedPolicy,
  findManagedProduct,
  listManagedPolicies,
  listManagedProducts,
  type ManagedPolicy,
} from "#app/domain/product/managed-catalog.queries.server.ts";

const named = { id: z.string(), number: z.number().int(), slug: z.string(), name: z.string() };
const count = z.number().int().nullable();

const ProductAnswer = z
  .object({ ...named, description: z.string(), keyPrefix: z.string(), archivedAt: instant.nullable() })
  .meta({ id: "Product" });

const PolicyAnswer = z
  .object({
    ...named,
    product: z.object(named),
    term: z.enum(["perpetual", "days", "subscription"]),
    termDays: count,
    graceDays: z.number().int(),
    deviceLimit: count.describe("null = any number of devices"),
    updatesDays: count.describe("null = all updates"),
    leaseSeconds: count.describe("null = seats are not floating"),
    offlineHours: count.describe("How long a license file is good for; null = none are given"),
    entitlements: z.record(z.string(), z.json()),
    archivedAt: instant.nullable(),
  })
  .meta({ id: "Policy" });

type ProductRow = NonNullable<Awaited<ReturnType<typeof findManagedProduct>>>;

function productAnswer({ id, number, slug, name, description, keyPrefix, archivedAt }: ProductRow) {
  return { id, number, slug, name, description, keyPrefix, archivedAt: iso(archivedAt) };
}

function policyAnswer(policy: ManagedPolicy) {
  const { id, number, slug, name, product, term, termDays, graceDays, deviceLimit, updatesDays } = policy;
  const { leaseSeconds, offlineHours, entitlements, archivedAt } = policy;
  return {
    ...{ id, number, slug, name },
    product: { id: product.id, number: product.number, slug: product.slug, name: product.name },
    ...{ term, termDays, graceDays, deviceLimit, updatesDays, leaseSeconds, offlineHours, entitlements },
    archivedAt: iso(archivedAt),
  };
}

const byRef = z.object({ id: reference.describe("Slug, id, UUID or number") });

/** What licenses are made of; it is changed by the catalog file. */
export const catalog: readonly Endpoint[] = [
  endpoint({
    method: "GET",
    path: "/api/v1/products",
    access: "catalog:read",
    summary: "List products",
    description: "All of them, archived ones too, in the order of the catalog file.",
    answers: { 200: { description: "All products", schema: z.object({ products: z.array(ProductAnswer) }) } },
    handle: async () => ({
      status: 200,
      body: { products: (await listManagedProducts()).map(productAnswer) },
    }),
  }),
  endpoint({
    method: "GET",
    path: "/api/v1/products/:id",
    access: "catalog:read",
    summary: "Read a product",
    params: byRef,
    answers: { 200: { description: "The product", schema: ProductAnswer } },
    handle: async ({ params }) => {
      const product = await findManagedProduct(params.id);
      if (!product) throw new Problem("not_found", "There is no product of this name.");
      return { status: 200, body: productAnswer(product) };
    },
  }),
  endpoint({
    method: "GET",
    path: "/api/v1/policies",
    access: "catalog:read",
    summary: "List policies",
    description: "All of them, or those of one product, archived ones too.",
    query: z.strictObject({ product: reference.optional().describe("Slug, id, UUID or number") }),
    answers: { 200: { description: "The policies", schema: z.object({ policies: z.array(PolicyAnswer) }) } },
    handle: async ({ query }) => ({
      status: 200,
      body: { policies: (await listManagedPolicies(query.product)).map(policyAnswer) },
    }),
  }),
  endpoint({
    method: "GET",
    path: "/api/v1/policies/:id",
    access: "catalog:read",
    summary: "Read a policy",
    params: byRef,
    answers: { 200: { description: "The policy", schema: PolicyAnswer } },
    handle: async ({ params }) => {
      const policy = await findManagedPolicy(params.id);
      if (!policy) throw new Problem("not_found", "There is no policy of this name.");
      return { status: 200, body: policyAnswer(policy) };
    },
  }),
];
