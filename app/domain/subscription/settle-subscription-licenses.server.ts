import { stripeActor } from "#app/domain/audit-log/audit-event.ts";
import type { CustomerRow } from "#app/domain/customer/customer.server.ts";
import { queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import { worksUntil } from "#app/domain/license/assess-license.ts";
import { holdsAfter } from "#app/domain/license/settle-license.ts";
import {
  type LicenseWithHolds,
  lockLicensesOf,
  settledFacts,
  writeLicenseChanges,
} from "#app/domain/license/write-license-changes.server.ts";
import { queueHoldEmails } from "#app/domain/order/hold-emails.server.ts";
import { issueLicenses } from "#app/domain/order/issue-sold-licenses.server.ts";
import type { SubscriptionSale } from "#app/domain/subscription/fulfill-subscription.server.ts";
import { type LicensePlan, planLicenses } from "#app/domain/subscription/plan-licenses.ts";
import type { SubscriptionProjection } from "#app/domain/subscription/project-subscription.ts";
import { isEnded } from "#app/domain/subscription/subscription.ts";
import type { Notice } from "#app/domain/subscription/subscription-notices.ts";
import type { Tx } from "#app/infra/db.server.ts";
import type { Order } from "#app/infra/prisma-client/client.ts";

type Settlement = {
  sale: SubscriptionSale;
  order: Order;
  owner: CustomerRow;
  projection: SubscriptionProjection;
  notices: readonly Notice[];
};

/** Carries out the plan for a subscription's licenses, with the mails its changes owe. Safe to repeat. */
export async function settleSubscriptionLicenses(
  tx: Tx,
  settlement: Settlement,
): Promise<{ nextCheckAt: Date | null }> {
  const { sale, order, owner, projection } = settlement;
  const { subscription, cause, now } = sale;
  const licenses = await lockLicensesOf(tx, subscription.id);
  const plan = planLicenses(subscription.id, licenses.map(settledFacts), projection, now);
  await writeLicenseChanges(tx, licenses, plan.change, { actor: stripeActor, cause, now });
  await issueLicenses(tx, {
    licenses: plan.create,
    sourceId: subscription.id,
    orderId: order.id,
    customerId: owner.id,
    cause,
    now,
  });
  await queueEmails(tx, settlement, licenses, plan);
  return { nextCheckAt: plan.nextCheckAt };
}

async function queueEmails(
  tx: Tx,
  { sale, order, owner, projection, notices }: Settlement,
  licenses: readonly LicenseWithHolds[],
  plan: LicensePlan,
): Promise<void> {
  const { subscription, now } = sale;
  const covering = new Set(projection.items.flatMap(({ holds }) => holds.map(({ cause }) => cause)));
  const payments = subscription.invoices
    .flatMap((invoice) => invoice.payments)
    .filter((payment) =>
      payment.refunds.some((refund) => covering.has(`refund:${refund.chargeId ?? payment.id}`)),
    );
  const worksAgain = await queueHoldEmails(tx, {
    order,
    owner,
    changes: plan.change,
    licenses,
    payments,
    refundedBefore:
      licenses.length === 0 &&
      plan.create.some(({ holds }) => holds.some(({ cause }) => cause.startsWith("refund:"))),
    ended: isEnded(subscription),
    now,
  });
  const owed = <N extends Notice>(notice: N) =>
    queueEmail(tx, {
      ...notice,
      now,
      recipient: owner.email,
      customerId: owner.id,
      orderId: order.id,
    });
  // One mail says that it works again: about the hold that went, or about the payment that arrived.
  for (const notice of notices) if (!(worksAgain && notice.kind === "payment-recovered")) await owed(notice);
  if (order.fulfilledAt) {
    for (const notice of await sizeNotices(tx, order.id, subscription.id, licenses, plan)) await owed(notice);
    return;
  }
  if (!worksNow(licenses, plan, now)) return;
  await tx.order.update({ where: { id: order.id }, data: { fulfilledAt: now } });
  await owed({ kind: "license-issued", causeKey: order.id, props: { orderId: order.id } });
}

/** Whether there is a key worth handing over. */
function worksNow(licenses: readonly LicenseWithHolds[], plan: LicensePlan, now: Date): boolean {
  if (
    plan.create.some(
      (license) => license.holds.length === 0 && (license.graceUntil ?? license.paidUntil) > now,
    )
  )
    return true;
  return licenses.some((license) => {
    const change = plan.change.find(({ licenseId }) => licenseId === license.id);
    const after = { ...license, ...change?.columns };
    const end = worksUntil(after);
    return (
      !after.revokedAt &&
      holdsAfter(settledFacts(license), change).length === 0 &&
      (end === null || end > now)
    );
  });
}

/** Seats that came or went, and a plan that became another, told once for each step. */
async function sizeNotices(
  tx: Tx,
  orderId: string,
  subscriptionId: string,
  licenses: readonly LicenseWithHolds[],
  plan: LicensePlan,
): Promise<Notice[]> {
  const notices: Notice[] = [];
  const step = async (kind: "seats-changed" | "plan-changed") =>
    `${subscriptionId}:${1 + (await tx.email.count({ where: { kind, orderId } }))}`;
  const [before, after] = seatsOf(licenses, plan);
  if (before !== after)
    notices.push({
      kind: "seats-changed",
      causeKey: await step("seats-changed"),
      props: { subscriptionId, before, after },
    });
  if (plan.change.some(({ columns }) => columns.policyId !== undefined))
    notices.push({
      kind: "plan-changed",
      causeKey: await step("plan-changed"),
      props: { subscriptionId },
    });
  return notices;
}

/** How many seats work for the buyer, before and after the plan. */
function seatsOf(licenses: readonly LicenseWithHolds[], plan: LicensePlan): [number, number] {
  const isReleased = (cause: string) => cause.startsWith("released:");
  const counted = licenses.filter(({ revokedAt }) => !revokedAt);
  const before = counted
    .filter(({ holds }) => !holds.some(({ cause }) => isReleased(cause)))
    .reduce((sum, { seats }) => sum + seats, 0);
  const kept = counted.map((license) => {
    const change = plan.change.find(({ licenseId }) => licenseId === license.id);
    const released = holdsAfter(settledFacts(license), change).some(isReleased);
    return released ? 0 : (change?.columns.seats ?? license.seats);
  });
  const created = plan.create.reduce((sum, { seats }) => sum + seats, 0);
  return [before, kept.reduce((sum, seats) => sum + seats, 0) + created];
}
