import { assessLicense } from "#app/domain/license/assess-license.ts";
import {
  type Happening,
  newestFirst,
  readHappenings,
  shownPerKind,
} from "#app/domain/license/happenings.queries.server.ts";
import { licenseActWords } from "#app/domain/license/license-acts.ts";
import { licenseFacts } from "#app/domain/license/license-facts.ts";
import { maskKey } from "#app/domain/license/license-key.ts";
import { endsWords, holdWords } from "#app/domain/license/license-words.ts";
import { orderStatus } from "#app/domain/order/order.ts";
import { canBeId } from "#app/domain/search-text.ts";
import { db } from "#app/infra/db.server.ts";
import type { Order } from "#app/infra/prisma-client/client.ts";

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
      activations: { orderBy: { firstSeenAt: "desc" }, omit: { fingerprintHmac: true }, take: shownPerKind },
      _count: { select: { activations: { where: { releasedAt: null } } } },
    },
  });
  if (!row) return null;
  const facts = licenseFacts(row);
  const { holds, order, _count, ...license } = row;
  return {
    ...license,
    maskedKey: maskKey(row.keyPrefix, row.keyLastGroup),
    assessment: assessLicense(facts, now),
    ends: endsWords(facts, now),
    devicesUsed: _count.activations,
    holds: holds.map((hold) => ({ ...hold, words: holdWords(hold.cause), byStaff: hold.cause === "staff" })),
    order: order && { ...order, status: orderStatus(order) },
    timeline: await timelineOf(row),
  };
}

export type StaffLicense = NonNullable<Awaited<ReturnType<typeof getLicenseForStaff>>>;

/** Payment, mail, events and acts of one license in one stream, newest first. */
async function timelineOf(license: {
  id: string;
  orderId: string | null;
  sourceId: string | null;
  order: Omit<Order, "browserNonceHash"> | null;
}): Promise<Happening[]> {
  const { id: licenseId, orderId, order } = license;
  const recorded = new Set<string>();
  const happenings = await readHappenings({
    id: licenseId,
    // What concerns the order as a whole concerns this license too; a sibling's own acts do not.
    records: [{ licenseId }, ...(orderId ? [{ orderId, licenseId: null }] : [])],
    sourceIds: [license.sourceId, order?.stripeSessionId].filter((id) => typeof id === "string"),
    actWords: ({ event, after }) => {
      recorded.add(event);
      return licenseActWords(event, after);
    },
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
