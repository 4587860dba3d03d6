import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit, recordAudits } from "#app/domain/audit-log/audit-log.server.ts";
import {
  type CustomerRow,
  findOrCreateCustomer,
  normalizeEmail,
} from "#app/domain/customer/customer.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import { newId } from "#app/domain/ids.ts";
import {
  acceptImportedKeys,
  keyTaken,
  requireFreeKey,
  requireImportableKey,
} from "#app/domain/license/import-key.server.ts";
import { randomKey, storedImportedKey, storedKey } from "#app/domain/license/license-key.server.ts";
import {
  type ProgramAct,
  reasonOf,
  requireDeviceLimit,
  requireEnd,
  requireMetadata,
} from "#app/domain/license/managed-input.ts";
import { readManagedLicenses } from "#app/domain/license/managed-license.queries.server.ts";
import type { ManagedLicense } from "#app/domain/license/managed-license.ts";
import { planName } from "#app/domain/product/plan-words.ts";
import { type CatalogRef, resolvePolicy } from "#app/domain/product/resolve-policy.server.ts";
import type { Tx } from "#app/infra/db.server.ts";
import type { Policy, Prisma, Product } from "#app/infra/prisma-client/client.ts";
import { inTransactionThenWake } from "#app/infra/wake-worker.server.ts";

export const maxCreatedAtOnce = 100;
const dayMs = 86_400_000;

export type NewLicenses = Omit<ProgramAct, "actor"> & {
  actor: Actor;
  /** A policy, or a product whose first policy is meant: slug, id, UUID or number. */
  policy: CatalogRef;
  /** 1 to 100 licenses, each with a key of its own. */
  quantity: number;
  /** Null or missing: nobody's, until it is assigned. */
  customer?: { email: string; name?: string | null | undefined } | { customerId: string } | null | undefined;
  /** A key that another system made, for a license alone; it goes on unchanged, in good standing or expired. */
  key?: string | undefined;
  /** Missing: what the policy says; null: never ends. */
  validUntil?: Date | null | undefined;
  /** Missing: what the policy says; null: any number. */
  deviceLimit?: number | null | undefined;
  metadata?: Record<string, string> | undefined;
  /** Missing: what the policy says. */
  entitlements?: Prisma.InputJsonObject | undefined;
  /** Whether the customer gets the keys by mail; a program usually hands them over itself. */
  sendEmail?: boolean | undefined;
};

/**
 * Makes licenses that a program sold or gave away: order of origin `api`, terms copied from the policy, random keys,
 * audit rows and, if wanted, the mail, in one transaction.
 * @throws DomainError INVALID on the field that is wrong: policy, quantity, key, customer, validUntil, deviceLimit,
 * metadata. CONFLICT when there is a license with this `key`.
 */
export async function createLicenses(
  request: NewLicenses,
): Promise<{ orderId: string; licenses: ManagedLicense[] }> {
  const plan = await planLicenses(request);
  return inTransactionThenWake(async (tx) => {
    const { orderId, ids } = await makeLicenses(tx, request, plan);
    return { orderId, licenses: await readManagedLicenses(tx, ids, request.now) };
  });
}

/** What will be made, with the terms of the policy as they are now. */
export type LicensePlan = { policy: Policy; product: Product; terms: Terms };

/**
 * Writes what `planLicenses` has found right.
 * @throws DomainError as `createLicenses`
 */
export async function makeLicenses(
  tx: Tx,
  request: NewLicenses,
  plan: LicensePlan,
): Promise<{ orderId: string; ids: string[] }> {
  const { now, key } = request;
  const customer = await ownerOf(tx, request);
  if (request.sendEmail && !customer)
    throw new DomainError("INVALID", "Name a customer, or leave sendEmail out.", { field: "sendEmail" });
  if (key !== undefined) {
    await requireFreeKey(tx, key);
    await acceptImportedKeys(tx, request);
  }
  const orderId = await recordOrder(tx, request, plan, customer);
  const ids = await insert(tx, request, { ...plan, orderId, customer });
  if (request.sendEmail && customer)
    await queueEmail(tx, {
      ...{ now, kind: "license-issued", causeKey: orderId, recipient: customer.email },
      ...{ props: { orderId }, customerId: customer.id, orderId },
    });
  return { orderId, ids };
}

/**
 * Everything that can be known to be wrong before anything is written.
 * @throws DomainError as `createLicenses`
 */
export async function planLicenses(request: NewLicenses): Promise<LicensePlan> {
  const { quantity, customer } = request;
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > maxCreatedAtOnce)
    throw new DomainError("INVALID", `Choose a quantity from 1 to ${maxCreatedAtOnce}.`, {
      field: "quantity",
    });
  if (request.key !== undefined) requireImportableKey(request.key, quantity);
  requireMetadata(request.metadata ?? {});
  if (customer && "email" in customer) requireEmail(customer.email);
  const found = await resolvePolicy(request.policy);
  if (!found || found.policy.archivedAt || found.product.archivedAt)
    throw new DomainError("INVALID", "Name a policy or product that is in the catalog and not archived.", {
      field: "policy",
    });
  return { ...found, terms: termsOf(found.policy, request) };
}

