import { z } from "zod";
import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { newId } from "#app/domain/ids.ts";
import {
  type Catalog,
  type CatalogPolicy,
  type CatalogPrice,
  type CatalogProduct,
  matchPrices,
  pricesOf,
  type StoredCatalog,
} from "#app/domain/product/catalog.ts";
import { type CatalogChange, catalogDifference } from "#app/domain/product/catalog-difference.ts";
import { bringToStripe } from "#app/domain/product/catalog-stripe.server.ts";
import { db, inTransaction, type Tx } from "#app/infra/db.server.ts";
import { isLivemode, isStripeConfigured } from "#app/infra/stripe.server.ts";

/**
 * What applying this catalog would change; changes nothing and asks Stripe nothing.
 * @throws DomainError INVALID when a policy would move to another product.
 */
export async function planCatalog(file: Catalog): Promise<CatalogChange[]> {
  const stored = await readCatalog(db());
  refuseMovedPolicies(stored, file);
  return catalogDifference(stored, file);
}

/**
 * Makes the shop sell exactly what `file` says. Stripe comes first, then one transaction with its audit row, so
 * the shop never offers a price that Stripe does not have. What is missing from the file is archived, never
 * deleted; sold licenses keep their terms. The same file again changes nothing.
 * @returns the changes that were made.
 * @throws DomainError INVALID (file and Stripe disagree, a policy moved) or UNAVAILABLE (Stripe).
 */
export async function applyCatalog(input: {
  file: Catalog;
  actor: Actor;
  now: Date;
}): Promise<CatalogChange[]> {
  const { file, actor, now } = input;
  const stored = await readCatalog(db());
  refuseMovedPolicies(stored, file);
  if (catalogDifference(stored, file).length === 0) return [];
  const stripePriceIds = await bringToStripe(stored, file);
  return inTransaction(async (tx) => {
    // Two people applying at once go one after the other, and the second sees what the first one wrote.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('latchkey catalog'))`;
    const current = await readCatalog(tx);
    const changes = catalogDifference(current, file);
    if (changes.length === 0) return changes;
    const wanted = withStripePrices(file, stripePriceIds);
    await archiveWhatLeft(tx, current, wanted, now);
    await resolveVanishedPrices(tx, now);
    const policyIds = await writeProducts(tx, wanted, now);
    await writePrices(tx, current, wanted, policyIds, now);
    await recordAudit(tx, {
      now,
      actor,
      event: "catalog.applied",
      target: { type: "catalog", id: "catalog" },
      after: { changes: changes.map((change) => change.text) },
    });
    return changes;
  });
}

const EntitlementsSchema = z.record(z.string(), z.json());
const PolicyRowSchema = z
  .object({
    term: z.enum(["perpetual", "days", "subscription"]),
    termDays: z.int().nullable(),
    seats: z.enum(["keys", "devices"]),
    entitlements: EntitlementsSchema,
  })
  .transform(({ term, termDays, ...rest }) => ({
    ...rest,
    term: term === "days" ? { days: termDays ?? 0 } : term,
  }));
const IntervalSchema = z.enum(["month", "year"]).nullable();

async function readCatalog(tx: Tx): Promise<StoredCatalog> {
  const order = [{ position: "asc" as const }, { id: "asc" as const }];
  const rows = await tx.product.findMany({
    orderBy: order,
    include: { policies: { orderBy: order, include: { prices: { orderBy: order } } } },
  });
  return {
    products: rows.map(({ policies, archivedAt, ...product }) => ({
      ...product,
      archived: archivedAt !== null,
      policies: policies.map(({ prices: _, archivedAt: policyArchivedAt, ...policy }) => ({
        ...policy,
        ...PolicyRowSchema.parse(policy),
        deviceReleases: {
          count: policy.releaseLimit,
          days: policy.releaseWindowDays,
          cooldownHours: policy.releaseCooldownHours,
        },
        archived: policyArchivedAt !== null,
      })),
      prices: policies.flatMap((policy) =>
        policy.prices.map(({ archivedAt: priceArchivedAt, interval, ...price }) => ({
          ...price,
          policy: policy.slug,
          interval: IntervalSchema.parse(interval),
          archived: priceArchivedAt !== null,
          ...ofThisMode(price),
        })),
      ),
    })),
  };
}

/** A price of the other mode cannot be bought with the configured key: it counts as one that is not in Stripe yet. */
function ofThisMode({ stripePriceId, livemode }: { stripePriceId: string | null; livemode: boolean | null }) {
  const isOfOtherMode = isStripeConfigured() && livemode !== null && livemode !== isLivemode();
  return isOfOtherMode ? { stripePriceId: null, isOfOtherMode } : { stripePriceId };
}

function refuseMovedPolicies(stored: StoredCatalog, file: Catalog): void {
  for (const product of file.products) {
    for (const { slug } of product.policies) {
      const owner = stored.products.find((row) => row.policies.some((policy) => policy.slug === slug));
      if (!owner || owner.slug === product.slug) continue;
      throw new DomainError(
        "INVALID",
        `Policy ${slug} belongs to product ${owner.slug} and cannot move to ${product.slug}: licenses were or may be sold under it. Give the policy of ${product.slug} another slug.`,
      );
    }
  }
}

