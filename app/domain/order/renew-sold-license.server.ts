import { stripeActor } from "#app/domain/audit-log/audit-event.ts";
import { queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import { newId } from "#app/domain/ids.ts";
import { isHeldByStripe, settleLicense } from "#app/domain/license/settle-license.ts";
import {
  type LicenseWithHolds,
  settledFacts,
  writeLicenseChanges,
} from "#app/domain/license/write-license-changes.server.ts";
import type { Sale } from "#app/domain/order/fulfill-order.server.ts";
import { queueRefunded } from "#app/domain/order/hold-emails.server.ts";
import type { SaleProjection } from "#app/domain/order/project-sale.ts";
import { renewedUntil } from "#app/domain/order/renew-license.ts";
import type { PaymentVerdict } from "#app/domain/payment/payment-holds.ts";
import type { Tx } from "#app/infra/db.server.ts";
import type { Customer, LicenseRenewal, Order } from "#app/infra/prisma-client/client.ts";

/**
 * Prolongs the dated license a paid order renews: same key, later end. One row for each purchase makes it safe to
 * repeat; a refund or open dispute takes the row out of the sum, and settling it puts it back.
 * @returns false when the order renews nothing, or nothing that can still be renewed: it is then a sale like any other.
 */
export async function renewSoldLicense(
  tx: Tx,
  sale: Sale,
  order: Order,
  projection: SaleProjection,
  verdict: PaymentVerdict,
): Promise<boolean> {
  if (!order.renewsLicenseId) return false;
  const license = await lockLicense(tx, order.renewsLicenseId);
  if (!license) return false;
  const known = await tx.licenseRenewal.findUnique({ where: { sourceId: sale.session.id } });
  const days = projection.licenses[0]?.policy.termDays ?? null;
  if (!known && (license.revokedAt || !license.paidUntil || days === null)) return false;
  const soldUntil = license.soldUntil ?? license.paidUntil;
  if (!soldUntil) return false;
  if (!known && license.soldUntil === null)
    await tx.license.update({ where: { id: license.id }, data: { soldUntil } });
  await recordRenewal(tx, sale, projection, verdict, { known, licenseId: license.id, days: days ?? 0 });
  await writeEnd(tx, sale, license, soldUntil);
  const owner = license.customer;
  if (owner && verdict.holds.some(({ cause }) => cause.startsWith("refund:")))
    await queueRefunded(tx, {
      order,
      owner,
      payments: sale.session.payment?.charged ? [sale.session.payment.charged] : [],
      now: sale.now,
    });
  if (!order.fulfilledAt) {
    await tx.order.update({ where: { id: order.id }, data: { fulfilledAt: sale.now } });
    if (owner && !isReversed(verdict)) await tell(tx, sale, order, { licenseId: license.id, owner });
  }
  return true;
}

function isReversed(verdict: PaymentVerdict): boolean {
  return verdict.holds.length > 0 || verdict.revokedBecause !== null;
}

async function lockLicense(tx: Tx, licenseId: string) {
  await tx.$queryRaw`SELECT 1 FROM license WHERE id = ${licenseId} FOR UPDATE`;
  return tx.license.findUnique({ where: { id: licenseId }, include: { holds: true, customer: true } });
}

async function recordRenewal(
  tx: Tx,
  { session, now }: Sale,
  projection: SaleProjection,
  verdict: PaymentVerdict,
  renewal: { known: LicenseRenewal | null; licenseId: string; days: number },
): Promise<void> {
  const reversedAt = isReversed(verdict) ? (renewal.known?.reversedAt ?? now) : null;
  if (!renewal.known)
    await tx.licenseRenewal.create({
      data: {
        id: newId("renewal", now),
        licenseId: renewal.licenseId,
        sourceId: session.id,
        days: renewal.days,
        paidAt: projection.paidAt ?? now,
        reversedAt,
        createdAt: now,
      },
    });
  else if (renewal.known.reversedAt?.getTime() !== reversedAt?.getTime())
    await tx.licenseRenewal.update({ where: { id: renewal.known.id }, data: { reversedAt } });
}

async function writeEnd(tx: Tx, sale: Sale, license: LicenseWithHolds, soldUntil: Date): Promise<void> {
  const renewals = await tx.licenseRenewal.findMany({ where: { licenseId: license.id } });
  const facts = settledFacts(license);
  const change = settleLicense(
    facts,
    {
      ...facts,
      paidUntil: renewedUntil(soldUntil, renewals),
      // The first purchase holds its license itself; this one only adds time.
      holds: license.holds.filter(({ cause }) => isHeldByStripe(cause)),
      revokedBecause: null,
    },
    sale.now,
  );
  if (change)
    await writeLicenseChanges(tx, [license], [change], {
      actor: stripeActor,
      cause: sale.cause,
      now: sale.now,
    });
}

async function tell(
  tx: Tx,
  { now }: Sale,
  order: Order,
  { licenseId, owner }: { licenseId: string; owner: Customer },
): Promise<void> {
  await queueEmail(tx, {
    now,
    kind: "license-renewed",
    causeKey: order.id,
    recipient: owner.email,
    props: { licenseId, orderId: order.id },
    customerId: owner.id,
    orderId: order.id,
    licenseId,
  });
}
