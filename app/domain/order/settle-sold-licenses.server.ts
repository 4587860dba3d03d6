import { stripeActor } from "#app/domain/audit-log/audit-event.ts";
import type { CustomerRow } from "#app/domain/customer/customer.server.ts";
import { earliest } from "#app/domain/earliest.ts";
import { queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import { holdsAfter, type LicenseChange, settleLicense } from "#app/domain/license/settle-license.ts";
import {
  type LicenseWithHolds,
  lockLicensesOf,
  settledFacts,
  writeLicenseChanges,
} from "#app/domain/license/write-license-changes.server.ts";
import type { Sale } from "#app/domain/order/fulfill-order.server.ts";
import { queueHoldEmails } from "#app/domain/order/hold-emails.server.ts";
import { issueSoldLicenses } from "#app/domain/order/issue-sold-licenses.server.ts";
import type { SaleProjection } from "#app/domain/order/project-sale.ts";
import { renewSoldLicense } from "#app/domain/order/renew-sold-license.server.ts";
import { judgePayments, needsDailyLook, type PaymentVerdict } from "#app/domain/payment/payment-holds.ts";
import { raisePaymentAlerts } from "#app/domain/payment/raise-payment-alerts.server.ts";
import { readSettings } from "#app/domain/setting/settings.server.ts";
import type { Tx } from "#app/infra/db.server.ts";
import type { Order } from "#app/infra/prisma-client/client.ts";

const dayMs = 86_400_000;

/**
 * Makes the licenses of a one-time sale what its payment says: issues what is owed, holds what was refunded or is
 * disputed, lifts what was settled, or prolongs the license the order renews. Safe to repeat.
 */
export async function settleSoldLicenses(
  tx: Tx,
  sale: Sale,
  order: Order,
  projection: SaleProjection,
  owner: CustomerRow | null,
): Promise<{ nextCheckAt: Date | null }> {
  const { session, now } = sale;
  const payments = session.payment?.charged ? [session.payment.charged] : [];
  const verdict = judgePayments(payments, await readSettings(tx), now);
  await raisePaymentAlerts(tx, payments, {
    order,
    sourceId: session.id,
    holding: true,
    cause: sale.cause,
    now,
  });
  if (owner && projection.state === "paid") {
    const renewed = await renewSoldLicense(tx, sale, order, projection, verdict);
    if (!renewed) await settle(tx, sale, order, projection, owner, verdict);
  }
  const soon = needsDailyLook(payments) ? new Date(now.getTime() + dayMs) : null;
  return { nextCheckAt: earliest(soon, verdict.nextCheckAt) };
}

async function settle(
  tx: Tx,
  sale: Sale,
  order: Order,
  projection: SaleProjection,
  owner: CustomerRow,
  verdict: PaymentVerdict,
): Promise<void> {
  const { session, cause, now } = sale;
  const licenses = await lockLicensesOf(tx, session.id);
  const changes = licenses.flatMap((license) => changeFor(license, verdict, now) ?? []);
  await writeLicenseChanges(tx, licenses, changes, { actor: stripeActor, cause, now });
  const issued = await issueSoldLicenses(tx, sale, order, projection, owner, licenses, verdict.holds);
  await queueHoldEmails(tx, {
    order,
    owner,
    changes,
    licenses,
    payments: session.payment?.charged ? [session.payment.charged] : [],
    refundedBefore: licenses.length === 0 && issued > 0 && verdict.holds.length > 0,
    now,
  });
  await handOver(tx, order, owner, {
    works: issued > 0 ? verdict.holds.length === 0 : licenses.some((license) => !isHeld(license, changes)),
    issued,
    now,
  });
}

function changeFor(license: LicenseWithHolds, verdict: PaymentVerdict, now: Date): LicenseChange | null {
  const facts = settledFacts(license);
  const { holds, revokedBecause } = verdict;
  return settleLicense(facts, { ...facts, holds, revokedBecause }, now);
}

function isHeld(license: LicenseWithHolds, changes: readonly LicenseChange[]): boolean {
  const change = changes.find(({ licenseId }) => licenseId === license.id);
  if (license.revokedAt || change?.columns.revokedAt) return true;
  return holdsAfter(settledFacts(license), change).length > 0;
}

/**
 * Queues the mail with the keys, once for the order and once more for licenses that came later, as soon as there is
 * something that works: a sale that was refunded before it was fulfilled hands over nothing (S22).
 */
async function handOver(
  tx: Tx,
  order: Order,
  owner: CustomerRow,
  { works, issued, now }: { works: boolean; issued: number; now: Date },
): Promise<void> {
  const isFirst = order.fulfilledAt === null;
  if (!works || (!isFirst && issued === 0)) return;
  if (isFirst) await tx.order.update({ where: { id: order.id }, data: { fulfilledAt: now } });
  await queueEmail(tx, {
    now,
    kind: "license-issued",
    // A line that was mapped only after the first mail is owed a mail of its own.
    causeKey: isFirst ? order.id : `${order.id}:${now.toISOString()}`,
    recipient: owner.email,
    props: { orderId: order.id },
    customerId: owner.id,
    orderId: order.id,
  });
}
