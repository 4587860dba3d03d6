export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

export type CatalogTerm = "perpetual" | "subscription" | { days: number };

/** What a buyer gets: the terms that are copied onto a license when it is issued. */
export type CatalogPolicy = {
  /** Unique over the whole catalog. */
  slug: string;
  name: string;
  term: CatalogTerm;
  /** null = any number of devices */
  deviceLimit: number | null;
  /** Days after the purchase during which new versions are included; null = no end. */
  updatesDays: number | null;
  graceDays: number;
  seats: "keys" | "devices";
  /** How long a floating seat is held after its last heartbeat; null = seats are not floating. */
  leaseSeconds: number | null;
  /** How long a signed license file or token is good for; null = none are given. */
  offlineHours: number | null;
  deviceReleases: DeviceReleases;
  entitlements: Record<string, Json>;
};

/** How often its owner may release a device: `count` times in any `days`; null = as often as they like. */
export type DeviceReleases = { count: number | null; days: number; cooldownHours: number };

export type CatalogPrice = {
  /** Slug of the policy that is sold. */
  policy: string;
  /** null = Latchkey makes the price in Stripe. */
  stripePriceId: string | null;
  lookupKey: string | null;
  /** Minor units of the currency. */
  amount: number;
  /** Lower-case ISO 4217. */
  currency: string;
  /** null = one-time */
  interval: "month" | "year" | null;
  intervalCount: number | null;
  trialDays: number | null;
  maxQuantity: number;
};

export type CatalogProduct = {
  slug: string;
  name: string;
  description: string;
  keyPrefix: string;
  policies: CatalogPolicy[];
  prices: CatalogPrice[];
};

/** What shall be sold, in the order the shop shows it. */
export type Catalog = { products: CatalogProduct[] };

type Stored = { id: string; position: number; archived: boolean };
export type StoredPolicy = CatalogPolicy & Stored;
export type StoredPrice = CatalogPrice &
  Stored & {
    /** Mode of the Stripe account that has it; null = not known. */
    livemode?: boolean | null;
    /** It is in Stripe, but in the other mode, so that it has to be made again: `stripePriceId` is left out. */
    isOfOtherMode?: boolean;
  };
export type StoredProduct = Omit<CatalogProduct, "policies" | "prices"> &
  Stored & { policies: StoredPolicy[]; prices: StoredPrice[] };

/** What the database holds, archived rows included. */
export type StoredCatalog = { products: StoredProduct[] };

export function pricesOf<P>(catalog: { products: readonly { prices: readonly P[] }[] }): P[] {
  return catalog.products.flatMap((product) => product.prices);
}

/** What Stripe can never change about a price: another amount is another price. */
export function isSameCharge(
  a: Pick<CatalogPrice, "amount" | "currency" | "interval" | "intervalCount">,
  b: Pick<CatalogPrice, "amount" | "currency" | "interval" | "intervalCount">,
): boolean {
  return (
    a.amount === b.amount &&
    a.currency === b.currency &&
    a.interval === b.interval &&
    a.intervalCount === b.intervalCount
  );
}

/**
 * Finds the row of each wanted price: by the Stripe price it names, else a row of the same policy and charge,
 * rather one with the same lookup key and rather one that is on sale. No row answers for two prices.
 * @returns one entry per wanted price, in the same order; null = there is none yet.
 */
export function matchPrices(
  stored: readonly StoredPrice[],
  wanted: readonly CatalogPrice[],
): (StoredPrice | null)[] {
  const sameOffer = (w: CatalogPrice, s: StoredPrice) =>
    s.policy === w.policy && isSameCharge(w, s) && (w.stripePriceId === null || s.stripePriceId === null);
  const rules: ((w: CatalogPrice, s: StoredPrice) => boolean)[] = [
    (w, s) => w.stripePriceId !== null && s.stripePriceId === w.stripePriceId,
    (w, s) => sameOffer(w, s) && !s.archived && s.lookupKey === w.lookupKey && s.trialDays === w.trialDays,
    (w, s) => sameOffer(w, s) && !s.archived,
    (w, s) => sameOffer(w, s),
  ];
  const matches: (StoredPrice | null)[] = wanted.map(() => null);
  const taken = new Set<string>();
  for (const rule of rules) {
    for (const [index, price] of wanted.entries()) {
      if (matches[index]) continue;
      const match = stored.find((row) => !taken.has(row.id) && rule(price, row));
      if (!match) continue;
      matches[index] = match;
      taken.add(match.id);
    }
  }
  return matches;
}

/** The same text for the same value, whatever order its names have: PostgreSQL sorts the names of a jsonb. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(",")}}`;
}
