import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { DomainError } from "#app/domain/domain-error.ts";
import { parseCatalogFile } from "#app/domain/product/catalog-file.server.ts";

const policy = { slug: "lumen-pro", term: "perpetual", deviceLimit: 3, seats: "keys" };
const subscription = { slug: "lumen-plan", term: "subscription", deviceLimit: null, seats: "keys" };
const price = { policy: "lumen-pro", amount: 7900, currency: "USD" };
const product = { slug: "lumen", name: "Lumen", keyPrefix: "LUMEN", policies: [policy], prices: [price] };
const file = (...products: unknown[]) => JSON.stringify({ products });

function problemOf(contents: string): string {
  try {
    parseCatalogFile(contents);
  } catch (error) {
    if (error instanceof DomainError && error.code === "INVALID") return error.publicMessage;
    throw error;
  }
  throw new Error(`This file should have been refused: ${contents}`);
}

test("what a file may leave out gets its stated default", () => {
  expect(parseCatalogFile(file(product))).toEqual({
    products: [
      {
        slug: "lumen",
        name: "Lumen",
        description: "",
        keyPrefix: "LUMEN",
        policies: [
          {
            ...{ ...policy, name: "Lumen pro", updatesDays: null, graceDays: 7, entitlements: {} },
            ...{ leaseSeconds: null, offlineHours: 720 },
            deviceReleases: { count: 3, days: 30, cooldownHours: 0 },
          },
        ],
        prices: [
          {
            policy: "lumen-pro",
            stripePriceId: null,
            lookupKey: null,
            amount: 7900,
            currency: "usd",
            interval: null,
            intervalCount: null,
            trialDays: null,
            maxQuantity: 1,
          },
        ],
      },
    ],
  });
});

test("a policy may carry its product's slug when it is the first one, as dialects take it", () => {
  const named = { ...product, policies: [{ ...policy, slug: "lumen" }], prices: [] };
  expect(parseCatalogFile(file(named)).products[0]?.policies[0]?.slug).toBe("lumen");
});

test("the demo's catalog is valid and has a perpetual, a yearly and a monthly per-seat plan in two products", async () => {
  const { products } = parseCatalogFile(await readFile("prisma/demo-catalog.json", "utf8"));
  expect(products).toHaveLength(2);
  const policies = products.flatMap((each) => each.policies);
  expect(policies.map((each) => each.term)).toEqual(
    expect.arrayContaining(["perpetual", { days: 365 }, "subscription"]),
  );
  const prices = products.flatMap((each) => each.prices);
  expect(prices.every((each) => each.lookupKey !== null)).toBe(true);
  expect(prices.some((each) => each.interval === "month" && each.maxQuantity === 50)).toBe(true);
});

const inProduct = (changes: object) => file({ ...product, ...changes });
const inPolicy = (changes: object) => inProduct({ policies: [{ ...policy, ...changes }] });
const inPrice = (changes: object) => inProduct({ prices: [{ ...price, ...changes }] });
const renewing = (changes: object) =>
  inProduct({ policies: [subscription], prices: [{ ...price, policy: "lumen-plan", ...changes }] });

