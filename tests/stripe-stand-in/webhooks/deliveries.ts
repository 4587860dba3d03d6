import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { newId } from "#tests/stripe-stand-in/ids.ts";
import { inShapeOf } from "#tests/stripe-stand-in/legacy-shapes.ts";
import type {
  Delivery,
  EndpointSettings,
  StoredEndpoint,
  StoredEvent,
} from "#tests/stripe-stand-in/stored-types.ts";
import { thinType, toThinEvent } from "./payload.ts";
import { isAccepted, type PostResult, post } from "./post.ts";
import { signatureHeader } from "./signature.ts";

export type SignedRequest = { body: string; headers: Record<string, string> };

export type SigningOptions = {
  secret?: string;
  secrets?: readonly string[];
  timestamp?: number;
  scheme?: string;
};

function wants(
  endpoint: StoredEndpoint,
  settings: EndpointSettings | undefined,
  event: StoredEvent,
): boolean {
  if (endpoint.status !== "enabled") return false;
  const isThin = settings?.payload === "thin";
  if (event.thin_only === true && !isThin) return false;
  const wanted = endpoint.enabled_events;
  if (wanted.includes("*") || wanted.includes(event.type)) return true;
  return isThin && wanted.includes(thinType(event.type));
}

export function endpointsFor(standIn: StandIn, event: StoredEvent): StoredEndpoint[] {
  const { endpoints, endpointSettings } = standIn.store;
  return endpoints.all().filter((endpoint) => wants(endpoint, endpointSettings.get(endpoint.id), event));
}

/** The bytes and headers of a delivery. Pretty-printed like Stripe's, so that a receiver that re-encodes the body is caught. */
export function signPayload(standIn: StandIn, payload: unknown, options: SigningOptions): SignedRequest {
  const body = JSON.stringify(payload, null, 2);
  const secrets = options.secrets ?? (options.secret === undefined ? [] : [options.secret]);
  const timestampSeconds = options.timestamp ?? Math.floor(standIn.clock.wireNow() / 1000);
  const scheme = options.scheme === undefined ? {} : { scheme: options.scheme };
  return {
    body,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "content-length": String(Buffer.byteLength(body)),
      accept: "*/*; q=0.5, application/xml",
      "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks) latchkey-stand-in",
      "stripe-signature": signatureHeader(body, { secrets, timestampSeconds, ...scheme }),
    },
  };
}

/** What an endpoint of this API version is sent. */
function snapshotFor(standIn: StandIn, event: StoredEvent, apiVersion: string): StoredEvent {
  const data = { ...event.data, object: inShapeOf(standIn, apiVersion, event.data.object) };
  // Reshaping keeps `object` and `id`, which is all that the type of an event's object asks for.
  return { ...event, api_version: apiVersion, data: data as StoredEvent["data"] };
}

/** Posts one event to one endpoint now, signed with a fresh timestamp, whatever its deliveries say. */
export async function postTo(
  standIn: StandIn,
  endpoint: StoredEndpoint,
  event: StoredEvent,
): Promise<PostResult> {
  const settings = standIn.store.endpointSettings.get(endpoint.id);
  const payload =
    settings?.payload === "thin"
      ? toThinEvent(event)
      : snapshotFor(standIn, event, endpoint.api_version ?? event.api_version);
  const signed = signPayload(standIn, payload, { secrets: settings?.secrets ?? [] });
  const posting = post(
    endpoint.url,
    signed.body,
    signed.headers,
    standIn.settings.deliveryTimeoutMs,
    standIn.deliveryState.stopping.signal,
  );
  standIn.deliveryState.inFlight.add(posting);
  try {
    return await posting;
  } finally {
    standIn.deliveryState.inFlight.delete(posting);
  }
}

function isOpen(delivery: Delivery): boolean {
  return delivery.status === "pending" || delivery.status === "taken";
}

export function deliveriesOf(standIn: StandIn, eventId: string): Delivery[] {
  return standIn.store.deliveries.where("event", eventId);
}

function refreshPendingCount(standIn: StandIn, eventId: string): void {
  if (standIn.store.events.get(eventId) === undefined) return;
  const pending = deliveriesOf(standIn, eventId).filter(isOpen).length;
  standIn.store.events.update(eventId, { pending_webhooks: pending });
}

/** Owes the event to every endpoint that listens for it, and starts posting unless deliveries are held. */
export function enqueueDeliveries(standIn: StandIn, event: StoredEvent): void {
  const deliveries = endpointsFor(standIn, event).map((endpoint) =>
    standIn.store.deliveries.put({
      id: newId("dlv"),
      event: event.id,
      endpoint: endpoint.id,
      status: "pending",
      attempts: [],
      nextAttemptAt: null,
    }),
  );
  refreshPendingCount(standIn, event.id);
  if (standIn.deliveryState.mode === "manual") return;
  for (const delivery of deliveries) beginChaotically(standIn, delivery);
}

