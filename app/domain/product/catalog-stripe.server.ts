import Stripe from "stripe";
import { DomainError } from "#app/domain/domain-error.ts";
import {
  type Catalog,
  type CatalogPolicy,
  type CatalogPrice,
  type CatalogProduct,
  isSameCharge,
  matchPrices,
  pricesOf,
  type StoredCatalog,
  type StoredPrice,
} from "#app/domain/product/catalog.ts";
import { priceText } from "#app/domain/product/catalog-difference.ts";
import { sha256Hex } from "#app/infra/secrets.server.ts";
import { isStripeConfigured, stripe } from "#app/infra/stripe.server.ts";

/** Marks what Latchkey made in Stripe: only that is archived there when it leaves the catalog. */
const ours = { managed_by: "latchkey" } as const;

function client(): Stripe {
  if (isStripeConfigured()) return stripe();
  throw new DomainError(
    "UNAVAILABLE",
    "Stripe is not connected yet, and this catalog has to be brought there. Set STRIPE_SECRET_KEY and apply it again.",
  );
}

/**
 * Makes Stripe hold what the catalog sells: missing products and prices are made, prices the file names are
 * checked, prices of ours that leave the file are archived. Stopped anywhere, the same call again finishes it.
 * Asks Stripe nothing when nothing of this changes.
 * @returns the id of the Stripe price for each price of `wanted`, in the same order.
 * @throws DomainError INVALID when a named price differs from the file, UNAVAILABLE when Stripe does not answer.
 */
export async function bringToStripe(stored: StoredCatalog, wanted: Catalog): Promise<string[]> {
  try {
    await renameProducts(stored, wanted);
    const ids = await ensurePrices(stored, wanted);
    const kept = new Set(ids);
    for (const row of pricesOf(stored)) {
      if (row.archived || row.stripePriceId === null || kept.has(row.stripePriceId)) continue;
      await archiveOurs(row.stripePriceId);
    }
    return ids;
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeError)) throw error;
    const message = `Stripe refused or did not answer: ${error.message} Nothing was changed in the shop; the same command again is safe.`;
    throw new DomainError("UNAVAILABLE", message, { cause: error });
  }
}

async function ensurePrices(stored: StoredCatalog, wanted: Catalog): Promise<string[]> {
  const rows = pricesOf(stored);
  const matches = matchPrices(rows, pricesOf(wanted));
  const taken = new Set(rows.flatMap((row) => (row.stripePriceId ? [row.stripePriceId] : [])));
  const ids: string[] = [];
  for (const [p, product] of wanted.products.entries()) {
    for (const [i, price] of product.prices.entries()) {
      const row = matches[ids.length] ?? null;
      const place = `products[${p}].prices[${i}]`;
      ids.push(await ensurePrice({ product, price, row, place, taken }));
    }
  }
  return ids;
}

async function ensurePrice(entry: {
  product: CatalogProduct;
  price: CatalogPrice;
  row: StoredPrice | null;
  place: string;
  taken: ReadonlySet<string>;
}): Promise<string> {
  const { product, price, row, place, taken } = entry;
  if (price.stripePriceId) {
    const isKnownHere = row?.stripePriceId === price.stripePriceId && row.livemode !== null;
    const known = row && isKnownHere && !row.archived && isSameCharge(row, price);
    if (!known) await checkNamedPrice(price.stripePriceId, price, place);
    return price.stripePriceId;
  }
  // Of a price from before the mode was kept, only Stripe can tell whether this mode has it.
  if (row?.stripePriceId && (row.livemode !== null || (await hasPrice(row.stripePriceId)))) {
    if (row.archived || row.lookupKey !== price.lookupKey) await putOnSale(row.stripePriceId, price);
    return row.stripePriceId;
  }
  return (await adoptByLookupKey(price, taken)) ?? (await createPrice(product, price));
}

async function hasPrice(id: string): Promise<boolean> {
  try {
    await client().prices.retrieve(id);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** A price cannot be changed in Stripe, so a file that says something else about it is wrong. */
async function checkNamedPrice(id: string, price: CatalogPrice, place: string): Promise<void> {
  const found = await client()
    .prices.retrieve(id)
    .catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw error;
    });
  const refuse = (why: string) => new DomainError("INVALID", `${place}.stripePriceId: ${why}`);
  if (!found)
    throw refuse(`your Stripe account has no price ${id} in this mode. Check the id and STRIPE_SECRET_KEY`);
  if (!found.active) throw refuse(`${id} is archived in Stripe. Activate it there or name another price`);
  const charge = chargeOf(found);
  if (!charge)
    throw refuse(`${id} has tiers, is metered or lets the buyer choose the amount, which is not supported`);
  if (!isSameCharge(charge, price))
    throw refuse(
      `Stripe says ${priceText(charge)} for ${id}, the file says ${priceText(price)}. Change the file`,
    );
}

