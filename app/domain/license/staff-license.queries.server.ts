import { assessLicense } from "#app/domain/license/assess-license.ts";
import { worksUntilWords } from "#app/domain/license/end-words.ts";
import {
  type Happening,
  newestFirst,
  readHappenings,
  shownPerKind,
} from "#app/domain/license/happenings.queries.server.ts";
import { holdRemedy } from "#app/domain/license/hold-remedies.ts";
import { licenseActWords, licenseChangeWords } from "#app/domain/license/license-acts.ts";
import { licenseFacts } from "#app/domain/license/license-facts.ts";
import { maskKey } from "#app/domain/license/license-key.ts";
import { endsWords, holdWords } from "#app/domain/license/license-words.ts";
import { seatsInUse } from "#app/domain/license/seats-in-use.ts";
import { orderStatus } from "#app/domain/order/order.ts";
import { canBeId } from "#app/domain/search-text.ts";
import { subscriptionChangeWords } from "#app/domain/subscription/subscription-words.ts";
import { db } from "#app/infra/db.server.ts";
import type { LicenseRenewal, Order } from "#app/infra/prisma-client/client.ts";

/** One license with all that staff may know of it, but not its key; null when there is none. */
export async function getLicenseForStaff(input: { licenseId: string; now: Date }) {
  const { licenseId, now } = input;
  if (!canBeId(licenseId)) return null;
  const row = await db().license.findUnique({
    where: { id: licenseId },
    omit: { keyHmac: true, keyCiphertext: true, keyGroupHmacs: true, keyEncryptionKeyId: true },
    include: {
      product: { select: { id: true, slug: true, name: true } },
      policy: { select: { id: true, slug: true, name: true } },
      customer: { select: { id: true, email: true, name: true } },
      order: { omit: { browserNonceHash: true } },
      holds: { orderBy: { createdAt: "asc" } },
      activations: {
        orderBy: { firstSeenAt: "desc" },
        omit: { fingerprintHmac: true, fingerprintCiphertext: true },
        take: shownPerKind,
      },
      renewalOrders: { where: { paidAt: { not: null } }, select: { id: true }, take: shownPerKind },
      renewals: { orderBy: { paidAt: "desc" }, take: shownPerKind },
      _count: { select: { activations: { where: seatsInUse(now) } } },
    },
  });
  if (!row) return null;
  const facts = licenseFacts(row);
  const { holds, order, renewals, renewalOrders: _, _count, ...license } = row;
  return {
    ...license,
    maskedKey: maskKey(row.keyPrefix, row.keyLastGroup),
    assessment: assessLicense(facts, now),
    ends: endsWords(facts, now),
    worksUntilWords: worksUntilWords(facts, { held: holds.length > 0, now }),
    devicesUsed: _count.activations,
    holds: holds.map((hold) => ({
      ...hold,
      words: holdWords(hold.cause),
      byStaff: hold.cause === "staff",
      remedy: holdRemedy(hold.cause),
    })),
    renewals: await withOrders(renewals),
    order: order && { ...order, status: orderStatus(order) },
    timeline: await timelineOf(row),
  };
}

export type StaffLicense = NonNullable<Awaited<ReturnType<typeof getLicenseForStaff>>>;

/** The purchases that prolonged a dated license, each with the order it was bought in. */
async function withOrders(renewals: readonly LicenseRenewal[]) {
  const orders = await db().order.findMany({
    where: { stripeSessionId: { in: renewals.map(({ sourceId }) => sourceId) } },
    select: { id: true, number: true, stripeSessionId: true },
  });
  return renewals.map(({ id, sourceId, days, paidAt, reversedAt }) => {
    const order = orders.find(({ stripeSessionId }) => stripeSessionId === sourceId);
    return { id, days, paidAt, reversedAt, order: order ? { id: order.id, number: order.number } : null };
  });
}

/** Payment, mail, events and acts of one license in one stream, newest first. */
async function timelineOf(license: {
  id: string;
  orderId: string | null;
  sourceId: string | null;
  order: Omit<Order, "browserNonceHash"> | null;
  renewals: readonly { sourceId: string }[];
  renewalOrders: readonly { id: string }[];
}): Promise<Happening[]> {
  const { id: licenseId, orderId, order } = license;
  const recorded = new Set<string>();
  const planName = await planNames();
  const happenings = await readHappenings({
    id: licenseId,
    // What concerns the order as a whole concerns this license too; a sibling's own acts do not.
    records: [
      { licenseId },
      ...(orderId ? [{ orderId, licenseId: null }] : []),
      ...license.renewalOrders.map(({ id }) => ({ orderId: id, licenseId: null })),
    ],
    sourceIds: [
      license.sourceId,
      order?.stripeSessionId,
      ...license.renewals.map(({ sourceId }) => sourceId),
    ].filter((id) => typeof id === "string"),
    actWords: ({ event, before, after }) => {
      recorded.add(event);
      return licenseActWords(event, after, before);
    },
    actChanges: (act) =>
      act.targetType === "license"
        ? licenseChangeWords(act, planName)
        : act.event.startsWith("subscription.")
          ? subscriptionChangeWords(act.before, act.after)
          : [],
  });
  const steps = (order ? orderFacts(order) : []).filter(({ event }) => !recorded.has(event));
  return newestFirst([
    ...happenings,
    ...steps.map(({ event, at, title }) => ({
      id: `order-${event}`,
      at,
      kind: "payment" as const,
      title,
      detail: null,
      actor: null,
      about: order && { type: "order" as const, id: order.id },
    })),
  ]);
}

/** A catalog is small, and a plan change names two of its plans. */
async function planNames(): Promise<(policyId: string) => string> {
  const policies = await db().policy.findMany({ select: { id: true, name: true } });
  const names = new Map(policies.map(({ id, name }) => [id, name]));
  return (policyId) => names.get(policyId) ?? policyId;
}

/** The steps of an order that left no record of their own, such as one started in our shop. */
function orderFacts(order: Omit<Order, "browserNonceHash">) {
  return [
    { event: "order.created", at: order.createdAt, title: `Order #${order.number} created` },
    { event: "order.awaiting-payment", at: order.awaitingPaymentAt, title: "Order awaiting payment" },
    { event: "order.paid", at: order.paidAt, title: "Order paid" },
    { event: "order.payment-failed", at: order.paymentFailedAt, title: "Order payment failed" },
    { event: "order.expired", at: order.expiredAt, title: "Order expired" },
  ].flatMap(({ at, ...fact }) => (at ? [{ ...fact, at }] : []));
}
