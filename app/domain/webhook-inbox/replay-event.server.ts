import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { resyncSource } from "#app/domain/stripe-sync/resync-source.server.ts";
import { parseEvent } from "#app/domain/webhook-inbox/parse-event.server.ts";
import { db } from "#app/infra/db.server.ts";
import { isLivemode } from "#app/infra/stripe.server.ts";

/**
 * Acts on a stored event again. Safe at any time: an event only says which purchase to compare with Stripe.
 * @throws DomainError NOT_FOUND for an unknown event, INVALID for one that asks nothing of us.
 */
export async function replayEvent(request: {
  dedupeKey: string;
  actor: Extract<Actor, { type: "staff" }>;
  submission: string;
  now: Date;
  requestId?: string;
}): Promise<{ message: string }> {
  const row = await db().stripeEvent.findUnique({ where: { dedupeKey: request.dedupeKey } });
  if (!row) throw new DomainError("NOT_FOUND", "There is no such event.");
  if (row.livemode !== isLivemode())
    throw new DomainError("INVALID", "This event belongs to the other mode of the Stripe account.");
  const event = parseEvent(row.payload);
  if (event?.accountId)
    throw new DomainError("INVALID", "This event belongs to a connected account, not to the shop's own.");
  const sourceId = row.sourceId ?? event?.source?.sourceId;
  if (!sourceId)
    throw new DomainError(
      "INVALID",
      "This kind of event asks nothing of Latchkey, so there is nothing to replay.",
    );
  return resyncSource({ ...request, sourceId });
}
