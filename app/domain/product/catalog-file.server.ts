import { z } from "zod";
import { DomainError } from "#app/domain/domain-error.ts";
import type { Catalog } from "#app/domain/product/catalog.ts";

const slug = z
  .string({ error: "a short name of small letters, digits and dashes, for example lumen-pro" })
  .max(64, "at most 64 characters")
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "only small letters, digits and single dashes, for example lumen-pro");

const count = (min: number, max: number, example: string) => {
  const error = `a whole number from ${min} to ${max}${example}`;
  return z.int({ error }).min(min, error).max(max, error);
};

const text = (what: string, max: number) =>
  z.string({ error: what }).trim().min(1, what).max(max, `at most ${max} characters`);

const dayLimit = 36_500;

const PolicySchema = z.strictObject({
  slug,
  name: text("what the shop calls this plan, for example Perpetual license", 80).optional(),
  term: z.union(
    [z.enum(["perpetual", "subscription"]), z.strictObject({ days: count(1, dayLimit, " days") })],
    {
      error: `"perpetual", "subscription" or {"days": 365} with 1 to ${dayLimit} days`,
    },
  ),
  deviceLimit: count(1, 100_000, ", or null for any number of devices").nullable(),
  updatesDays: count(1, dayLimit, " days; leave it out when updates never end").optional(),
  graceDays: count(0, 365, " days; leave it out for 7").optional(),
  seats: z.enum(["keys", "devices"], {
    error:
      '"keys" (one key per unit bought) or "devices" (one key whose device limit grows with the quantity)',
  }),
  leaseSeconds: count(60, 30 * 86_400, " seconds; leave it out when seats are not floating").optional(),
  offlineHours: count(1, 24 * dayLimit, " hours, or null to give no license files; leave it out for 720")
    .nullable()
    .optional(),
  deviceReleases: z
    .strictObject(
      {
        count: count(0, 1_000, ", or null for as often as they like").nullable(),
        days: count(1, 366, " days; leave it out for 30").default(30),
        cooldownHours: count(0, 8_784, " hours between two releases; leave it out for 0").default(0),
      },
      { error: 'how often customers may release a device themselves, for example {"count": 3, "days": 30}' },
    )
    .default({ count: 3, days: 30, cooldownHours: 0 }),
  entitlements: z
    .record(z.string(), z.json(), { error: 'an object of names and values, for example {"raw": true}' })
    .optional(),
});

const PriceSchema = z.strictObject({
  policy: z.string({ error: "the slug of a policy of this product" }),
  stripePriceId: z
    .string()
    .regex(/^(price|plan)_\w+$/, "a price id of your Stripe account (price_…); leave it out to have one made")
    .optional(),
  lookupKey: text(
    "a name for this price that stays when the amount changes, for example lumen-pro",
    200,
  ).optional(),
  amount: count(0, 99_999_999, " in minor units of the currency: 7900 for 79.00 USD"),
  currency: z
    .string({ error: "three letters, for example usd" })
    .regex(/^[a-z]{3}$/i, "three letters, for example usd")
    .transform((value) => value.toLowerCase()),
  interval: z
    .enum(["month", "year"], { error: '"month" or "year"; leave it out for a one-time price' })
    .optional(),
  intervalCount: count(1, 36, "; leave it out for 1").optional(),
  trialDays: count(1, 730, " days; leave it out for no trial").optional(),
  maxQuantity: count(1, 1_000, "; leave it out for 1").optional(),
});

const ProductSchema = z.strictObject({
  slug,
  name: text("what the shop calls this product, for example Lumen", 80),
  description: z.string({ error: "a sentence or two about the product" }).trim().max(2_000).optional(),
  keyPrefix: z
    .string({ error: "what its keys begin with: 2 to 12 capital letters or digits, for example LUMEN" })
    .regex(/^[A-Z0-9]{2,12}$/, "2 to 12 capital letters or digits, for example LUMEN"),
  policies: z.array(PolicySchema, { error: "a list of at least one policy" }).min(1, "at least one policy"),
  prices: z.array(PriceSchema, { error: "a list of prices; it may be empty" }),
});

const CatalogSchema = z.strictObject(
  { products: z.array(ProductSchema, { error: "a list of products; it may be empty" }) },
  { error: 'an object such as {"products": [ … ]}' },
);
type FileContents = z.infer<typeof CatalogSchema>;

/**
 * Reads a catalog file: the format is in docs/catalog.md.
 * @throws DomainError INVALID with one line per problem, each naming the place in the file and what to put there.
 */
export function parseCatalogFile(contents: string): Catalog {
  let json: unknown;
  try {
    json = JSON.parse(contents.replace(/^\uFEFF/, ""));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DomainError("INVALID", `The catalog file is not JSON: ${why}`, { cause });
  }
  const parsed = CatalogSchema.safeParse(json);
  if (!parsed.success) {
    throw invalid(parsed.error.issues.map((issue) => `${pathText(issue.path)}: ${issueText(issue)}`));
  }
  const problems = [
    ...slugProblems(parsed.data),
    ...priceProblems(parsed.data),
    ...seatProblems(parsed.data),
  ];
  if (problems.length > 0) throw invalid(problems);
  return toCatalog(parsed.data);
}

