import { minorUnitDigits } from "#app/domain/money.ts";
import {
  type Catalog,
  type CatalogPolicy,
  type CatalogPrice,
  type CatalogProduct,
  type CatalogTerm,
  canonicalJson,
  type DeviceReleases,
  isSameCharge,
  matchPrices,
  pricesOf,
  type StoredCatalog,
  type StoredPolicy,
  type StoredPrice,
  type StoredProduct,
} from "#app/domain/product/catalog.ts";

export type CatalogChange = {
  kind: "added" | "changed" | "archived";
  /** One sentence without a full stop, for the person who applies the file. */
  text: string;
};

/** Every change that applying `wanted` would make, in words; an empty list means that nothing would change. */
export function catalogDifference(stored: StoredCatalog, wanted: Catalog): CatalogChange[] {
  const changes: CatalogChange[] = [];
  for (const [position, product] of wanted.products.entries()) {
    const row = stored.products.find((candidate) => candidate.slug === product.slug);
    changes.push(...productChanges(row, product, position));
    for (const [place, policy] of product.policies.entries()) {
      const policyRow = row?.policies.find((candidate) => candidate.slug === policy.slug);
      changes.push(...policyChanges(policyRow, policy, place));
    }
  }
  changes.push(...priceChanges(stored, wanted));
  for (const product of stored.products) changes.push(...goneFrom(product, wanted));
  return changes;
}

function productChanges(
  row: StoredProduct | undefined,
  product: CatalogProduct,
  position: number,
): CatalogChange[] {
  const name = `product ${product.slug}`;
  if (!row)
    return [{ kind: "added", text: `${name}: ${quote(product.name)}, key prefix ${product.keyPrefix}` }];
  return changed(name, [
    ...restored(row),
    ...step("name", row.name, product.name, quote),
    ...step("description", row.description, product.description, quote),
    ...step("key prefix (of new keys)", row.keyPrefix, product.keyPrefix),
    ...step("place in the shop", row.position + 1, position + 1),
  ]);
}

function policyChanges(row: StoredPolicy | undefined, policy: CatalogPolicy, place: number): CatalogChange[] {
  const name = `policy ${policy.slug}`;
  if (!row) {
    const terms = `${termText(policy.term)}, ${limitText(policy.deviceLimit)}`;
    return [{ kind: "added", text: `${name}: ${quote(policy.name)}, ${terms}` }];
  }
  return changed(name, [
    ...restored(row),
    ...step("name", row.name, policy.name, quote),
    ...step("term", termText(row.term), termText(policy.term)),
    ...step("device limit", limitText(row.deviceLimit), limitText(policy.deviceLimit)),
    ...step("updates", updatesText(row.updatesDays), updatesText(policy.updatesDays)),
    ...step("days of grace", row.graceDays, policy.graceDays),
    ...step("seats", row.seats, policy.seats),
    ...step("floating seats", leaseText(row.leaseSeconds), leaseText(policy.leaseSeconds)),
    ...step("license files", offlineText(row.offlineHours), offlineText(policy.offlineHours)),
    ...step("device releases", releasesText(row.deviceReleases), releasesText(policy.deviceReleases)),
    ...step("entitlements", canonicalJson(row.entitlements), canonicalJson(policy.entitlements)),
    ...step("place in the product", row.position + 1, place + 1),
  ]);
}

function priceChanges(stored: StoredCatalog, wanted: Catalog): CatalogChange[] {
  const rows = pricesOf(stored);
  const prices = pricesOf(wanted);
  const matches = matchPrices(rows, prices);
  const kept = new Set(matches.flatMap((row) => (row ? [row.id] : [])));
  const leaving = rows.filter((row) => !row.archived && !kept.has(row.id));
  const placeOf = new Map(wanted.products.flatMap((product) => [...product.prices.entries()].map(swap)));
  const changes = prices.flatMap((price, index): CatalogChange[] => {
    const row = matches[index];
    const kept = row ? keptPriceChanges(row, price, placeOf.get(price) ?? 0) : null;
    if (kept && !row?.archived) return kept;
    const before = leaving.findIndex((candidate) => isSuccessor(price, candidate));
    const [old] = before < 0 ? [] : leaving.splice(before, 1);
    const name = `price of ${price.policy}`;
    const origin = originText(price, row ?? null);
    if (!old) return kept ?? [{ kind: "added", text: `${name}: ${priceText(price)} (${origin})` }];
    const text = `${name}: ${priceText(old)} → ${priceText(price)} (${origin}; the old one is archived)`;
    return [{ kind: "changed", text }];
  });
  const gone = leaving.map((row) => archived(`price of ${row.policy}: ${priceText(row)}`));
  return [...changes, ...gone];
}