type Terms = { term: string; paidUntil: Date | null; deviceLimit: number | null };

/** No subscription of ours stands behind such a license, so its end must be known: there is no renewal and no grace. */
function termsOf(policy: Policy, { validUntil, deviceLimit, key, now }: NewLicenses): Terms {
  const devices = deviceLimit === undefined ? policy.deviceLimit : requireDeviceLimit(deviceLimit);
  if (validUntil !== undefined) {
    const paidUntil = requireEnd(validUntil, "validUntil");
    if (paidUntil && paidUntil <= now && key === undefined)
      throw new DomainError("INVALID", "This end is over. Name one that is still to come.", {
        field: "validUntil",
      });
    return { term: paidUntil ? "days" : "perpetual", paidUntil, deviceLimit: devices };
  }
  if (policy.term === "subscription")
    throw new DomainError(
      "INVALID",
      "This policy belongs to a subscription, which decides its end. Name the instant at which this license ends, or null for never.",
      { field: "validUntil" },
    );
  const paidUntil = policy.term === "days" ? new Date(now.getTime() + (policy.termDays ?? 0) * dayMs) : null;
  return { term: policy.term, paidUntil, deviceLimit: devices };
}

async function ownerOf(tx: Tx, { customer, actor, now }: NewLicenses): Promise<CustomerRow | null> {
  if (!customer) return null;
  if ("customerId" in customer) {
    const known = await tx.customer.findUnique({ where: { id: customer.customerId } });
    if (known) return known;
    throw new DomainError("INVALID", "There is no customer with this id.", { field: "customer" });
  }
  const email = requireEmail(customer.email);
  return findOrCreateCustomer(tx, { email, name: customer.name?.trim() || null, actor, now });
}

function requireEmail(typed: string): string {
  const email = normalizeEmail(typed);
  if (/^[^\s@]+@[^\s@]+$/.test(email) && email.length <= 254) return email;
  throw new DomainError("INVALID", "Enter an address such as name@example.com.", { field: "customer" });
}

async function recordOrder(
  tx: Tx,
  request: NewLicenses,
  { policy, product }: LicensePlan,
  customer: CustomerRow | null,
): Promise<string> {
  const { now, quantity, actor, requestId } = request;
  const owner = { customerId: customer?.id ?? null };
  const line = { id: newId("line", now), quantity, policyId: policy.id };
  const { id } = await tx.order.create({
    data: {
      ...{ id: newId("ord", now), origin: "api", ...owner, email: customer?.email ?? null },
      ...{ fulfilledAt: now, createdAt: now },
      lines: { create: { ...line, description: planName(product.name, policy.name) } },
    },
  });
  await recordAudit(tx, {
    ...{ now, actor, requestId, event: "order.created", target: { type: "order", id }, orderId: id },
    ...{ ...owner, reason: reasonOf(request.reason) },
    after: { origin: "api", quantity, policyId: policy.id },
  });
  return id;
}

async function insert(
  tx: Tx,
  request: NewLicenses,
  made: LicensePlan & { orderId: string; customer: CustomerRow | null },
): Promise<string[]> {
  const { now, quantity, actor, requestId, key } = request;
  const { policy, product, terms, orderId, customer } = made;
  const metadata = requireMetadata(request.metadata ?? {});
  const common = {
    ...terms,
    productId: product.id,
    policyId: policy.id,
    customerId: customer?.id ?? null,
    orderId,
    graceDays: policy.graceDays,
    leaseSeconds: policy.leaseSeconds,
    entitlements: request.entitlements ?? policy.entitlements ?? {},
    metadata,
    updatesUntil: policy.updatesDays === null ? null : new Date(now.getTime() + policy.updatesDays * dayMs),
    issuedAt: now,
    createdAt: now,
  };
  const ids = Array.from({ length: quantity }, () => newId("lic", now));
  const prefix = product.keyPrefix;
  const { count } = await tx.license.createMany({
    data: ids.map((id) => ({
      ...{ ...common, id },
      ...(key === undefined ? storedKey(id, prefix, randomKey(prefix)) : storedImportedKey(id, key)),
    })),
    // The same key imported by two calls at once: the second one makes nothing.
    skipDuplicates: key !== undefined,
  });
  if (count < quantity) throw keyTaken();
  await recordAudits(
    tx,
    ids.map((id) => ({
      ...{ now, actor, requestId, event: "license.issued", target: { type: "license", id }, licenseId: id },
      ...{ orderId, customerId: customer?.id ?? null, reason: reasonOf(request.reason) },
      after: {
        ...{ policyId: policy.id, paidUntil: terms.paidUntil?.toISOString() ?? null },
        ...(key !== undefined && { imported: true }),
      },
    })),
  );
  return ids;
}
