import { type Actor, stripeActor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudits } from "#app/domain/audit-log/audit-log.server.ts";
import type { CustomerRow } from "#app/domain/customer/customer.server.ts";
import { newId } from "#app/domain/ids.ts";
import { keyForSlot, storedKey } from "#app/domain/license/license-key.server.ts";
import type { Sale } from "#app/domain/order/fulfill-order.server.ts";
import type { PolicyTerms, SaleProjection } from "#app/domain/order/project-sale.ts";
import type { Hold } from "#app/domain/payment/payment-holds.ts";
import type { Tx } from "#app/infra/db.server.ts";
import type { Order } from "#app/infra/prisma-client/client.ts";

/**
 * Issues what a paid sale owes and has not yet, with one audit row each. `unique(source, item, ordinal)` refuses a
 * second license for a unit; the lock on the source keeps a second run from trying. A sale that was taken back before
 * it was fulfilled is issued on hold.
 * @returns how many were issued.
 */
export async function issueSoldLicenses(
  tx: Tx,
  { session, cause, now }: Sale,
  order: Order,
  projection: SaleProjection,
  owner: CustomerRow,
  existing: readonly { itemKey: string | null; ordinal: number | null }[],
  holds: readonly Hold[],
): Promise<number> {
  const taken = new Set(existing.map((license) => `${license.itemKey}|${license.ordinal}`));
  const missing = projection.licenses.filter(
    (license) => !taken.has(`${license.itemKey}|${license.ordinal}`),
  );
  const issuedAt = projection.paidAt ?? now;
  await issueLicenses(tx, {
    licenses: missing.map((license) => ({ ...license, issuedAt, graceUntil: null, holds })),
    sourceId: session.id,
    orderId: order.id,
    customerId: owner.id,
    cause,
    now,
  });
  return missing.length;
}

export type IssuedLicense = {
  itemKey: string;
  ordinal: number;
  policy: PolicyTerms;
  seats: number;
  deviceLimit: number | null;
  issuedAt: Date;
  paidUntil: Date | null;
  graceUntil: Date | null;
  updatesUntil: Date | null;
  holds: readonly Hold[];
};

/** Writes new licenses of one purchase with their holds and records. The caller knows that they are owed and missing. */
export async function issueLicenses(
  tx: Tx,
  issue: {
    licenses: readonly IssuedLicense[];
    sourceId: string;
    orderId: string;
    customerId: string;
    cause: string | null;
    now: Date;
  },
): Promise<string[]> {
  const { licenses, sourceId, orderId, customerId, cause, now } = issue;
  if (licenses.length === 0) return [];
  const rows = licenses.map((license) => licenseRow(license, sourceId, orderId, customerId));
  await tx.license.createMany({ data: rows });
  const holds = rows.flatMap((row, index) =>
    (licenses[index]?.holds ?? []).map((hold) => ({
      id: newId("hold", now),
      licenseId: row.id,
      cause: hold.cause,
      reason: hold.reason,
      createdAt: now,
    })),
  );
  if (holds.length > 0) await tx.licenseHold.createMany({ data: holds });
  await recordAudits(
    tx,
    rows.map((row, index) => ({
      now,
      actor: stripeActor satisfies Actor,
      event: "license.issued",
      target: { type: "license", id: row.id },
      licenseId: row.id,
      orderId,
      customerId,
      cause,
      after: {
        policyId: row.policyId,
        paidUntil: row.paidUntil?.toISOString() ?? null,
        ordinal: row.ordinal,
        ...(licenses[index]?.holds.length && { holds: licenses[index].holds.map((hold) => hold.cause) }),
      },
    })),
  );
  return rows.map((row) => row.id);
}

function licenseRow(desired: IssuedLicense, sourceId: string, orderId: string, customerId: string) {
  const { policy, itemKey, ordinal, issuedAt } = desired;
  const id = newId("lic", issuedAt);
  return {
    ...storedKey(
      id,
      policy.keyPrefix,
      keyForSlot(policy.keyPrefix, { sourceId, itemKey, ordinal, generation: 0 }),
    ),
    id,
    productId: policy.productId,
    policyId: policy.id,
    customerId,
    orderId,
    sourceId,
    itemKey,
    ordinal,
    term: policy.term,
    deviceLimit: desired.deviceLimit,
    graceDays: policy.graceDays,
    leaseSeconds: policy.leaseSeconds,
    entitlements: policy.entitlements,
    updatesUntil: desired.updatesUntil,
    issuedAt,
    seats: desired.seats,
    paidUntil: desired.paidUntil,
    graceUntil: desired.graceUntil,
  };
}