function withStripePrices(file: Catalog, stripePriceIds: readonly string[]): Catalog {
  let index = 0;
  return {
    products: file.products.map((product) => ({
      ...product,
      prices: product.prices.map((price) => ({ ...price, stripePriceId: stripePriceIds[index++] ?? null })),
    })),
  };
}

/** A lookup key leaves with its price, so that the price that takes its place can have it. */
async function archiveWhatLeft(tx: Tx, current: StoredCatalog, wanted: Catalog, now: Date): Promise<void> {
  const matches = matchPrices(pricesOf(current), pricesOf(wanted));
  const kept = matches.flatMap((row) => (row ? [row.id] : []));
  const productSlugs = wanted.products.map((product) => product.slug);
  const policySlugs = wanted.products.flatMap((product) => product.policies.map((policy) => policy.slug));
  const archive = { archivedAt: now };
  const live = { archivedAt: null };
  await tx.price.updateMany({
    where: { ...live, id: { notIn: kept } },
    data: { ...archive, lookupKey: null },
  });
  await tx.policy.updateMany({ where: { ...live, slug: { notIn: policySlugs } }, data: archive });
  await tx.product.updateMany({ where: { ...live, slug: { notIn: productSlugs } }, data: archive });
}

/** A price that is off sale here may be archived in Stripe: what staff were told of it is done. */
async function resolveVanishedPrices(tx: Tx, now: Date): Promise<void> {
  const archived = await tx.price.findMany({
    where: { archivedAt: now, stripePriceId: { not: null } },
    select: { stripePriceId: true },
  });
  const sourceId = { in: archived.flatMap((price) => price.stripePriceId ?? []) };
  await tx.alert.updateMany({
    where: { kind: "price-vanished", sourceId, resolvedAt: null },
    data: { resolvedAt: now },
  });
}

/** @returns the row id of each policy by its slug. */
async function writeProducts(tx: Tx, wanted: Catalog, now: Date): Promise<Map<string, string>> {
  const policyIds = new Map<string, string>();
  for (const [position, product] of wanted.products.entries()) {
    const columns = { ...productColumns(product), position, archivedAt: null };
    const row = await tx.product.upsert({
      where: { slug: product.slug },
      create: { id: newId("prod", now), slug: product.slug, ...columns },
      update: columns,
    });
    for (const [place, policy] of product.policies.entries()) {
      const terms = { ...policyColumns(policy), position: place, archivedAt: null };
      const policyRow = await tx.policy.upsert({
        where: { slug: policy.slug },
        create: { id: newId("pol", now), slug: policy.slug, productId: row.id, ...terms },
        update: terms,
      });
      policyIds.set(policy.slug, policyRow.id);
    }
  }
  return policyIds;
}

async function writePrices(
  tx: Tx,
  current: StoredCatalog,
  wanted: Catalog,
  policyIds: ReadonlyMap<string, string>,
  now: Date,
): Promise<void> {
  const matches = matchPrices(pricesOf(current), pricesOf(wanted));
  // Two prices may trade their lookup keys, so all keys are free before any is given.
  const kept = matches.flatMap((row) => (row ? [row.id] : []));
  await tx.price.updateMany({ where: { id: { in: kept } }, data: { lookupKey: null } });
  let index = 0;
  for (const product of wanted.products) {
    for (const [position, { policy, ...columns }] of product.prices.entries()) {
      const policyId = policyIds.get(policy);
      if (!policyId) throw new Error(`The catalog has no policy ${policy}; the file was not parsed.`);
      const data = { ...priceColumns(columns), policyId, position, archivedAt: null };
      const row = matches[index++];
      if (row) await tx.price.update({ where: { id: row.id }, data });
      else await tx.price.create({ data: { id: newId("price", now), ...data } });
    }
  }
}

const productColumns = ({ name, description, keyPrefix }: CatalogProduct) => ({
  name,
  description,
  keyPrefix,
});

function policyColumns({ slug: _, term, deviceReleases, entitlements, ...columns }: CatalogPolicy) {
  const isDated = typeof term === "object";
  return {
    ...columns,
    term: isDated ? "days" : term,
    termDays: isDated ? term.days : null,
    releaseLimit: deviceReleases.count,
    releaseWindowDays: deviceReleases.days,
    releaseCooldownHours: deviceReleases.cooldownHours,
    entitlements: EntitlementsSchema.parse(entitlements),
  };
}

const priceColumns = (price: Omit<CatalogPrice, "policy">) => ({
  stripePriceId: price.stripePriceId,
  livemode: price.stripePriceId ? isLivemode() : null,
  lookupKey: price.lookupKey,
  amount: price.amount,
  currency: price.currency,
  interval: price.interval,
  intervalCount: price.intervalCount,
  trialDays: price.trialDays,
  maxQuantity: price.maxQuantity,
});
