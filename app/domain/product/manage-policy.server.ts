import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { newId } from "#app/domain/ids.ts";
import { db, inTransaction, type Tx } from "#app/infra/db.server.ts";
import type { Policy, Prisma } from "#app/infra/prisma-client/client.ts";

/** What a program decides about a policy; the rest of its terms stays with the catalog. */
export type PolicyTerms = {
  /** Days from issue to end; null = never ends. */
  termDays: number | null;
  /** null = any number of devices */
  deviceLimit: number | null;
  /** Hours an offline token is good for; null = none are given. */
  offlineHours: number | null;
  entitlements: Prisma.InputJsonObject;
};

type Act = { actor: Actor; now: Date; requestId: string | null };

/** All policies, the oldest first. */
export function listPolicies({ withArchived }: { withArchived: boolean }): Promise<Policy[]> {
  return db().policy.findMany({
    where: withArchived ? {} : { archivedAt: null },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
  });
}

/** A policy that can be issued; null for an unknown or archived slug. */
export function findPolicyBySlug(slug: string): Promise<Policy | null> {
  return db().policy.findFirst({ where: { slug, archivedAt: null } });
}

/**
 * Makes a policy and a product of the same slug for it. One that was archived comes back with the new terms; licenses
 * keep theirs. The catalog file, where one is used, archives it again unless it names it.
 * @throws DomainError CONFLICT when the slug is taken.
 */
export function createPolicy(request: Act & { slug: string; terms: PolicyTerms }): Promise<Policy> {
  const { slug, terms, now } = request;
  return inTransaction(async (tx) => {
    await lockCatalog(tx);
    const known = await tx.policy.findUnique({ where: { slug } });
    const product = await tx.product.findUnique({ where: { slug } });
    if ((known && !known.archivedAt) || (product && !product.archivedAt && known?.productId !== product.id))
      throw new DomainError("CONFLICT", `The slug ${slug} is taken. Choose another one.`, { field: "slug" });
    const productId = known?.productId ?? product?.id ?? newId("prod", now);
    await tx.product.upsert({
      where: { id: productId },
      create: { id: productId, slug, name: slug, keyPrefix: keyPrefixOf(slug), createdAt: now },
      update: { archivedAt: null },
    });
    const columns = { ...columnsOf(terms), archivedAt: null };
    const policy = await tx.policy.upsert({
      where: { slug },
      create: { id: newId("pol", now), slug, productId, name: slug, createdAt: now, ...columns },
      update: columns,
    });
    await record(tx, request, "policy.created", policy, null);
    return policy;
  });
}

/**
 * Changes what licenses issued from now on get; licenses that exist keep their terms.
 * @throws DomainError NOT_FOUND
 */
export function changePolicy(
  request: Act & { slug: string; change: (policy: Policy) => PolicyTerms },
): Promise<Policy> {
  return inTransaction(async (tx) => {
    await lockCatalog(tx);
    const before = await requirePolicy(tx, request.slug);
    const data = columnsOf(request.change(before));
    const policy = await tx.policy.update({ where: { id: before.id }, data });
    await record(tx, request, "policy.changed", policy, before);
    return policy;
  });
}

/**
 * Issues no more licenses of it; those that exist go on. Its product leaves with its last policy.
 * @throws DomainError NOT_FOUND
 */
export function archivePolicy(request: Act & { slug: string }): Promise<Policy> {
  const { now, slug } = request;
  return inTransaction(async (tx) => {
    await lockCatalog(tx);
    const before = await requirePolicy(tx, slug);
    const policy = await tx.policy.update({ where: { id: before.id }, data: { archivedAt: now } });
    await tx.product.updateMany({
      where: { id: policy.productId, archivedAt: null, policies: { every: { archivedAt: { not: null } } } },
      data: { archivedAt: now },
    });
    await record(tx, request, "policy.archived", policy, before);
    return policy;
  });
}

/** The same lock that applying a catalog takes. */
async function lockCatalog(tx: Tx): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('latchkey catalog'))`;
}

async function requirePolicy(tx: Tx, slug: string): Promise<Policy> {
  const policy = await tx.policy.findFirst({ where: { slug, archivedAt: null } });
  if (policy) return policy;
  throw new DomainError("NOT_FOUND", "There is no policy with this slug.");
}

function columnsOf({ termDays, deviceLimit, offlineHours, entitlements }: PolicyTerms) {
  return {
    ...{ term: termDays === null ? "perpetual" : "days", termDays },
    ...{ deviceLimit, offlineHours, entitlements },
  };
}

/** What its keys begin with: the letters and digits of the slug, as many as a prefix may have. */
function keyPrefixOf(slug: string): string {
  const characters = slug
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, "")
    .slice(0, 12);
  return characters.length >= 2 ? characters : `K${characters}0`;
}

async function record(
  tx: Tx,
  { actor, now, requestId }: Act,
  event: "policy.created" | "policy.changed" | "policy.archived",
  after: Policy,
  before: Policy | null,
): Promise<void> {
  await recordAudit(tx, {
    ...{ now, actor, requestId, event, target: { type: "policy", id: after.id } },
    ...(before && { before: recorded(before) }),
    after: recorded(after),
  });
}

function recorded({ slug, term, termDays, deviceLimit, offlineHours, archivedAt }: Policy) {
  return { slug, term, termDays, deviceLimit, offlineHours, archivedAt: archivedAt?.toISOString() ?? null };
}
