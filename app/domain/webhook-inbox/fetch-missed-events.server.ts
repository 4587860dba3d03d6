import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { DeadlinePassed, withDeadline } from "#app/domain/stripe-sync/deadline.ts";
import { claimSubmission, saidBefore } from "#app/domain/submission.server.ts";
import { sweepEvents } from "#app/domain/webhook-inbox/sweep-events.server.ts";
import { inTransaction } from "#app/infra/db.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { isStripeConfigured } from "#app/infra/stripe.server.ts";

/** How long a person waits; after that the work goes on without them. */
const longestWaitMs = 20_000;

/**
 * Looks at Stripe's list of events for what was never delivered, because somebody asks for it now. Repeating it finds
 * nothing twice.
 * @throws DomainError UNAVAILABLE when Stripe is not connected or does not answer.
 */
export async function fetchMissedEvents(request: {
  actor: Extract<Actor, { type: "staff" }>;
  submission: string;
  now: Date;
  requestId?: string;
}): Promise<{ message: string }> {
  const { actor, submission, now } = request;
  if (!isStripeConfigured())
    throw new DomainError("UNAVAILABLE", "Stripe is not connected yet: set STRIPE_SECRET_KEY.");
  const said = await saidBefore({ token: submission, actorId: actor.id });
  if (said !== null) return { message: said };
  const found = await searchFor(now);
  const message = messageFor(found);
  const repeated = await inTransaction(async (tx) => {
    const before = await claimSubmission(tx, { token: submission, actorId: actor.id, message, now });
    if (before) return before;
    await recordAudit(tx, {
      now,
      actor,
      event: "webhook.fetched",
      target: { type: "webhook_inbox", id: "events" },
      after: { found: found ?? "still searching" },
      requestId: request.requestId ?? null,
    });
    return null;
  });
  return { message: repeated ?? message };
}

/** Null = it takes longer; what is found then appears in the inbox by itself. */
async function searchFor(now: Date): Promise<number | null> {
  try {
    return await withDeadline(sweepEvents(now), longestWaitMs, "Stripe lists many events.");
  } catch (error) {
    if (error instanceof DeadlinePassed) return null;
    logger().warn({ err: error }, "missed events could not be fetched");
    const message = "Stripe did not answer, so no events could be fetched. Please try again in a moment.";
    throw new DomainError("UNAVAILABLE", message, { cause: error });
  }
}

function messageFor(found: number | null): string {
  if (found === null)
    return "Stripe lists many events; the search goes on, and what is missing appears in the inbox.";
  if (found === 0) return "No event is missing.";
  return found === 1
    ? "1 missed event was fetched. It is acted on within seconds."
    : `${found} missed events were fetched. They are acted on within seconds.`;
}
