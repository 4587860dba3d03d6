import type { CustomerRow } from "#app/domain/customer/customer.server.ts";
import { queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import { holdsAfter, type LicenseChange } from "#app/domain/license/settle-license.ts";
import { type LicenseWithHolds, settledFacts } from "#app/domain/license/write-license-changes.server.ts";
import type { ChargedPayment } from "#app/domain/payment/payment.ts";
import { refundedAmount } from "#app/domain/payment/payment-holds.ts";
import type { Tx } from "#app/infra/db.server.ts";
import type { Order } from "#app/infra/prisma-client/client.ts";

export type HoldEmails = {
  order: Pick<Order, "id">;
  owner: CustomerRow;
  changes: readonly LicenseChange[];
  licenses: readonly LicenseWithHolds[];
  /** What was charged for what runs now. */
  payments: readonly ChargedPayment[];
  /** The licenses were issued on hold because of a refund, in this very sync. */
  refundedBefore: boolean;
  /** A purchase that has ended lets its holds go without anything working again. */
  ended?: boolean;
  now: Date;
};

/**
 * Tells the customer what was suspended and what works again, once for each change of each cause: a refund has a mail
 * of its own, a seat that went is told with the seats.
 * @returns whether a mail says that something works again.
 */
export async function queueHoldEmails(tx: Tx, about: HoldEmails): Promise<boolean> {
  const { changes, ended } = about;
  const causes = (of: (change: LicenseChange) => string[]) =>
    [...new Set(changes.flatMap(of))].filter((cause) => !cause.startsWith("released:"));
  const added = causes(({ addHolds }) => addHolds.map(({ cause }) => cause));
  const removed = ended ? [] : causes(({ removeHolds }) => removeHolds);
  if (about.refundedBefore || added.some((cause) => cause.startsWith("refund:")))
    await queueRefunded(tx, about);
  for (const cause of added)
    if (!cause.startsWith("refund:")) await queueAbout(tx, about, "license-suspended", cause);
  let works = false;
  for (const cause of removed) works = (await queueAbout(tx, about, "license-reinstated", cause)) || works;
  return works;
}

async function queueAbout(
  tx: Tx,
  { order, owner, changes, licenses, now }: HoldEmails,
  kind: "license-suspended" | "license-reinstated",
  cause: string,
): Promise<boolean> {
  const isAdded = kind === "license-suspended";
  const licenseIds = changes
    .filter((change) =>
      isAdded
        ? change.addHolds.some((hold) => hold.cause === cause)
        : change.removeHolds.includes(cause) && worksAfter(change, licenses),
    )
    .map(({ licenseId }) => licenseId);
  if (licenseIds.length === 0) return false;
  const before = await tx.email.count({
    where: { kind, orderId: order.id, causeKey: { startsWith: `${cause}:` } },
  });
  return queueEmail(tx, {
    now,
    kind,
    causeKey: `${cause}:${before + 1}`,
    recipient: owner.email,
    props: { licenseIds, cause },
    customerId: owner.id,
    orderId: order.id,
  });
}

/** Only a license that nothing else holds is said to work again. */
function worksAfter(change: LicenseChange, licenses: readonly LicenseWithHolds[]): boolean {
  const license = licenses.find(({ id }) => id === change.licenseId);
  if (!license || license.revokedAt || change.columns.revokedAt) return false;
  return holdsAfter(settledFacts(license), change).length === 0;
}

/** Tells the customer once for each amount that money is on its way back. */
export async function queueRefunded(
  tx: Tx,
  { order, owner, payments, now }: Pick<HoldEmails, "order" | "owner" | "payments" | "now">,
): Promise<void> {
  const amount = payments.reduce((sum, payment) => sum + refundedAmount(payment), 0);
  const first = payments.find((payment) => refundedAmount(payment) > 0);
  if (!first) return;
  await queueEmail(tx, {
    now,
    kind: "refunded",
    causeKey: `${first.id}:${amount}`,
    recipient: owner.email,
    props: { orderId: order.id, amount, currency: first.currency, full: true },
    customerId: owner.id,
    orderId: order.id,
  });
}
