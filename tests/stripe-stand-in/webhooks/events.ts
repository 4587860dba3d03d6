import Stripe from "stripe";
import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { newId } from "#tests/stripe-stand-in/ids.ts";
import type { StoredEvent, StripeObject } from "#tests/stripe-stand-in/stored-types.ts";
import { enqueueDeliveries } from "./deliveries.ts";
import { thinOnlyTypes } from "./thin-only.ts";

/** Records that something happened, with the object as it is now, and owes it to every endpoint that listens. */
export function emit(
  standIn: StandIn,
  type: string,
  object: StripeObject,
  cause: Cause,
  previousAttributes?: Record<string, unknown>,
): StoredEvent {
  const event = newEvent(standIn, type, object, cause, previousAttributes);
  standIn.store.events.put(event);
  enqueueDeliveries(standIn, event);
  if (hasThinDestination(standIn)) {
    for (const thinType of thinOnlyTypes(type, event.data.object, previousAttributes)) {
      emitThinOnly(standIn, thinType, object, cause);
    }
  }
  return event;
}

function hasThinDestination(standIn: StandIn): boolean {
  return standIn.store.endpointSettings.where("payload", "thin").length > 0;
}

/** Tells thin destinations, when there are any, of something that has no snapshot event. `type` is without its `v1.`. */
export function emitThinOnly(
  standIn: StandIn,
  type: string,
  object: StripeObject,
  cause: Cause,
): StoredEvent | null {
  if (!hasThinDestination(standIn)) return null;
  const event = standIn.store.events.put({ ...newEvent(standIn, type, object, cause), thin_only: true });
  enqueueDeliveries(standIn, event);
  return event;
}

function newEvent(
  standIn: StandIn,
  type: string,
  object: StripeObject,
  cause: Cause,
  previousAttributes?: Record<string, unknown>,
): StoredEvent {
  return {
    id: newId("evt", 24),
    object: "event",
    api_version: Stripe.API_VERSION,
    created: standIn.clock.seconds(),
    data: {
      // Rows are replaced and never changed in place, so this stays as it is now.
      object,
      ...(previousAttributes === undefined ? {} : { previous_attributes: previousAttributes }),
    },
    livemode: standIn.settings.livemode,
    pending_webhooks: 0,
    request: { id: cause?.requestId ?? null, idempotency_key: cause?.idempotencyKey ?? null },
    type,
  };
}