function beginChaotically(standIn: StandIn, delivery: Delivery): void {
  const fate = standIn.deliveryState.chaos?.next();
  if (fate?.lost === true) {
    standIn.store.deliveries.update(delivery.id, { status: "dropped" });
    refreshPendingCount(standIn, delivery.event);
    return;
  }
  beginDelivery(standIn, delivery.id, standIn.deliveryState.delayMs + (fate?.delayMs ?? 0));
  if (fate === undefined || fate.twice === "no") return;
  const event = standIn.store.events.get(delivery.event);
  const endpoint = standIn.store.endpoints.get(delivery.endpoint);
  if (event === undefined || endpoint === undefined) return;
  const second = fate.twice === "same" ? event : duplicateEvent(standIn, event);
  track(standIn, postTo(standIn, endpoint, second));
}

function beginDelivery(standIn: StandIn, deliveryId: string, delayMs: number): void {
  if (delayMs === 0) {
    startAttempt(standIn, deliveryId);
    return;
  }
  const nextAttemptAt = standIn.clock.now() + delayMs;
  standIn.store.deliveries.update(deliveryId, { nextAttemptAt });
  standIn.timers.schedule("attempt_delivery", deliveryId, nextAttemptAt);
}

function startAttempt(standIn: StandIn, deliveryId: string): void {
  track(standIn, attemptDelivery(standIn, deliveryId));
}

function track(standIn: StandIn, work: Promise<unknown>): void {
  standIn.deliveryState.inFlight.add(work);
  void work.finally(() => standIn.deliveryState.inFlight.delete(work));
}

/** A second Event object for the same change: Stripe says these occur. It has its own id and nothing is posted yet. */
export function duplicateEvent(standIn: StandIn, event: StoredEvent): StoredEvent {
  return standIn.store.events.put({ ...structuredClone(event), id: newId("evt", 24), pending_webhooks: 0 });
}

/** Tries one delivery; does nothing when it is done, dropped or taken, or when deliveries are held. */
export async function attemptDelivery(standIn: StandIn, deliveryId: string): Promise<void> {
  const delivery = standIn.store.deliveries.get(deliveryId);
  if (delivery?.status !== "pending" || standIn.deliveryState.mode === "manual") return;
  const event = standIn.store.events.get(delivery.event);
  const endpoint = standIn.store.endpoints.get(delivery.endpoint);
  if (event === undefined || endpoint === undefined) return;
  record(standIn, deliveryId, await postTo(standIn, endpoint, event));
}

/** Writes an attempt down and plans the next one, until the retry schedule is used up. */
export function record(standIn: StandIn, deliveryId: string, result: PostResult): void {
  // Read again: other attempts may have ended while this one was under way.
  const delivery = standIn.store.deliveries.get(deliveryId);
  if (delivery === undefined) return;
  const attempts = [...delivery.attempts, { at: standIn.clock.now(), ...result }];
  if (isAccepted(result) || delivery.status === "succeeded") {
    standIn.timers.cancel("attempt_delivery", deliveryId);
    standIn.store.deliveries.update(deliveryId, { attempts, status: "succeeded", nextAttemptAt: null });
  } else if (delivery.status === "pending") {
    planRetry(standIn, { ...delivery, attempts });
  } else {
    standIn.store.deliveries.update(deliveryId, { attempts });
  }
  refreshPendingCount(standIn, delivery.event);
}

function planRetry(standIn: StandIn, delivery: Delivery): void {
  const delayMs = standIn.settings.retryDelaysMs[delivery.attempts.length - 1];
  if (delayMs === undefined) {
    standIn.store.deliveries.put({ ...delivery, status: "failed", nextAttemptAt: null });
    return;
  }
  const nextAttemptAt = standIn.clock.now() + delayMs;
  standIn.store.deliveries.put({ ...delivery, nextAttemptAt });
  standIn.timers.schedule("attempt_delivery", delivery.id, nextAttemptAt);
}

/** The deliveries of an event will not be tried again; the event itself stays listed as undelivered. */
export function dropEvent(standIn: StandIn, eventId: string): void {
  for (const delivery of deliveriesOf(standIn, eventId).filter(isOpen)) {
    standIn.timers.cancel("attempt_delivery", delivery.id);
    standIn.store.deliveries.update(delivery.id, { status: "dropped", nextAttemptAt: null });
  }
  refreshPendingCount(standIn, eventId);
}

export function holdDeliveries(standIn: StandIn): void {
  standIn.deliveryState.mode = "manual";
}

/** Deliveries run by themselves again; everything held back is posted now. */
export function releaseDeliveries(standIn: StandIn): void {
  standIn.deliveryState.mode = "auto";
  for (const delivery of standIn.store.deliveries.all()) {
    if (!isOpen(delivery)) continue;
    standIn.store.deliveries.update(delivery.id, { status: "pending" });
    startAttempt(standIn, delivery.id);
  }
}

/** After a restart: what was owed and has no attempt planned, because the process ended in the middle of one, is posted now. */
export function resumeDeliveries(standIn: StandIn): void {
  if (standIn.deliveryState.mode === "manual") return;
  for (const delivery of standIn.store.deliveries.all()) {
    const isPlanned = standIn.store.timers.get(`attempt_delivery:${delivery.id}`) !== undefined;
    if (delivery.status === "pending" && !isPlanned) startAttempt(standIn, delivery.id);
  }
}

/** Resolves when no post is under way. Retries that are planned for later do not count. */
export async function deliveriesIdle(standIn: StandIn): Promise<void> {
  while (standIn.deliveryState.inFlight.size > 0)
    await Promise.allSettled([...standIn.deliveryState.inFlight]);
}
