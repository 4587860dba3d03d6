import {
  comingEnd,
  dueStage,
  expiryLookBackDays,
  windowsSince,
} from "#app/domain/email-outbox/end-reminders.ts";
import {
  type EndPage,
  type EndPosition,
  endingIn,
  expiredCauseKey,
  expiredSince,
  type FoundLicense,
  readPage,
  updatesEndingIn,
} from "#app/domain/email-outbox/ending-licenses.queries.server.ts";
import { type QueuedEmail, queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import { findSubscriptions } from "#app/domain/email-outbox/subscription-in-email.server.ts";
import { validUntil } from "#app/domain/license/assess-license.ts";
import { isEnded, type SubscriptionFacts } from "#app/domain/subscription/subscription.ts";
import { db } from "#app/infra/db.server.ts";
import { inTransactionThenWake } from "#app/infra/wake-worker.server.ts";

const lastLook = "end-reminders";
const firstLook = "license-expired-since";
const dayMs = 86_400_000;

/**
 * Queues the mails about ends that come near: one for each customer, purchase and end, at each stage once. Safe to
 * repeat and beside other processes. The next look begins where this one stopped, so that a license is read when it
 * reaches a stage and not every hour.
 * @returns how many were queued.
 */
export async function queueComingEnds(now: Date): Promise<number> {
  const cursor = await db().sweepCursor.findUnique({ where: { name: lastLook } });
  let queued = 0;
  for (const window of windowsSince(cursor && new Date(cursor.value), now))
    for (const statement of [endingIn, updatesEndingIn])
      queued += await eachPage(
        (after) => readPage(statement(window, now, after)),
        (found, subscriptions) => remindersFor(found, subscriptions, now),
      );
  // Only after a whole look: what a crash left out is looked for again.
  await setCursor(lastLook, now);
  return queued;
}

/** When the last whole look was, by whichever process; null = never. */
export async function lastLookAtComingEnds(): Promise<Date | null> {
  const cursor = await db().sweepCursor.findUnique({ where: { name: lastLook } });
  return cursor && new Date(cursor.value);
}

/**
 * Queues the mails about licenses that are over: once for each purchase and end, within a week of it. Dated licenses
 * that ended before this was ever looked for stay untold. A subscription's licenses have ended when it has; while it
 * lives they may come back any day, and what suspends them is told in other mails.
 * @returns how many were queued.
 */
export async function queueExpiredNotices(now: Date): Promise<number> {
  const known = await db().sweepCursor.findUnique({ where: { name: firstLook } });
  if (!known) await setCursor(firstLook, now);
  const since = known ? new Date(known.value) : now;
  return eachPage(
    (after) => readPage(expiredSince(since, now, after)),
    (found, subscriptions) => expiredNoticesFor(found, subscriptions, now),
  );
}

type Owed = QueuedEmail<"license-ending"> | QueuedEmail<"license-expired">;
type Subscriptions = ReadonlyMap<string, SubscriptionFacts>;

async function eachPage(
  read: (after: EndPosition | null) => Promise<EndPage>,
  owedFor: (found: FoundLicense[][], subscriptions: Subscriptions) => Owed[],
): Promise<number> {
  let queued = 0;
  let after: EndPosition | null = null;
  do {
    const page: EndPage = await read(after);
    const sources = page.licenses.flatMap(({ term, sourceId }) =>
      term === "subscription" && sourceId !== null ? [sourceId] : [],
    );
    const owed = owedFor(purchasesOf(page), await findSubscriptions(sources));
    if (owed.length > 0) queued += await queueAll(owed);
    after = page.next;
  } while (after);
  return queued;
}

function queueAll(owed: readonly Owed[]): Promise<number> {
  return inTransactionThenWake(async (tx) => {
    let queued = 0;
    for (const email of owed) if (await queueEmail(tx, email)) queued++;
    return queued;
  });
}

/** Licenses of one customer, purchase and end, those only of which one lies on the page. */
function purchasesOf({ licenses, pageIds }: EndPage): FoundLicense[][] {
  const groups = new Map<string, FoundLicense[]>();
  for (const license of licenses) {
    const key = `${license.customerId}|${purchaseOf(license)}|${endKey(license)}`;
    groups.set(key, [...(groups.get(key) ?? []), license]);
  }
  return [...groups.values()].filter((group) => group.some(({ id }) => pageIds.has(id)));
}

/** Licenses that staff issued together are one purchase too. */
function purchaseOf(license: FoundLicense): string {
  return license.sourceId ?? license.orderId ?? license.id;
}

/** The end of a license and the end of its updates are two things, also when they fall on one instant. */
function endKey(license: FoundLicense): string {
  const end = validUntil(license);
  return end ? end.toISOString() : `updates:${license.updatesUntil?.toISOString() ?? ""}`;
}

function remindersFor(groups: readonly FoundLicense[][], subscriptions: Subscriptions, now: Date): Owed[] {
  return groups.flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const coming = comingEnd(first, subscriptions.get(first.sourceId ?? "") ?? null);
    const stage = coming && dueStage(coming, now);
    if (!coming || stage === null) return [];
    return {
      ...about(group, first, now),
      kind: "license-ending" as const,
      causeKey: `${purchaseOf(first)}:${endKey(first)}:${stage}`,
      props: { licenseIds: group.map(({ id }) => id), end: coming.end.toISOString(), daysLeft: stage },
    };
  });
}

function expiredNoticesFor(
  groups: readonly FoundLicense[][],
  subscriptions: Subscriptions,
  now: Date,
): Owed[] {
  return groups.flatMap((group) => {
    const [first] = group;
    const end = first && validUntil(first);
    if (!first || !end) return [];
    if (first.term === "subscription") {
      const subscription = subscriptions.get(first.sourceId ?? "");
      if (!subscription || !isEnded(subscription)) return [];
      const over = Math.max(end.getTime(), subscription.endedAt?.getTime() ?? 0);
      if (over <= now.getTime() - expiryLookBackDays * dayMs) return [];
    }
    return {
      ...about(group, first, now),
      kind: "license-expired" as const,
      causeKey: expiredCauseKey(purchaseOf(first), end),
      props: { licenseIds: group.map(({ id }) => id), end: end.toISOString() },
    };
  });
}

/** Only a mail about one license is listed on its page by itself; the others are found by order and customer. */
function about(group: readonly FoundLicense[], first: FoundLicense, now: Date) {
  return {
    now,
    recipient: first.email,
    customerId: first.customerId,
    orderId: first.orderId,
    licenseId: group.length === 1 ? first.id : null,
  };
}

async function setCursor(name: string, at: Date): Promise<void> {
  const value = at.toISOString();
  await db().sweepCursor.upsert({ where: { name }, create: { name, value }, update: { value } });
}
