import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import type { StoredEvent } from "#tests/stripe-stand-in/stored-types.ts";
import { deliveriesOf, dropEvent, duplicateEvent, endpointsFor, postTo, record } from "./deliveries.ts";
import type { PostResult } from "./post.ts";

export type DeliverOptions = {
  /** How often to post it; 1 unless given. */
  copies?: number;
  /** All copies at the same moment instead of one after the other. */
  concurrently?: boolean;
  /** Post a second Event object for the same change, with an id of its own. */
  asNewEventId?: boolean;
};

/**
 * Posts an event now to every endpoint that listens for its type, signed with a fresh timestamp, also when it was
 * delivered, dropped or taken before. Answers come in the order copies were sent, endpoint by endpoint.
 */
export async function deliver(
  standIn: StandIn,
  eventId: string,
  options: DeliverOptions = {},
): Promise<PostResult[]> {
  const original = requireEvent(standIn, eventId);
  const event = options.asNewEventId === true ? duplicateEvent(standIn, original) : original;
  const endpoints = endpointsFor(standIn, event);
  const posts = Array.from({ length: options.copies ?? 1 }, () => endpoints).flat();
  const send = async (endpoint: (typeof endpoints)[number]) => {
    const result = await postTo(standIn, endpoint, event);
    const delivery = deliveriesOf(standIn, event.id).find((candidate) => candidate.endpoint === endpoint.id);
    if (delivery !== undefined) record(standIn, delivery.id, result);
    return result;
  };
  if (options.concurrently === true) return Promise.all(posts.map(send));
  const results: PostResult[] = [];
  for (const endpoint of posts) results.push(await send(endpoint));
  return results;
}

/** Every event with a delivery nobody decided about yet, oldest first; from now on they are the caller's to deliver or drop. */
export function takePending(standIn: StandIn): StoredEvent[] {
  const pending = standIn.store.deliveries.all().filter((delivery) => delivery.status === "pending");
  for (const delivery of pending) {
    standIn.timers.cancel("attempt_delivery", delivery.id);
    standIn.store.deliveries.update(delivery.id, { status: "taken", nextAttemptAt: null });
  }
  const ids = new Set(pending.map((delivery) => delivery.event));
  return standIn.store.events.all().filter((event) => ids.has(event.id));
}

export type PendingOutcome = { posts: PostResult[]; lost: StoredEvent[] };

/** Posts everything nobody decided about yet: in order, or, while there is chaos, in the order and number it decides. */
export async function deliverPending(standIn: StandIn): Promise<PendingOutcome> {
  const { chaos } = standIn.deliveryState;
  const events = takePending(standIn);
  const outcome: PendingOutcome = { posts: [], lost: [] };
  for (const event of chaos === null ? events : chaos.shuffled(events)) {
    const fate = chaos?.next() ?? { lost: false, twice: "no" };
    if (fate.lost) {
      dropEvent(standIn, event.id);
      outcome.lost.push(event);
      continue;
    }
    outcome.posts.push(...(await deliver(standIn, event.id)));
    if (fate.twice === "no") continue;
    const asNewEventId = fate.twice === "new event";
    outcome.posts.push(...(await deliver(standIn, event.id, { asNewEventId })));
  }
  return outcome;
}

export function requireEvent(standIn: StandIn, eventId: string): StoredEvent {
  const event = standIn.store.events.get(eventId);
  if (event === undefined) throw new Error(`The stand-in has no event ${eventId}`);
  return event;
}
