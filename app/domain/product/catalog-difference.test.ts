import { expect, test } from "vitest";
import {
  type Catalog,
  type CatalogPrice,
  canonicalJson,
  matchPrices,
  type StoredCatalog,
  type StoredPrice,
} from "#app/domain/product/catalog.ts";
import { catalogDifference, priceText } from "#app/domain/product/catalog-difference.ts";

const price: CatalogPrice = {
  policy: "lumen-pro",
  stripePriceId: null,
  lookupKey: null,
  amount: 7900,
  currency: "usd",
  interval: null,
  intervalCount: null,
  trialDays: null,
  maxQuantity: 1,
};
const storedPrice: StoredPrice = {
  ...price,
  stripePriceId: "price_1",
  id: "price_a",
  position: 0,
  archived: false,
};

const wanted: Catalog = {
  products: [
    {
      slug: "lumen",
      name: "Lumen",
      description: "Photos.",
      keyPrefix: "LUMEN",
      policies: [
        {
          slug: "lumen-pro",
          name: "Pro",
          term: "perpetual",
          deviceLimit: 3,
          updatesDays: 365,
          graceDays: 7,
          seats: "keys",
          leaseSeconds: null,
          offlineHours: 720,
          deviceReleases: { count: 3, days: 30, cooldownHours: 0 },
          entitlements: { raw: true, albums: 5 },
        },
      ],
      prices: [price],
    },
  ],
};

/** What the database holds once `wanted` was applied. */
function applied(): StoredCatalog {
  return {
    products: wanted.products.map((product, position) => ({
      ...product,
      id: "prod_1",
      position,
      archived: false,
      policies: product.policies.map((policy, place) => ({
        ...policy,
        entitlements: { albums: 5, raw: true },
        id: "pol_1",
        position: place,
        archived: false,
      })),
      prices: [{ ...storedPrice }],
    })),
  };
}

function textsOf(stored: StoredCatalog, catalog: Catalog): string[] {
  return catalogDifference(stored, catalog).map((change) => `${change.kind} ${change.text}`);
}

function changedPolicy(changes: Partial<Catalog["products"][number]["policies"][number]>): Catalog {
  return {
    products: wanted.products.map((product) => ({
      ...product,
      policies: product.policies.map((policy) => ({ ...policy, ...changes })),
    })),
  };
}

function withPrices(...prices: CatalogPrice[]): Catalog {
  return { products: wanted.products.map((product) => ({ ...product, prices })) };
}

test("a shop that holds what the file says has no difference, whatever order the entitlements come in", () => {
  expect(textsOf(applied(), wanted)).toEqual([]);
});

test("an empty shop gets everything added", () => {
  expect(textsOf({ products: [] }, wanted)).toEqual([
    "added product lumen: “Lumen”, key prefix LUMEN",
    "added policy lumen-pro: “Pro”, perpetual, 3 devices",
    "added price of lumen-pro: 79.00 USD (a new price in Stripe)",
  ]);
});

test("changed terms are told one by one, before and after", () => {
  const file = changedPolicy({ term: { days: 365 }, deviceLimit: null, updatesDays: null, entitlements: {} });
  expect(textsOf(applied(), file)).toEqual([
    'changed policy lumen-pro: term perpetual → 365 days; device limit 3 devices → any number of devices; updates for 365 days → for ever; entitlements {"albums":5,"raw":true} → {}',
  ]);
});

test("what the license server may do is told in words", () => {
  const deviceReleases = { count: null, days: 30, cooldownHours: 0 };
  const floating = changedPolicy({ leaseSeconds: 600, offlineHours: null, deviceReleases });
  expect(textsOf(applied(), floating)).toEqual([
    "changed policy lumen-pro: floating seats no → held for 600 seconds; license files good for 720 hours → none; device releases 3 in 30 days → any number",
  ]);
  const seldom = changedPolicy({ deviceReleases: { count: 1, days: 1, cooldownHours: 12 } });
  expect(textsOf(applied(), seldom)).toEqual([
    "changed policy lumen-pro: device releases 3 in 30 days → 1 in 1 day, 12 hours apart",
  ]);
});

test("another amount is another price in Stripe, and the old one is archived", () => {
  expect(textsOf(applied(), withPrices({ ...price, amount: 8900 }))).toEqual([
    "changed price of lumen-pro: 79.00 USD → 89.00 USD (a new price in Stripe; the old one is archived)",
  ]);
});

test("what leaves the file is archived, and what comes back is sold again", () => {
  expect(textsOf(applied(), { products: [] })).toEqual([
    "archived price of lumen-pro: 79.00 USD is no longer sold; what was sold stays",
    "archived policy lumen-pro: “Pro” is no longer sold; what was sold stays",
    "archived product lumen: “Lumen” is no longer sold; what was sold stays",
  ]);
  const stored = applied();
  for (const product of stored.products)
    for (const row of [product, ...product.policies, ...product.prices]) row.archived = true;
  expect(textsOf(stored, { products: [] })).toEqual([]);
  expect(textsOf(stored, wanted)).toEqual([
    "changed product lumen: is sold again",
    "changed policy lumen-pro: is sold again",
    "changed price of lumen-pro, 79.00 USD: is sold again",
  ]);
});

test("going back to an earlier amount takes the price Stripe had before", () => {
  const stored = applied();
  const [product] = stored.products;
  const raised = { ...storedPrice, id: "price_b", stripePriceId: "price_2", amount: 8900, position: 0 };
  product?.prices.splice(0, 1, { ...storedPrice, archived: true }, raised);
  expect(textsOf(stored, wanted)).toEqual([
    "changed price of lumen-pro: 89.00 USD → 79.00 USD (the price Stripe had before; the old one is archived)",
  ]);
});

test("an archived price does not stand in for one on sale", () => {
  const old = { ...storedPrice, id: "price_old", archived: true };
  expect(matchPrices([old, storedPrice], [price])).toEqual([storedPrice]);
});

test("no row answers for two prices, and a named Stripe price finds its own row only", () => {
  const euro: CatalogPrice = { ...price, currency: "eur" };
  const named: CatalogPrice = { ...price, stripePriceId: "price_2" };
  expect(matchPrices([storedPrice], [named, price, euro])).toEqual([null, storedPrice, null]);
  expect(matchPrices([storedPrice], [price, { ...price, trialDays: 7 }])).toEqual([storedPrice, null]);
});

test("prices that trade their lookup keys keep their rows", () => {
  const a = { ...storedPrice, id: "price_a", lookupKey: "one" };
  const b = { ...storedPrice, id: "price_b", stripePriceId: "price_2", currency: "eur", lookupKey: "two" };
  const file = [
    { ...price, lookupKey: "two" },
    { ...price, currency: "eur", lookupKey: "one" },
  ];
  expect(matchPrices([a, b], file)).toEqual([a, b]);
});

test.each([
  [{ amount: 7900, currency: "usd", interval: null, intervalCount: null }, "79.00 USD"],
  [{ amount: 1200, currency: "jpy", interval: "month", intervalCount: 1 }, "1200 JPY per month"],
  [{ amount: 1250, currency: "kwd", interval: "year", intervalCount: 2 }, "1.250 KWD every 2 years"],
  [{ amount: 5, currency: "rsd", interval: null, intervalCount: null }, "0.05 RSD"],
] as const)("%j reads %s", (given, words) => {
  expect(priceText(given)).toBe(words);
});

test("the same value has the same text, whatever order its names have", () => {
  expect(canonicalJson({ b: [1, { d: null, c: "x" }], a: true })).toBe(
    '{"a":true,"b":[1,{"c":"x","d":null}]}',
  );
});
