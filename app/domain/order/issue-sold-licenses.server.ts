import { type Actor, stripeActor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudits } from "#app/domain/audit-log/audit-log.server.ts";
import type { CustomerRow } from "#app/domain/customer/customer.server.ts";
import { queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import { newId } from "#app/domain/ids.ts";
import { keyForSlot, storedKey } from "#app/domain/license/license-key.server.ts";
import type { Sale } from "#app/domain/order/fulfill-order.server.ts";
import type { DesiredLicense, SaleProjection } from "#app/domain/order/project-sale.ts";
import type { Tx } from "#app/infra/db.server.ts";
import type { Order } from "#app/infra/prisma-client/client.ts";

/**
 * Issues what a paid sale owes and has not yet, with one audit row each and one mail. `unique(source, item, ordinal)`
 * refuses a second license for a unit; the lock on the source keeps a second run from trying.
 */
export async function issueSoldLicenses(
  tx: Tx,
  { session, cause, now }: Sale,
  order: Order,
  projection: SaleProjection,
  owner: CustomerRow,
): Promise<void> {
  const existing = await tx.license.findMany({
    where: { sourceId: session.id },
    select: { itemKey: true, ordinal: true },
  });
  const taken = new Set(existing.map((license) => `${license.itemKey}|${license.ordinal}`));
  const missing = projection.licenses.filter(
    (license) => !taken.has(`${license.itemKey}|${license.ordinal}`),
  );
  if (missing.length === 0) return;
  const rows = missing.map((license) =>
    licenseRow(license, session.id, order.id, owner.id, projection.paidAt ?? now),
  );
  await tx.license.createMany({ data: rows });
  await recordAudits(
    tx,
    rows.map((row) => ({
      now,
      actor: stripeActor satisfies Actor,
      event: "license.issued",
      target: { type: "license", id: row.id },
      licenseId: row.id,
      orderId: order.id,
      customerId: owner.id,
      cause,
      after: {
        policyId: row.policyId,
        paidUntil: row.paidUntil?.toISOString() ?? null,
        ordinal: row.ordinal,
      },
    })),
  );
  if (!order.fulfilledAt) await tx.order.update({ where: { id: order.id }, data: { fulfilledAt: now } });
  await queueEmail(tx, {
    now,
    kind: "license-issued",
    // A line that was mapped only after the first mail is owed a mail of its own.
    causeKey: order.fulfilledAt ? `${order.id}:${rows[0]?.id}` : order.id,
    recipient: owner.email,
    props: { orderId: order.id },
    customerId: owner.id,
    orderId: order.id,
  });
}

function licenseRow(
  desired: DesiredLicense,
  sourceId: string,
  orderId: string,
  customerId: string,
  issuedAt: Date,
) {
  const { policy, itemKey, ordinal } = desired;
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
    entitlements: policy.entitlements,
    updatesUntil: desired.updatesUntil,
    issuedAt,
    paidUntil: desired.paidUntil,
  };
}
