import { canBeId } from "#app/domain/search-text.ts";
import {
  describeSubscription,
  type OwnerSubscription,
  type SubscribedLicense,
} from "#app/domain/subscription/portal-subscription.ts";
import { readSubscriptionSnapshot } from "#app/domain/subscription/subscription-snapshot.server.ts";
import { db } from "#app/infra/db.server.ts";
import type { Prisma } from "#app/infra/prisma-client/client.ts";

const subscribed = {
  sourceId: true,
  itemKey: true,
  paidUntil: true,
  graceUntil: true,
  extendedUntil: true,
  holds: { select: { cause: true } },
} satisfies Prisma.LicenseSelect;
type SubscribedRow = Prisma.LicenseGetPayload<{ select: typeof subscribed }>;

/**
 * The subscription behind a license of this customer, as Stripe told it last; Stripe is not asked. Null when there is
 * none, it was never synced, or the license is somebody else's.
 */
export async function getSubscriptionForCustomer(input: {
  licenseId: string;
  customerId: string;
  now: Date;
}): Promise<OwnerSubscription | null> {
  if (!canBeId(input.licenseId)) return null;
  const row = await db().license.findFirst({
    where: { id: input.licenseId, customerId: input.customerId, sourceId: { startsWith: "sub_" } },
    select: subscribed,
  });
  if (!row) return null;
  return (await describeAll([row], input.now))[0] ?? null;
}

/** The customer's subscriptions, each described by a license of it that has a seat. */
export async function listSubscriptionsForCustomer(input: {
  customerId: string;
  now: Date;
}): Promise<OwnerSubscription[]> {
  const rows = await db().license.findMany({
    where: { customerId: input.customerId, sourceId: { startsWith: "sub_" } },
    select: subscribed,
    orderBy: [{ sourceId: "asc" }, { ordinal: "asc" }],
  });
  const bySource = new Map<string | null, SubscribedRow>();
  for (const row of rows) {
    const known = bySource.get(row.sourceId);
    if (!known || (isReleased(known) && !isReleased(row))) bySource.set(row.sourceId, row);
  }
  return describeAll([...bySource.values()], input.now);
}

function isReleased({ holds }: SubscribedRow): boolean {
  return holds.some(({ cause }) => cause.startsWith("released:"));
}

async function describeAll(rows: readonly SubscribedRow[], now: Date): Promise<OwnerSubscription[]> {
  if (rows.length === 0) return [];
  const sources = await db().stripeSource.findMany({
    where: { id: { in: rows.flatMap(({ sourceId }) => sourceId ?? []) } },
    select: { id: true, snapshot: true },
  });
  const snapshots = new Map(sources.map(({ id, snapshot }) => [id, readSubscriptionSnapshot(snapshot)]));
  return rows.flatMap((row) => {
    const facts = snapshots.get(row.sourceId ?? "");
    return facts ? [describeSubscription(facts, asLicense(row), now)] : [];
  });
}

function asLicense({ holds, ...row }: SubscribedRow): SubscribedLicense {
  return { ...row, holds: holds.map(({ cause }) => cause) };
}
