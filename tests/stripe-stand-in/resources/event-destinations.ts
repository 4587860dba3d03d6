import type { Stripe } from "stripe";
import { z } from "zod";
import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest, resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { newId } from "#tests/stripe-stand-in/ids.ts";
import {
  acceptedAll,
  given,
  integer,
  mergeMetadata,
  metadata,
  nothing,
  text,
} from "#tests/stripe-stand-in/parameters.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredEndpoint } from "#tests/stripe-stand-in/stored-types.ts";
import { emitThinOnly } from "#tests/stripe-stand-in/webhooks/events.ts";
import { toThinEvent } from "#tests/stripe-stand-in/webhooks/payload.ts";
import { addEndpoint } from "./webhook-endpoints.ts";

const include = z.array(z.enum(["webhook_endpoint.signing_secret", "webhook_endpoint.url"])).optional();
const createParameters = z.strictObject({
  ...acceptedAll(["events_from"]),
  name: text,
  type: z.enum(["webhook_endpoint"]),
  event_payload: z.enum(["snapshot", "thin"]),
  enabled_events: z.array(text).min(1),
  description: z.string().optional(),
  include,
  metadata,
  snapshot_api_version: text.optional(),
  webhook_endpoint: z.strictObject({ url: text }),
});
const updateParameters = z.strictObject({
  name: text.optional(),
  enabled_events: z.array(text).min(1).optional(),
  description: z.string().optional(),
  include,
  metadata,
  webhook_endpoint: z.strictObject({ url: text }).optional(),
});
const withInclude = z.strictObject({ include });
const searchParameters = z.strictObject({ include, limit: integer(1, 100).optional() });

type Include = z.output<typeof include>;

/** A destination is an endpoint as the v2 API writes it; only asked-for parts of the endpoint are shown. */
function toDestination(
  standIn: StandIn,
  endpoint: StoredEndpoint,
  wanted: Include,
): Stripe.V2.Core.EventDestination {
  const settings = standIn.store.endpointSettings.get(endpoint.id);
  const created = new Date(endpoint.created * 1000).toISOString();
  const isThin = settings?.payload === "thin";
  const shown = wanted ?? [];
  const [secret] = settings?.secrets ?? [];
  return {
    id: endpoint.id,
    object: "v2.core.event_destination",
    created,
    description: endpoint.description ?? "",
    enabled_events: endpoint.enabled_events,
    event_payload: isThin ? "thin" : "snapshot",
    events_from: ["self"],
    livemode: endpoint.livemode,
    metadata: endpoint.metadata,
    name: settings?.name ?? "",
    ...(isThin || endpoint.api_version === null ? {} : { snapshot_api_version: endpoint.api_version }),
    status: endpoint.status === "enabled" ? "enabled" : "disabled",
    ...(endpoint.status === "enabled" ? {} : { status_details: { disabled: { reason: "user" } } }),
    type: "webhook_endpoint",
    updated: created,
    ...(shown.length === 0
      ? {}
      : {
          webhook_endpoint: {
            ...(shown.includes("webhook_endpoint.url") ? { url: endpoint.url } : {}),
            ...(shown.includes("webhook_endpoint.signing_secret") ? given({ signing_secret: secret }) : {}),
          },
        }),
  };
}

function create(standIn: StandIn, sent: z.output<typeof createParameters>) {
  if (sent.event_payload === "snapshot" && sent.snapshot_api_version === undefined) {
    throw invalidRequest("snapshot_api_version is required for snapshot payloads.", "snapshot_api_version");
  }
  const { id } = addEndpoint(
    standIn,
    {
      url: sent.webhook_endpoint.url,
      enabledEvents: sent.enabled_events,
      payload: sent.event_payload,
      apiVersion: sent.snapshot_api_version,
      name: sent.name,
    },
    newId("ed_test"),
  );
  const endpoint = standIn.store.endpoints.update(id, {
    description: sent.description ?? null,
    metadata: mergeMetadata(null, sent.metadata),
  });
  return toDestination(standIn, endpoint, sent.include);
}

function requireDestination(standIn: StandIn, id: string): StoredEndpoint {
  const endpoint = standIn.store.endpoints.get(id);
  if (endpoint === undefined) throw resourceMissing("event destination", id);
  return endpoint;
}

function update(standIn: StandIn, id: string, sent: z.output<typeof updateParameters>) {
  const before = requireDestination(standIn, id);
  const { description, enabled_events, name } = sent;
  if (name !== undefined) standIn.store.endpointSettings.update(id, { name });
  const endpoint = standIn.store.endpoints.update(id, {
    ...given({ description, enabled_events, url: sent.webhook_endpoint?.url }),
    metadata: mergeMetadata(before.metadata, sent.metadata === undefined ? {} : sent.metadata),
  });
  return toDestination(standIn, endpoint, sent.include);
}

function list(standIn: StandIn, sent: z.output<typeof searchParameters>) {
  const destinations = standIn.store.endpoints
    .all()
    .filter(({ id }) => id.startsWith("ed_"))
    .reverse();
  const shown = destinations.slice(0, sent.limit ?? 20);
  return {
    data: shown.map((endpoint) => toDestination(standIn, endpoint, sent.include)),
    next_page_url: null,
    previous_page_url: null,
  };
}

function remove(standIn: StandIn, id: string) {
  requireDestination(standIn, id);
  standIn.store.endpoints.remove(id);
  standIn.store.endpointSettings.remove(id);
  return { id, object: "v2.core.event_destination" };
}

function turn(standIn: StandIn, id: string, status: "enabled" | "disabled") {
  requireDestination(standIn, id);
  return toDestination(standIn, standIn.store.endpoints.update(id, { status }), undefined);
}

function ping(standIn: StandIn, id: string, cause: Cause) {
  const { id: destination } = requireDestination(standIn, id);
  const subject = { id: destination, object: "v2.core.event_destination" };
  const event = emitThinOnly(standIn, "v2.core.event_destination.ping", subject, cause);
  if (event === null) throw invalidRequest("The stand-in pings thin destinations only.");
  return toThinEvent(event);
}

const PATH = "/v2/core/event_destinations";

export const eventDestinationRoutes: Route[] = [
  route("POST", PATH, createParameters, create),
  route("GET", PATH, searchParameters, list),
  route("GET", `${PATH}/:id`, withInclude, (standIn, sent, call) =>
    toDestination(standIn, requireDestination(standIn, firstId(call)), sent.include),
  ),
  route("POST", `${PATH}/:id`, updateParameters, (standIn, sent, call) =>
    update(standIn, firstId(call), sent),
  ),
  route("DELETE", `${PATH}/:id`, nothing, (standIn, _sent, call) => remove(standIn, firstId(call))),
  route("POST", `${PATH}/:id/disable`, nothing, (standIn, _sent, call) =>
    turn(standIn, firstId(call), "disabled"),
  ),
  route("POST", `${PATH}/:id/enable`, nothing, (standIn, _sent, call) =>
    turn(standIn, firstId(call), "enabled"),
  ),
  route("POST", `${PATH}/:id/ping`, nothing, (standIn, _sent, call) =>
    ping(standIn, firstId(call), call.cause),
  ),
];