function keptPriceChanges(row: StoredPrice, price: CatalogPrice, place: number): CatalogChange[] {
  const stripePriceId = price.stripePriceId ?? row.stripePriceId;
  return changed(`price of ${price.policy}, ${priceText(price)}`, [
    ...restored(row),
    ...step("policy", row.policy, price.policy),
    ...(isSameCharge(row, price) ? [] : step("charge", priceText(row), priceText(price))),
    ...(stripePriceId === null
      ? [row.isOfOtherMode ? "is made again in this mode of Stripe" : "is made in Stripe"]
      : []),
    ...step("Stripe price", row.stripePriceId ?? "none", stripePriceId ?? row.stripePriceId ?? "none"),
    ...step("lookup key", row.lookupKey ?? "none", price.lookupKey ?? "none"),
    ...step("days of trial", row.trialDays ?? 0, price.trialDays ?? 0),
    ...step("largest quantity", row.maxQuantity, price.maxQuantity),
    ...step("place in the product", row.position + 1, place + 1),
  ]);
}

/** Prices have lines of their own: see `priceChanges`. */
function goneFrom(product: StoredProduct, wanted: Catalog): CatalogChange[] {
  const kept = wanted.products.find((candidate) => candidate.slug === product.slug);
  const policies = product.policies.filter(
    (row) => !row.archived && !kept?.policies.some((policy) => policy.slug === row.slug),
  );
  return [
    ...policies.map((row) => archived(`policy ${row.slug}: ${quote(row.name)}`)),
    ...(kept || product.archived ? [] : [archived(`product ${product.slug}: ${quote(product.name)}`)]),
  ];
}

function archived(what: string): CatalogChange {
  return { kind: "archived", text: `${what} is no longer sold; what was sold stays` };
}

function changed(name: string, steps: string[]): CatalogChange[] {
  return steps.length === 0 ? [] : [{ kind: "changed", text: `${name}: ${steps.join("; ")}` }];
}

function restored(row: { archived: boolean }): string[] {
  return row.archived ? ["is sold again"] : [];
}

function step<T extends string | number>(
  what: string,
  before: T,
  after: T,
  words: (value: T) => string = String,
) {
  return before === after ? [] : [`${what} ${words(before)} → ${words(after)}`];
}

function originText(price: CatalogPrice, row: StoredPrice | null): string {
  if (price.stripePriceId) return `Stripe price ${price.stripePriceId}`;
  return row?.stripePriceId ? "the price Stripe had before" : "a new price in Stripe";
}

function isSuccessor(price: CatalogPrice, old: StoredPrice): boolean {
  return price.policy === old.policy && price.currency === old.currency && price.interval === old.interval;
}

const swap = <A, B>([a, b]: [A, B]): [B, A] => [b, a];
const quote = (text: string) => `“${text}”`;
const days = (count: number) => (count === 1 ? "1 day" : `${count} days`);
const termText = (term: CatalogTerm) => (typeof term === "object" ? days(term.days) : term);
const updatesText = (count: number | null) => (count === null ? "for ever" : `for ${days(count)}`);
const limitText = (count: number | null) =>
  count === null ? "any number of devices" : count === 1 ? "1 device" : `${count} devices`;
const leaseText = (seconds: number | null) => (seconds === null ? "no" : `held for ${seconds} seconds`);
const offlineText = (hours: number | null) => (hours === null ? "none" : `good for ${hours} hours`);
const releasesText = ({ count, days: within, cooldownHours }: DeviceReleases) => {
  const often = count === null ? "any number" : `${count} in ${days(within)}`;
  return cooldownHours === 0 ? often : `${often}, ${cooldownHours} hours apart`;
};

/** `79.00 USD`, `12.00 EUR per month`, `30.00 USD every 3 months`. */
export function priceText(
  price: Pick<CatalogPrice, "amount" | "currency" | "interval" | "intervalCount">,
): string {
  const digits = minorUnitDigits(price.currency);
  const amount = `${(price.amount / 10 ** digits).toFixed(digits)} ${price.currency.toUpperCase()}`;
  if (!price.interval) return amount;
  const count = price.intervalCount ?? 1;
  return `${amount} ${count === 1 ? `per ${price.interval}` : `every ${count} ${price.interval}s`}`;
}
