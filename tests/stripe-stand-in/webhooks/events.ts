import Stripe from "stripe";
import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { newId } from "#tests/stripe-stand-in/ids.ts";
import type { StoredEvent, StripeObject } from "#tests/stripe-stand-in/stored-types.ts";
import { enqueueDeliveries } from "./deliveries.ts";

/** Records that something happened, with the object as it is now, and owes it to every endpoint that listens. */
export function emit(
  standIn: StandIn,
  type: string,
  object: StripeObject,
  cause: Cause,
  previousAttributes?: Record<string, unknown>,
): StoredEvent {
  const event: StoredEvent = {
    id: newId("evt", 24),
    object: "event",
    api_version: Stripe.API_VERSION,
    created: standIn.clock.seconds(),
    data: {
      object: structuredClone(object),
      ...(previousAttributes === undefined ? {} : { previous_attributes: previousAttributes }),
    },
    livemode: standIn.settings.livemode,
    pending_webhooks: 0,
    request: { id: cause?.requestId ?? null, idempotency_key: cause?.idempotencyKey ?? null },
    type,
  };
  standIn.store.events.put(event);
  enqueueDeliveries(standIn, event);
  return event;
}

/** A second Event object for the same change: Stripe says these occur. It has its own id and nothing is posted yet. */
export function duplicateEvent(standIn: StandIn, event: StoredEvent): StoredEvent {
  return standIn.store.events.put({ ...structuredClone(event), id: newId("evt", 24), pending_webhooks: 0 });
}
