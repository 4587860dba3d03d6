import { causeWords } from "#app/domain/audit-log/audit-words.ts";
import { type EmailState, emailState } from "#app/domain/email-outbox/email.ts";
import { emailKindLabel } from "#app/domain/email-outbox/email-words.ts";
import { assessLicense } from "#app/domain/license/assess-license.ts";
import { licenseActWords } from "#app/domain/license/license-acts.ts";
import { licenseFacts } from "#app/domain/license/license-facts.ts";
import { maskKey } from "#app/domain/license/license-key.ts";
import { endsWords, holdWords } from "#app/domain/license/license-words.ts";
import { orderStatus } from "#app/domain/order/order.ts";
import { canBeId } from "#app/domain/search-text.ts";
import { inboxState } from "#app/domain/webhook-inbox/webhook-inbox.ts";
import { db } from "#app/infra/db.server.ts";
import type { Order } from "#app/infra/prisma-client/client.ts";

/** One thing that happened; `about` says what it can link to. */
export type LicenseHappening = {
  id: string;
  at: Date;
  kind: "license" | "payment" | "email" | "event";
  title: string;
  /** Why, or what went wrong. */
  detail: string | null;
  actor: string | null;
  about: { type: "email" | "event" | "order"; id: string } | null;
  /** About to change by itself within seconds. */
  waiting?: boolean;
};

/** More than this of a kind are reached through its own list. */
const shownPerKind = 100;

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
}): Promise<LicenseHappening[]> {
  const { id: licenseId, orderId, order } = license;
  // What concerns the order as a whole concerns this license too; a sibling's own acts do not.
  const OR = [{ licenseId }, ...(orderId ? [{ orderId, licenseId: null }] : [])];
  const sources = [license.sourceId, order?.stripeSessionId].filter((id) => typeof id === "string");
  const [acts, emails, events] = await Promise.all([
    db().auditLog.findMany({ where: { OR }, orderBy: { seq: "desc" }, take: shownPerKind }),
    db().email.findMany({
      where: { OR },
      orderBy: { createdAt: "desc" },
      take: shownPerKind,
      omit: { secret: true, props: true },
    }),
    db().stripeEvent.findMany({
      where: { sourceId: { in: sources } },
      orderBy: { receivedAt: "desc" },
      take: shownPerKind,
      omit: { payload: true },
    }),
  ]);
  const recorded = new Set(acts.map((act) => act.event));
  const happenings: LicenseHappening[] = [
    ...acts.map((act) => ({
      id: `audit-${act.seq}`,
      at: act.at,
      kind: act.targetType === "order" ? ("payment" as const) : ("license" as const),
      title: licenseActWords(act.event, act.after),
      detail: act.reason ?? causeWords(act.cause),
      actor: act.actorLabel,
      about: act.targetType === "order" ? { type: "order" as const, id: act.targetId } : null,
    })),
    ...emails.map((email) => ({
      id: email.id,
      at: email.sentAt ?? email.failedAt ?? email.createdAt,
      kind: "email" as const,
      title: mailWords(emailState(email), email.subject ?? emailKindLabel(email.kind), email.recipient),
      detail: email.lastError,
      actor: null,
      about: { type: "email" as const, id: email.id },
      waiting: emailState(email) === "queued" && email.attempts === 0,
    })),
    ...events.map((event) => ({
      id: event.dedupeKey,
      at: event.receivedAt,
      kind: "event" as const,
      title: `Stripe event ${inboxState(event)}: ${event.type}`,
      detail: event.lastError ?? event.note,
      actor: "Stripe",
      about: { type: "event" as const, id: event.dedupeKey },
    })),
    ...(order ? orderFacts(order).filter((fact) => !recorded.has(fact.event)) : []).map(
      ({ event, at, title }) => ({
        id: `order-${event}`,
        at,
        kind: "payment" as const,
        title,
        detail: null,
        actor: null,
        about: order && { type: "order" as const, id: order.id },
      }),
    ),
  ];
  return happenings.sort((a, b) => b.at.getTime() - a.at.getTime() || (a.id < b.id ? 1 : -1));
}

function mailWords(state: EmailState, subject: string, recipient: string): string {
  const words: Record<EmailState, string> = {
    sent: `Email sent to ${recipient}: ${subject}`,
    queued: `Email waiting for ${recipient}: ${subject}`,
    failed: `Email to ${recipient} failed: ${subject}`,
    dropped: `Email to ${recipient} no longer needed: ${subject}`,
  };
  return words[state];
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