function invalid(problems: string[]): DomainError {
  const list = problems.map((problem) => `  - ${problem}`);
  return new DomainError(
    "INVALID",
    ["The catalog file cannot be applied. Please change:", ...list].join("\n"),
  );
}

function issueText(issue: z.core.$ZodIssue): string {
  if (issue.code !== "unrecognized_keys") return issue.message;
  return `unknown: ${issue.keys.join(", ")}. Check the spelling or leave it out`;
}

function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "the file";
  return path.reduce<string>((so, part) => {
    if (typeof part === "number") return `${so}[${part}]`;
    return so === "" ? String(part) : `${so}.${String(part)}`;
  }, "");
}

function slugProblems({ products }: FileContents): string[] {
  const problems: string[] = [];
  const productAt = new Map<string, string>();
  const policyAt = new Map<string, string>();
  for (const [i, product] of products.entries()) {
    const place = `products[${i}].slug`;
    const earlier = productAt.get(product.slug);
    if (earlier) problems.push(`${place}: “${product.slug}” is also ${earlier}. Slugs name one product only`);
    else productAt.set(product.slug, place);
  }
  for (const [i, product] of products.entries()) {
    for (const [j, policy] of product.policies.entries()) {
      const place = `products[${i}].policies[${j}].slug`;
      const earlier = policyAt.get(policy.slug);
      if (earlier)
        problems.push(`${place}: “${policy.slug}” is also ${earlier}. Slugs are unique over the catalog`);
      else policyAt.set(policy.slug, place);
      const namesake = productAt.get(policy.slug);
      if (namesake && (policy.slug !== product.slug || j > 0))
        problems.push(
          `${place}: “${policy.slug}” is ${namesake}, where it stands for that product's first policy`,
        );
    }
  }
  return problems;
}

function priceProblems({ products }: FileContents): string[] {
  const problems: string[] = [];
  const seen = new Map<string, string>();
  const once = (what: string, place: string, problem: (earlier: string) => string) => {
    const earlier = seen.get(what);
    if (earlier) problems.push(`${place}: ${problem(earlier)}`);
    else seen.set(what, place);
  };
  for (const [i, product] of products.entries()) {
    for (const [j, price] of product.prices.entries()) {
      const place = `products[${i}].prices[${j}]`;
      const policy = product.policies.find((candidate) => candidate.slug === price.policy);
      if (!policy) {
        const known = product.policies.map((candidate) => candidate.slug).join(", ");
        problems.push(`${place}.policy: “${price.policy}” is no policy of this product. It has: ${known}`);
      } else if (price.interval && policy.term !== "subscription") {
        problems.push(`${place}.interval: only a policy with the term "subscription" renews. Leave it out`);
      } else if (!price.interval && policy.term === "subscription") {
        problems.push(`${place}.interval: the policy is a subscription, so say "month" or "year"`);
      }
      for (const name of ["intervalCount", "trialDays"] as const)
        if (!price.interval && price[name] !== undefined)
          problems.push(`${place}.${name}: only for prices with an interval. Leave it out`);
      const { stripePriceId, lookupKey } = price;
      if (stripePriceId)
        once(`id ${stripePriceId}`, `${place}.stripePriceId`, (at) => `also at ${at}. One price per entry`);
      if (lookupKey)
        once(`key ${lookupKey}`, `${place}.lookupKey`, (at) => `also at ${at}. Lookup keys are unique`);
      const { policy: of, amount, currency, interval, intervalCount = 1, trialDays } = price;
      const offer = [of, amount, currency, interval, interval && intervalCount, trialDays].join(" ");
      once(`offer ${offer}`, place, (at) => `the same offer as ${at}. Leave one of them out`);
    }
  }
  return problems;
}

function seatProblems({ products }: FileContents): string[] {
  return products.flatMap((product, i) =>
    product.policies.flatMap((policy, j) =>
      policy.seats === "devices" && policy.deviceLimit === null
        ? [
            `products[${i}].policies[${j}].deviceLimit: with seats "devices" say how many devices one unit is good for`,
          ]
        : [],
    ),
  );
}

function toCatalog(contents: FileContents): Catalog {
  return {
    products: contents.products.map((product) => ({
      slug: product.slug,
      name: product.name,
      description: product.description ?? "",
      keyPrefix: product.keyPrefix,
      policies: product.policies.map((policy) => ({
        ...policy,
        name: policy.name ?? nameFromSlug(policy.slug),
        updatesDays: policy.updatesDays ?? null,
        graceDays: policy.graceDays ?? 7,
        leaseSeconds: policy.leaseSeconds ?? null,
        offlineHours: policy.offlineHours === undefined ? 720 : policy.offlineHours,
        entitlements: policy.entitlements ?? {},
      })),
      prices: product.prices.map((price) => ({
        policy: price.policy,
        stripePriceId: price.stripePriceId ?? null,
        lookupKey: price.lookupKey ?? null,
        amount: price.amount,
        currency: price.currency,
        interval: price.interval ?? null,
        intervalCount: price.interval ? (price.intervalCount ?? 1) : null,
        trialDays: price.trialDays ?? null,
        maxQuantity: price.maxQuantity ?? 1,
      })),
    })),
  };
}

/** `lumen-pro-yearly` to `Lumen pro yearly`. */
function nameFromSlug(slug: string): string {
  const words = slug.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
