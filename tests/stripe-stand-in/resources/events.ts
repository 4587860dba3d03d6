import { z } from "zod";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { listPage } from "#tests/stripe-stand-in/list.ts";
import { flag, integer, listParameters, nothing, text } from "#tests/stripe-stand-in/parameters.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredEvent } from "#tests/stripe-stand-in/stored-types.ts";
import { deliveriesOf } from "#tests/stripe-stand-in/webhooks/deliveries.ts";
import { storedEventId, thinType, toThinEvent } from "#tests/stripe-stand-in/webhooks/payload.ts";

const KEPT_SECONDS = 30 * 24 * 60 * 60;

const searchParameters = z.strictObject({
  ...listParameters,
  delivery_success: flag.optional(),
  type: text.optional(),
  types: z.array(text).max(20).optional(),
});

const thinSearchParameters = z.strictObject({
  limit: integer(1, 100).optional(),
  object_id: text.optional(),
  types: z.array(text).max(20).optional(),
});

/** Stripe's rule: true when every endpoint that wanted the event has it; pending, given-up and dropped ones count as not. */
function isDelivered(standIn: StandIn, event: StoredEvent): boolean {
  return deliveriesOf(standIn, event.id).every((delivery) => delivery.status === "succeeded");
}

function matchesType(pattern: string, type: string): boolean {
  return pattern.endsWith("*") ? type.startsWith(pattern.slice(0, -1)) : pattern === type;
}

function list(standIn: StandIn, sent: z.output<typeof searchParameters>, url: string) {
  const oldest = standIn.clock.seconds() - KEPT_SECONDS;
  const { type, types, delivery_success: delivered } = sent;
  const matching = standIn.store.events.all().filter((event) => {
    if (event.created < oldest || event.thin_only === true) return false;
    if (type !== undefined && !matchesType(type, event.type)) return false;
    if (types !== undefined && !types.some((pattern) => matchesType(pattern, event.type))) return false;
    return delivered === undefined || isDelivered(standIn, event) === delivered;
  });
  return listPage(matching, sent, url, "event");
}

/** Every event as its thin twin, newest first, in one page. */
function listThin(standIn: StandIn, sent: z.output<typeof thinSearchParameters>) {
  const oldest = standIn.clock.seconds() - KEPT_SECONDS;
  const matching = standIn.store.events.all().filter((event) => {
    if (event.created < oldest) return false;
    if (sent.object_id !== undefined && event.data.object.id !== sent.object_id) return false;
    return sent.types === undefined || sent.types.includes(thinType(event.type));
  });
  const data = matching
    .reverse()
    .slice(0, sent.limit ?? 20)
    .map(toThinEvent);
  return { data, next_page_url: null, previous_page_url: null };
}

function requireEvent(standIn: StandIn, id: string): StoredEvent {
  const event = standIn.store.events.get(id);
  if (event === undefined || event.thin_only === true) throw resourceMissing("event", id);
  return event;
}

export const eventRoutes: Route[] = [
  route("GET", "/v1/events", searchParameters, (standIn, sent, call) => list(standIn, sent, call.path)),
  route("GET", "/v1/events/:id", nothing, (standIn, _sent, call) => requireEvent(standIn, firstId(call))),
  route("GET", "/v2/core/events", thinSearchParameters, listThin),
  route("GET", "/v2/core/events/:id", nothing, (standIn, _sent, call) => {
    const event = standIn.store.events.get(storedEventId(firstId(call)));
    if (event === undefined || !firstId(call).startsWith("evt_test_")) {
      throw resourceMissing("event", firstId(call));
    }
    return toThinEvent(event);
  }),
];
