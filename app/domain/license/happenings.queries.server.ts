import { causeWords, eventIdsIn } from "#app/domain/audit-log/audit-words.ts";
import { type EmailState, emailState } from "#app/domain/email-outbox/email.ts";
import { emailKindLabel } from "#app/domain/email-outbox/email-words.ts";
import { inboxState } from "#app/domain/webhook-inbox/webhook-inbox.ts";
import { db } from "#app/infra/db.server.ts";
import type { AuditLog } from "#app/infra/prisma-client/client.ts";

/** One thing that happened to a license or an order; `about` says what it can link to. */
export type Happening = {
  id: string;
  at: Date;
  kind: "license" | "payment" | "email" | "event";
  title: string;
  /** Why, or what went wrong. */
  detail: string | null;
  /** What it changed besides what the title says. */
  changes?: string[];
  /** What led to it; `eventKeys` are the events of Stripe among it that have a page. */
  cause?: { words: string; eventKeys: string[] } | undefined;
  actor: string | null;
  about: { type: "email" | "event" | "order" | "license"; id: string } | null;
  /** About to change by itself within seconds. */
  waiting?: boolean;
};

/** More than this of a kind are reached through its own list. */
export const shownPerKind = 100;

type Subject = {
  /** The page this is for, which need not link to itself. */
  id: string;
  /** Which records and mails belong here; one of these has to fit. */
  records: { licenseId?: string | null; orderId?: string }[];
  /** The purchases at Stripe whose events belong here. */
  sourceIds: string[];
  actWords: (act: AuditLog) => string;
  /** What an act changed, line by line. */
  actChanges?: (act: AuditLog) => string[];
};

/** Acts, mails and Stripe's events in one stream; `newestFirst` puts them in order. */
export async function readHappenings(subject: Subject): Promise<Happening[]> {
  const where = { OR: subject.records };
  const [acts, emails, events] = await Promise.all([
    db().auditLog.findMany({ where, orderBy: { seq: "desc" }, take: shownPerKind }),
    db().email.findMany({
      where,
      orderBy: { createdAt: "desc" },
      take: shownPerKind,
      omit: { secret: true, props: true },
    }),
    db().stripeEvent.findMany({
      where: { sourceId: { in: subject.sourceIds } },
      orderBy: { receivedAt: "desc" },
      take: shownPerKind,
      omit: { payload: true },
    }),
  ]);
  const causes = await causesOf(acts);
  return [
    ...acts.map((act) => ({
      id: `audit-${act.seq}`,
      at: act.at,
      kind: act.targetType === "license" ? ("license" as const) : ("payment" as const),
      title: subject.actWords(act),
      detail: act.reason,
      changes: subject.actChanges?.(act) ?? [],
      cause: causes.get(act.cause ?? ""),
      actor: act.actorLabel,
      about: aboutOf(act, subject.id),
    })),
    ...emails.map((email) => ({
      id: email.id,
      at: email.sentAt ?? email.failedAt ?? email.createdAt,
      kind: "email" as const,
      title: emailWords(emailState(email), email.subject ?? emailKindLabel(email.kind), email.recipient),
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
  ];
}

type Cause = NonNullable<Happening["cause"]>;

/** The causes of these acts, each once; an event that is kept no longer has no page to lead to. */
async function causesOf(acts: readonly AuditLog[]): Promise<Map<string, Cause>> {
  const causes = [...new Set(acts.flatMap(({ cause }) => cause ?? []))];
  const kept = await db().stripeEvent.findMany({
    where: { dedupeKey: { in: causes.flatMap(eventIdsIn) } },
    select: { dedupeKey: true },
  });
  const known = new Set(kept.map(({ dedupeKey }) => dedupeKey));
  return new Map(
    causes.map((cause) => [
      cause,
      { words: causeWords(cause) ?? cause, eventKeys: eventIdsIn(cause).filter((id) => known.has(id)) },
    ]),
  );
}

export function newestFirst(happenings: Happening[]): Happening[] {
  return happenings.sort((a, b) => b.at.getTime() - a.at.getTime() || (a.id < b.id ? 1 : -1));
}

function aboutOf(act: AuditLog, ownId: string): Happening["about"] {
  if (act.targetType === "order") return act.targetId === ownId ? null : { type: "order", id: act.targetId };
  return act.licenseId && act.licenseId !== ownId ? { type: "license", id: act.licenseId } : null;
}

function emailWords(state: EmailState, subject: string, recipient: string): string {
  const words: Record<EmailState, string> = {
    sent: `Email sent to ${recipient}: ${subject}`,
    queued: `Email waiting for ${recipient}: ${subject}`,
    failed: `Email to ${recipient} failed: ${subject}`,
    dropped: `Email to ${recipient} no longer needed: ${subject}`,
  };
  return words[state];
}
