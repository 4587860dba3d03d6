import { auditEventLabel, causeWords } from "#app/domain/audit-log/audit-words.ts";
import { emailState } from "#app/domain/email-outbox/email.ts";
import { emailKindLabel, emailStateLabels } from "#app/domain/email-outbox/email-words.ts";
import { assessLicense } from "#app/domain/license/assess-license.ts";
import { licenseFacts } from "#app/domain/license/license-facts.ts";
import { maskKey } from "#app/domain/license/license-key.ts";
import { orderStatus } from "#app/domain/order/order.ts";
import { planName } from "#app/domain/product/plan-words.ts";
import { canBeId } from "#app/domain/search-text.ts";
import { inboxState } from "#app/domain/webhook-inbox/webhook-inbox.ts";
import { db } from "#app/infra/db.server.ts";

/** One thing that happened to an order; `about` says what it can link to. */
export type OrderHappening = {
  id: string;
  at: Date;
  kind: "audit" | "email" | "event";
  title: string;
  detail: string | null;
  actor: string | null;
  about: { type: "event" | "email" | "license"; id: string } | null;
  /** About to change by itself within seconds. */
  waiting?: boolean;
};

/** More than this of a kind are reached through its own list. */
const shownPerKind = 100;

/** One order with lines, licenses, sources at Stripe and all that happened to it; null when there is none. */
export async function getOrderForStaff(input: { orderId: string; now: Date }) {
  const { orderId, now } = input;
  if (!canBeId(orderId)) return null;
  const order = await db().order.findUnique({
    where: { id: orderId },
    omit: { browserNonceHash: true },
    include: {
      customer: { select: { id: true, email: true, name: true } },
      lines: { orderBy: { id: "asc" }, include: { policy: { include: { product: true } } } },
      licenses: {
        orderBy: [{ itemKey: "asc" }, { ordinal: "asc" }, { id: "asc" }],
        take: shownPerKind,
        include: { holds: true, product: true, policy: true },
      },
    },
  });
  if (!order) return null;
  const sources = await db().stripeSource.findMany({
    where: { OR: [{ orderId }, { id: order.stripeSessionId ?? "" }] },
    omit: { snapshot: true },
    orderBy: { createdAt: "asc" },
  });
  const { lines, licenses, ...facts } = order;
  return {
    ...facts,
    status: orderStatus(order),
    licenseCount: await db().license.count({ where: { orderId } }),
    lines: lines.map(({ policy, ...line }) => ({
      ...line,
      mappedTo: policy ? planName(policy.product.name, policy.name) : null,
    })),
    licenses: licenses.map((license) => {
      const { status, validUntil } = assessLicense(licenseFacts(license), now);
      return {
        id: license.id,
        maskedKey: maskKey(license.keyPrefix, license.keyLastGroup),
        productName: license.product.name,
        policyName: license.policy.name,
        status,
        validUntil,
      };
    }),
    sources: sources.map((source) => ({ ...source, waiting: source.dirtySeq > source.syncedSeq })),
    timeline: await timelineOf(
      orderId,
      sources.map(({ id }) => id),
    ),
  };
}

/** Acts, mails and events of one order in one stream, newest first. */
async function timelineOf(orderId: string, sourceIds: string[]): Promise<OrderHappening[]> {
  const [acts, emails, events] = await Promise.all([
    db().auditLog.findMany({ where: { orderId }, orderBy: { seq: "desc" }, take: shownPerKind }),
    db().email.findMany({
      where: { orderId },
      orderBy: { createdAt: "desc" },
      take: shownPerKind,
      omit: { secret: true, props: true },
    }),
    db().stripeEvent.findMany({
      where: { sourceId: { in: sourceIds } },
      orderBy: { receivedAt: "desc" },
      take: shownPerKind,
      omit: { payload: true },
    }),
  ]);
  const happenings: OrderHappening[] = [
    ...acts.map((row) => ({
      id: `audit-${row.seq}`,
      at: row.at,
      kind: "audit" as const,
      title: auditEventLabel(row.event),
      detail: row.reason ?? causeWords(row.cause),
      actor: row.actorLabel,
      about: row.licenseId ? { type: "license" as const, id: row.licenseId } : null,
    })),
    ...emails.map((email) => ({
      id: email.id,
      at: email.sentAt ?? email.failedAt ?? email.createdAt,
      kind: "email" as const,
      title: `Email ${emailStateLabels[emailState(email)].toLowerCase()}: ${email.subject ?? emailKindLabel(email.kind)}`,
      detail: email.lastError ? `To ${email.recipient}: ${email.lastError}` : `To ${email.recipient}`,
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
  ];
  return happenings.sort((a, b) => b.at.getTime() - a.at.getTime() || (a.id < b.id ? 1 : -1));
}
