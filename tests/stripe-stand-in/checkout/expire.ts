import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest } from "#tests/stripe-stand-in/errors.ts";
import { idOf } from "#tests/stripe-stand-in/ids.ts";
import type { StoredSession } from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";

/** Closes an open session. A payment intent left behind by a declined attempt is canceled with it. */
export function expireSession(standIn: StandIn, session: StoredSession, cause: Cause): StoredSession {
  if (session.status !== "open") {
    const message = `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of \`${session.status}\`.`;
    throw invalidRequest(message);
  }
  standIn.timers.cancel("expire_session", session.id);
  const intentId = idOf(session.payment_intent);
  if (intentId !== null) {
    const canceled = standIn.store.paymentIntents.update(intentId, {
      status: "canceled",
      canceled_at: standIn.clock.seconds(),
      cancellation_reason: "automatic",
    });
    emit(standIn, "payment_intent.canceled", canceled, cause);
  }
  const expired = standIn.store.sessions.update(session.id, { status: "expired", url: null });
  emit(standIn, "checkout.session.expired", expired, cause);
  return expired;
}

/** What the clock does at `expires_at`; a session that is no longer open is left alone. */
export function expireWhenOpen(standIn: StandIn, sessionId: string): void {
  const session = standIn.store.sessions.get(sessionId);
  if (session?.status === "open") expireSession(standIn, session, null);
}