test.each([
  ["not JSON", "{ products: [] }", "The catalog file is not JSON"],
  ["a list", "[]", 'the file: an object such as {"products"'],
  ["no products", "{}", "products: a list of products"],
  [
    "an unknown name",
    JSON.stringify({ products: [], prices: [] }),
    "the file: unknown: prices. Check the spelling",
  ],
  ["a bad product slug", inProduct({ slug: "Lumen Pro" }), "products[0].slug: only small letters"],
  ["no product name", inProduct({ name: " " }), "products[0].name: what the shop calls this product"],
  [
    "a short key prefix",
    inProduct({ keyPrefix: "L" }),
    "products[0].keyPrefix: 2 to 12 capital letters or digits",
  ],
  ["a key prefix with a dash", inProduct({ keyPrefix: "LU-MEN" }), "products[0].keyPrefix: 2 to 12 capital"],
  ["no policies", inProduct({ policies: [], prices: [] }), "products[0].policies: at least one policy"],
  ["no prices", inProduct({ prices: undefined }), "products[0].prices: a list of prices"],
  [
    "an unknown term",
    inPolicy({ term: "yearly" }),
    'products[0].policies[0].term: "perpetual", "subscription" or',
  ],
  [
    "a term of no days",
    inPolicy({ term: { days: 0 } }),
    "products[0].policies[0].term.days: a whole number from 1",
  ],
  [
    "a forgotten device limit",
    inPolicy({ deviceLimit: undefined }),
    "products[0].policies[0].deviceLimit: a whole",
  ],
  ["half a device", inPolicy({ deviceLimit: 1.5 }), "products[0].policies[0].deviceLimit: a whole number"],
  ["unknown seats", inPolicy({ seats: "users" }), 'products[0].policies[0].seats: "keys" (one key per unit'],
  ["a lease of a moment", inPolicy({ leaseSeconds: 5 }), "policies[0].leaseSeconds: a whole number from 60"],
  ["files for no time", inPolicy({ offlineHours: 0 }), "policies[0].offlineHours: a whole number from 1"],
  [
    "releases without a number",
    inPolicy({ deviceReleases: {} }),
    "deviceReleases.count: a whole number from 0",
  ],
  [
    "releases as a number",
    inPolicy({ deviceReleases: 3 }),
    "policies[0].deviceReleases: how often customers may release a device",
  ],
  ["a misspelled name", inPolicy({ devices: 3 }), "products[0].policies[0]: unknown: devices."],
  [
    "a list of entitlements",
    inPolicy({ entitlements: [1] }),
    "products[0].policies[0].entitlements: an object",
  ],
  [
    "counted devices without a limit",
    inPolicy({ seats: "devices", deviceLimit: null }),
    "policies[0].deviceLimit: with",
  ],
  [
    "a price of nothing known",
    inPrice({ policy: "lumen" }),
    "products[0].prices[0].policy: “lumen” is no policy of",
  ],
  ["an amount with a point", inPrice({ amount: 79.5 }), "products[0].prices[0].amount: a whole number"],
  ["an amount in words", inPrice({ amount: "79" }), "products[0].prices[0].amount: a whole number"],
  ["a negative amount", inPrice({ amount: -1 }), "products[0].prices[0].amount: a whole number"],
  ["a currency sign", inPrice({ currency: "$" }), "products[0].prices[0].currency: three letters"],
  [
    "no Stripe price id",
    inPrice({ stripePriceId: "prod_1" }),
    "products[0].prices[0].stripePriceId: a price id",
  ],
  ["a quantity of none", inPrice({ maxQuantity: 0 }), "products[0].prices[0].maxQuantity: a whole number"],
  [
    "a perpetual policy that renews",
    inPrice({ interval: "year" }),
    "prices[0].interval: only a policy with the term",
  ],
  [
    "a subscription that does not renew",
    renewing({}),
    "products[0].prices[0].interval: the policy is a subscription",
  ],
  [
    "an unknown interval",
    renewing({ interval: "week" }),
    'products[0].prices[0].interval: "month" or "year"',
  ],
  [
    "a trial of a one-time price",
    inPrice({ trialDays: 14 }),
    "prices[0].trialDays: only for prices with an interval",
  ],
  [
    "the same offer twice",
    inProduct({ prices: [price, price] }),
    "prices[1]: the same offer as products[0].prices[0]",
  ],
  [
    "the same policy slug twice",
    inProduct({ policies: [policy, policy] }),
    "policies[1].slug: “lumen-pro” is also",
  ],
  [
    "the same product slug twice",
    file(product, { ...product, policies: [subscription], prices: [] }),
    "products[1].slug: “lumen” is also products[0].slug",
  ],
  [
    "a policy named like another product",
    file(product, { ...product, slug: "lumen-pro", policies: [subscription], prices: [] }),
    "products[0].policies[0].slug: “lumen-pro” is products[1].slug",
  ],
])("a file with %s is refused by place and remedy", (_, contents, problem) => {
  expect(problemOf(contents)).toContain(problem);
});

test("all problems are told at once", () => {
  const problems = problemOf(
    inProduct({ keyPrefix: "x", name: undefined, prices: [{ ...price, amount: "1" }] }),
  );
  expect(problems.split("\n").filter((line) => line.startsWith("  - "))).toHaveLength(3);
});
