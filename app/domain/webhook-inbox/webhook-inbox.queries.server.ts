import {
  encodeCursor,
  isInstant,
  newestFirst,
  type Page,
  type PageRequest,
  planPage,
  toPage,
} from "#app/domain/keyset.server.ts";
import { canBeId, escapeLike, searchText } from "#app/domain/search-text.ts";
import { type InboxState, inboxState } from "#app/domain/webhook-inbox/webhook-inbox.ts";
import { db } from "#app/infra/db.server.ts";
import type { Prisma } from "#app/infra/prisma-client/client.ts";

export type InboxFilter = {
  state?: InboxState | undefined;
  /** An event type or how it begins: `checkout.session`. */
  type?: string | undefined;
  /** A whole id: of the event, of the object it is about, or of the purchase it belongs to. */
  q?: string | undefined;
};

const listed = {
  dedupeKey: true,
  eventId: true,
  type: true,
  objectId: true,
  sourceId: true,
  livemode: true,
  receivedAt: true,
  deliveries: true,
  attempts: true,
  ignoredAt: true,
  processedAt: true,
  failedAt: true,
  lastError: true,
  note: true,
} as const satisfies Prisma.StripeEventSelect;

type ListedEvent = Prisma.StripeEventGetPayload<{ select: typeof listed }>;
export type InboxRow = ListedEvent & { state: InboxState };

const withState = (row: ListedEvent): InboxRow => ({ ...row, state: inboxState(row) });

/** The inbox, newest first. */
export async function listEvents(input: InboxFilter & PageRequest): Promise<Page<InboxRow>> {
  const plan = planPage(input, isInstant);
  const keyset = newestFirst("receivedAt", "dedupeKey", plan);
  const type = searchText(input.type);
  const id = searchText(input.q);
  const filters: Prisma.StripeEventWhereInput[] = [keyset.where];
  if (input.state) filters.push(stateWhere(input.state));
  if (type) filters.push({ type: { startsWith: escapeLike(type) } });
  if (id) filters.push({ OR: [{ dedupeKey: id }, { eventId: id }, { objectId: id }, { sourceId: id }] });
  const found = await db().stripeEvent.findMany({
    where: { AND: filters },
    orderBy: keyset.orderBy,
    take: keyset.take,
    select: listed,
  });
  return toPage(found.map(withState), plan, (row) => encodeCursor(row.receivedAt, row.dedupeKey));
}

/** The same answer as `inboxState`, as a condition on rows. */
function stateWhere(state: InboxState): Prisma.StripeEventWhereInput {
  if (state === "ignored") return { ignoredAt: { not: null } };
  if (state === "processed") return { ignoredAt: null, processedAt: { not: null } };
  const open = { ignoredAt: null, processedAt: null };
  return { ...open, failedAt: state === "failed" ? { not: null } : null };
}

/** One event with its payload and the purchase it belongs to; null when there is none. */
export async function getEvent(input: { dedupeKey: string }) {
  if (!canBeId(input.dedupeKey)) return null;
  const event = await db().stripeEvent.findUnique({ where: { dedupeKey: input.dedupeKey } });
  if (!event) return null;
  const source = event.sourceId ? await getSource(event.sourceId) : null;
  return { ...event, state: inboxState(event), payload: prettyJson(event.payload), source };
}

async function getSource(sourceId: string) {
  const source = await db().stripeSource.findUnique({ where: { id: sourceId }, omit: { snapshot: true } });
  if (!source) return null;
  const order = source.orderId
    ? await db().order.findUnique({ where: { id: source.orderId }, select: { id: true, number: true } })
    : null;
  return { ...source, waiting: source.dirtySeq > source.syncedSeq, order };
}

/** Shown as it came when it is not JSON: nothing may hide what was really received. */
function prettyJson(payload: string): string {
  try {
    return JSON.stringify(JSON.parse(payload), null, 2);
  } catch {
    return payload;
  }
}

/** When the oldest event that still needs something from us arrived; null when none waits. */
export async function getOldestUnprocessed(): Promise<Date | null> {
  // The inner query is fenced with OFFSET 0 so that it is answered from the small index of open events: left to
  // itself the planner may walk all processed ones from the oldest on.
  const [row] = await db().$queryRaw<{ oldest: Date | null }[]>`
    SELECT min(received_at) AS oldest FROM (
      SELECT received_at FROM stripe_event WHERE processed_at IS NULL AND ignored_at IS NULL OFFSET 0
    ) AS open_events`;
  return row?.oldest ?? null;
}

/** Events whose last attempt failed, newest first. Reads only the small index of failed ones. */
export async function listFailedEvents(input: { limit: number }) {
  const found = await db().stripeEvent.findMany({
    where: stateWhere("failed"),
    orderBy: { receivedAt: "desc" },
    take: input.limit + 1,
    select: listed,
  });
  return { events: found.slice(0, input.limit).map(withState), more: found.length > input.limit };
}
