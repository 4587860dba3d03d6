import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import type { StoredPortalSession } from "#tests/stripe-stand-in/stored-types.ts";

const MINUTE_MS = 60_000;
/** An address nobody opened is soon worthless; one that is used lasts an hour from the latest click. */
const UNUSED_MS = 5 * MINUTE_MS;
const IDLE_MS = 60 * MINUTE_MS;

/** The session behind an address, which counts as used now; null when there is none or its time is over. */
export function visitPortal(standIn: StandIn, token: string): StoredPortalSession | null {
  const [visit] = standIn.store.portalVisits.where("token", token);
  const session = visit === undefined ? undefined : standIn.store.portalSessions.get(visit.id);
  if (visit === undefined || session === undefined) return null;
  const now = standIn.clock.now();
  const goodUntil =
    visit.lastUsedAt === null ? session.created * 1000 + UNUSED_MS : visit.lastUsedAt + IDLE_MS;
  if (now > goodUntil) return null;
  standIn.store.portalVisits.update(visit.id, { lastUsedAt: now });
  return session;
}

/** A flow that is done cannot be done again: its address was made for that one purpose. */
export function closePortal(standIn: StandIn, sessionId: string): void {
  standIn.store.portalVisits.remove(sessionId);
}
