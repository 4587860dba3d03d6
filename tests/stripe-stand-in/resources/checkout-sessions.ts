import type { z } from "zod";
import { createSession } from "#tests/stripe-stand-in/checkout/create-session.ts";
import { expireSession } from "#tests/stripe-stand-in/checkout/expire.ts";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { listPage } from "#tests/stripe-stand-in/list.ts";
import { mergeMetadata, nothing } from "#tests/stripe-stand-in/parameters.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredSession } from "#tests/stripe-stand-in/stored-types.ts";
import {
  createSessionParameters,
  listSessionParameters,
  updateSessionParameters,
} from "./checkout-session-parameters.ts";
import { lineListParameters, listLineItems } from "./line-items.ts";

function requireSession(standIn: StandIn, id: string): StoredSession {
  const session = standIn.store.sessions.get(id);
  if (session === undefined) throw resourceMissing("checkout.session", id);
  return session;
}

/** The narrowest filter answers from an index. */
function candidates(
  { store }: StandIn,
  { subscription, payment_intent: intent, customer }: z.output<typeof listSessionParameters>,
): StoredSession[] {
  if (subscription !== undefined) return store.sessions.where("subscription", subscription);
  if (intent !== undefined) return store.sessions.where("payment_intent", intent);
  return customer === undefined ? store.sessions.all() : store.sessions.where("customer", customer);
}

function list(standIn: StandIn, sent: z.output<typeof listSessionParameters>, url: string) {
  const email = sent.customer_details?.email;
  const matching = candidates(standIn, sent).filter((session) => {
    if (sent.customer !== undefined && session.customer !== sent.customer) return false;
    if (sent.payment_intent !== undefined && session.payment_intent !== sent.payment_intent) return false;
    if (sent.payment_link !== undefined && session.payment_link !== sent.payment_link) return false;
    if (sent.subscription !== undefined && session.subscription !== sent.subscription) return false;
    if (email !== undefined && session.customer_details?.email !== email) return false;
    return sent.status === undefined || session.status === sent.status;
  });
  return listPage(matching, sent, url, "checkout session");
}

function update(standIn: StandIn, id: string, sent: z.output<typeof updateSessionParameters>): StoredSession {
  const { metadata } = requireSession(standIn, id);
  return standIn.store.sessions.update(id, {
    metadata: mergeMetadata(metadata, sent.metadata === undefined ? {} : sent.metadata),
  });
}

export const checkoutSessionRoutes: Route[] = [
  route("POST", "/v1/checkout/sessions", createSessionParameters, (standIn, sent, call) =>
    createSession(standIn, sent, call.cause),
  ),
  route("GET", "/v1/checkout/sessions", listSessionParameters, (standIn, sent, call) =>
    list(standIn, sent, call.path),
  ),
  route("GET", "/v1/checkout/sessions/:id", nothing, (standIn, _sent, call) =>
    requireSession(standIn, firstId(call)),
  ),
  route("POST", "/v1/checkout/sessions/:id", updateSessionParameters, (standIn, sent, call) =>
    update(standIn, firstId(call), sent),
  ),
  route("POST", "/v1/checkout/sessions/:id/expire", nothing, (standIn, _sent, call) =>
    expireSession(standIn, requireSession(standIn, firstId(call)), call.cause),
  ),
  route("GET", "/v1/checkout/sessions/:id/line_items", lineListParameters, (standIn, sent, call) =>
    listLineItems(standIn, requireSession(standIn, firstId(call)).id, sent, call.path),
  ),
];
