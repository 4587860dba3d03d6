import { z } from "zod";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { newId } from "#tests/stripe-stand-in/ids.ts";
import { listPage } from "#tests/stripe-stand-in/list.ts";
import {
  accepted,
  flag,
  given,
  listParameters,
  mergeMetadata,
  metadata,
  nothing,
  text,
  unsettableText,
} from "#tests/stripe-stand-in/parameters.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredEndpoint } from "#tests/stripe-stand-in/stored-types.ts";

export type EndpointInput = {
  url: string;
  /** The signing secret; made up unless given. */
  secret?: string | undefined;
  /** Several at once, as while a secret is being rolled: each delivery is signed with every one. */
  secrets?: readonly string[] | undefined;
  /** All types unless given. */
  enabledEvents?: readonly string[] | undefined;
  payload?: "snapshot" | "thin" | undefined;
  apiVersion?: string | undefined;
  /** What an event destination is called; endpoints of the v1 API have no name. */
  name?: string | undefined;
};

export type EndpointWithSecret = StoredEndpoint & { secret: string };

/** Registers an endpoint, or the one with `id` anew. The secret is in this answer and in no later one. */
export function addEndpoint(standIn: StandIn, input: EndpointInput, id = newId("we")): EndpointWithSecret {
  const secrets = input.secrets ?? [input.secret ?? newId("whsec", 32)];
  const endpoint = standIn.store.endpoints.put({
    id,
    object: "webhook_endpoint",
    api_version: input.apiVersion ?? null,
    application: null,
    created: standIn.clock.seconds(),
    description: null,
    enabled_events: [...(input.enabledEvents ?? ["*"])],
    livemode: standIn.settings.livemode,
    metadata: {},
    status: "enabled",
    url: input.url,
  });
  const payload = input.payload ?? "snapshot";
  const name = input.name ?? null;
  standIn.store.endpointSettings.put({ id: endpoint.id, secrets: [...secrets], payload, name });
  return { ...endpoint, secret: secrets[0] ?? "" };
}

const createParameters = z.strictObject({
  url: text,
  enabled_events: z.array(text).min(1),
  api_version: text.optional(),
  connect: accepted,
  description: unsettableText.optional(),
  metadata,
});
const updateParameters = z.strictObject({
  url: text.optional(),
  enabled_events: z.array(text).min(1).optional(),
  disabled: flag.optional(),
  description: unsettableText.optional(),
  metadata,
});

function create(standIn: StandIn, sent: z.output<typeof createParameters>): EndpointWithSecret {
  const { url, enabled_events: enabledEvents, api_version: apiVersion } = sent;
  const { secret, ...endpoint } = addEndpoint(standIn, { url, enabledEvents, apiVersion });
  const described = { description: sent.description ?? null, metadata: mergeMetadata(null, sent.metadata) };
  return { ...standIn.store.endpoints.update(endpoint.id, described), secret };
}

function requireEndpoint(standIn: StandIn, id: string): StoredEndpoint {
  const endpoint = standIn.store.endpoints.get(id);
  if (endpoint === undefined) throw resourceMissing("webhook endpoint", id);
  return endpoint;
}

function update(standIn: StandIn, id: string, sent: z.output<typeof updateParameters>): StoredEndpoint {
  const before = requireEndpoint(standIn, id);
  const { url, enabled_events, description } = sent;
  return standIn.store.endpoints.update(id, {
    ...given({ url, enabled_events, description }),
    ...(sent.disabled === undefined ? {} : { status: sent.disabled ? "disabled" : "enabled" }),
    metadata: mergeMetadata(before.metadata, sent.metadata === undefined ? {} : sent.metadata),
  });
}

function remove(standIn: StandIn, id: string) {
  requireEndpoint(standIn, id);
  standIn.store.endpoints.remove(id);
  standIn.store.endpointSettings.remove(id);
  return { id, object: "webhook_endpoint", deleted: true };
}

/** Event destinations are endpoints too, which only the v2 API lists. */
function ofFirstApi(standIn: StandIn): StoredEndpoint[] {
  return standIn.store.endpoints.all().filter(({ id }) => !id.startsWith("ed_"));
}

const searchParameters = z.strictObject(listParameters).omit({ created: true });

export const webhookEndpointRoutes: Route[] = [
  route("POST", "/v1/webhook_endpoints", createParameters, create),
  route("GET", "/v1/webhook_endpoints", searchParameters, (standIn, sent, call) =>
    listPage(ofFirstApi(standIn), sent, call.path, "webhook endpoint"),
  ),
  route("GET", "/v1/webhook_endpoints/:id", nothing, (standIn, _sent, call) =>
    requireEndpoint(standIn, firstId(call)),
  ),
  route("POST", "/v1/webhook_endpoints/:id", updateParameters, (standIn, sent, call) =>
    update(standIn, firstId(call), sent),
  ),
  route("DELETE", "/v1/webhook_endpoints/:id", nothing, (standIn, _sent, call) =>
    remove(standIn, firstId(call)),
  ),
];