/** A price that an earlier, interrupted run or the vendor made under this name. */
async function adoptByLookupKey(price: CatalogPrice, taken: ReadonlySet<string>): Promise<string | null> {
  const found = await findByLookupKey(price.lookupKey);
  const charge = found && chargeOf(found);
  if (!found || !charge || !isSameCharge(charge, price) || taken.has(found.id)) return null;
  if (!found.active) await client().prices.update(found.id, { active: true });
  return found.id;
}

async function findByLookupKey(lookupKey: string | null): Promise<Stripe.Price | null> {
  if (lookupKey === null) return null;
  const { data } = await client().prices.list({ lookup_keys: [lookupKey], limit: 1 });
  return data[0] ?? null;
}

/** The idempotency key names the offer and the price it takes over from, so that a repeat makes no second one. */
async function createPrice(product: CatalogProduct, price: CatalogPrice): Promise<string> {
  const policy = product.policies.find((candidate) => candidate.slug === price.policy);
  if (!policy) throw new Error(`The catalog has no policy ${price.policy}; the file was not parsed.`);
  const stripeProductId = await ensureProduct(product, policy);
  const { amount, currency, interval, intervalCount, lookupKey, trialDays } = price;
  const replaced = await findByLookupKey(lookupKey);
  const name = [policy.slug, amount, currency, interval, intervalCount, trialDays, lookupKey, replaced?.id];
  const created = await client().prices.create(
    {
      product: stripeProductId,
      currency,
      unit_amount: amount,
      ...(interval && { recurring: { interval, interval_count: intervalCount ?? 1 } }),
      ...(lookupKey !== null && { lookup_key: lookupKey, transfer_lookup_key: true }),
      metadata: { ...ours, license_policy: policy.slug },
    },
    { idempotencyKey: `latchkey-price-${sha256Hex(JSON.stringify(name))}` },
  );
  return created.id;
}

async function putOnSale(id: string, { lookupKey }: CatalogPrice): Promise<void> {
  await client().prices.update(id, {
    active: true,
    ...(lookupKey !== null && { lookup_key: lookupKey, transfer_lookup_key: true }),
  });
}

async function archiveOurs(id: string): Promise<void> {
  try {
    const found = await client().prices.retrieve(id);
    if (found.active && found.metadata.managed_by === ours.managed_by)
      await client().prices.update(id, { active: false });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** One Stripe product per policy, under an id that can be computed, so that it is found again without a table. */
async function ensureProduct(product: CatalogProduct, policy: CatalogPolicy): Promise<string> {
  const id = stripeProductId(policy.slug);
  const name = stripeProductName(product, policy);
  const found = await getProduct(id);
  if (!found) {
    const metadata = { ...ours, license_policy: policy.slug };
    await client().products.create(
      { id, name, metadata },
      { idempotencyKey: `latchkey-product-${sha256Hex(id + name)}` },
    );
  } else if (!found.active || found.name !== name) {
    await client().products.update(id, { name, active: true });
  }
  return id;
}

/** Buyers read the product's name on Stripe's page and invoice, so a new name goes there too. */
async function renameProducts(stored: StoredCatalog, wanted: Catalog): Promise<void> {
  for (const product of wanted.products) {
    const row = stored.products.find((candidate) => candidate.slug === product.slug);
    for (const policy of product.policies) {
      const policyRow = row?.policies.find((candidate) => candidate.slug === policy.slug);
      if (!row || !policyRow) continue;
      const name = stripeProductName(product, policy);
      if (name === stripeProductName(row, policyRow)) continue;
      const found = await getProduct(stripeProductId(policy.slug));
      if (found && found.name !== name) await client().products.update(found.id, { name });
    }
  }
}

async function getProduct(id: string): Promise<Stripe.Product | null> {
  try {
    return await client().products.retrieve(id);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

const stripeProductId = (policySlug: string) => `latchkey_${policySlug}`;
const stripeProductName = (product: { name: string }, policy: { name: string }) =>
  `${product.name}: ${policy.name}`;

function isMissing(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeError && error.code === "resource_missing";
}

type Charge = Pick<CatalogPrice, "amount" | "currency" | "interval" | "intervalCount">;

/** null for prices that a catalog file cannot describe. */
function chargeOf(price: Stripe.Price): Charge | null {
  if (price.unit_amount === null || price.billing_scheme !== "per_unit") return null;
  const { unit_amount: amount, currency, recurring } = price;
  if (!recurring) return { amount, currency, interval: null, intervalCount: null };
  const { interval_count: intervalCount, usage_type: usage } = recurring;
  const interval = (["month", "year"] as const).find((known) => known === recurring.interval);
  if (usage !== "licensed" || !interval) return null;
  return { amount, currency, interval, intervalCount };
}
