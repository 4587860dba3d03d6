import { z } from "zod";
import { PAYMENT_CHOICES } from "#tests/stripe-stand-in/checkout/buyer-input.ts";
import { expireSession } from "#tests/stripe-stand-in/checkout/expire.ts";
import { pay } from "#tests/stripe-stand-in/checkout/pay.ts";
import { settle } from "#tests/stripe-stand-in/checkout/settle.ts";
import { startChaos, stopChaos } from "#tests/stripe-stand-in/webhooks/chaos.ts";
import { deliver, requireEvent } from "#tests/stripe-stand-in/webhooks/control.ts";
import { dropEvent, holdDeliveries, releaseDeliveries } from "#tests/stripe-stand-in/webhooks/deliveries.ts";
import { type Actions, action, yes } from "./action.ts";
import { billingActions } from "./billing-actions.ts";
import { clockActions } from "./clock-actions.ts";
import { moneyActions } from "./money-actions.ts";

const count = z.coerce.number().int().min(1).max(100);
const share = z.coerce.number().min(0).max(1).default(0);
const onEvent = z.object({ event: z.string() });
const onSession = z.object({ session: z.string() });

const faultSpec = z.object({
  count: count.default(1),
  outcome: z
    .union([z.enum(["reset", "timeout", "bare_404"]), z.coerce.number().int().min(400).max(599)])
    .optional(),
  latencyMs: z.coerce.number().int().min(0).max(60_000).default(0),
  applied: yes.default(false),
  stored: yes.default(false),
  /** A regular expression on `METHOD /path`. */
  match: z.string().optional(),
});

/** What one can do from outside: the page's buttons post to `/control/<name>`, programs to `/control/api/<name>`. */
export const actions: Actions = {
  ...clockActions,
  ...billingActions,
  ...moneyActions,
  deliver: action(
    onEvent.extend({
      copies: count.default(1),
      concurrently: yes.default(false),
      asNewEventId: yes.default(false),
    }),
    async (standIn, { event, ...options }) => {
      const results = await deliver(standIn, event, options);
      const statuses = results.map(({ status, error }) => status ?? error).join(", ");
      return { message: `Delivered ${event}: ${statuses || "no endpoint listens for it"}`, result: results };
    },
  ),
  drop: action(onEvent, (standIn, { event }) => {
    dropEvent(standIn, requireEvent(standIn, event).id);
    return { message: `Dropped ${event}: it will not be tried again`, result: null };
  }),
  hold: action(z.unknown(), (standIn) => {
    holdDeliveries(standIn);
    return { message: "Deliveries are held", result: null };
  }),
  release: action(z.unknown(), (standIn) => {
    releaseDeliveries(standIn);
    return { message: "Deliveries run again", result: null };
  }),
  delay: action(z.object({ seconds: z.coerce.number().min(0).max(86_400) }), (standIn, { seconds }) => {
    standIn.deliveryState.delayMs = seconds * 1000;
    return { message: `New deliveries start after ${seconds} s`, result: null };
  }),
  pay: action(
    onSession.extend({
      method: z.enum(PAYMENT_CHOICES).default("card"),
      email: z.string().optional(),
      name: z.string().optional(),
      promotionCode: z.string().optional(),
    }),
    (standIn, { session, method, email, name, promotionCode }) => {
      const result = pay(standIn, session, {
        method,
        ...(email === undefined ? {} : { email }),
        ...(name === undefined ? {} : { name }),
        ...(promotionCode === undefined ? {} : { promotionCode }),
      });
      return { message: `Paid ${session} with ${method}`, result };
    },
  ),
  settle: action(onSession.extend({ outcome: z.enum(["succeeded", "failed"]) }), (standIn, fields) => {
    const session = settle(standIn, fields.session, fields.outcome);
    return { message: `The delayed payment of ${session.id} ${fields.outcome}`, result: session };
  }),
  expire: action(onSession, (standIn, fields) => {
    const session = standIn.store.sessions.get(fields.session);
    if (session === undefined) throw new Error(`There is no Checkout Session ${fields.session}`);
    return { message: `Expired ${session.id}`, result: expireSession(standIn, session, null) };
  }),
  faults: action(faultSpec, (standIn, { count: requests, outcome, latencyMs, applied, stored, match }) => {
    standIn.faults.next(requests, {
      latencyMs,
      applied,
      stored,
      ...(outcome === undefined ? {} : { status: outcome }),
      ...(match === undefined ? {} : { match: new RegExp(match) }),
    });
    const what = outcome ?? `${latencyMs} ms late`;
    return {
      message: `The next ${requests} API requests: ${what}`,
      result: { pending: standIn.faults.pending() },
    };
  }),
  "clear-faults": action(z.unknown(), (standIn) => {
    standIn.faults.clear();
    return { message: "No faults are waiting", result: null };
  }),
  chaos: action(
    z.object({
      seed: z.coerce.number().int(),
      lose: share,
      duplicate: share,
      reorder: share,
      apiFaults: share,
    }),
    (standIn, input) => {
      startChaos(standIn, input);
      return { message: `Chaos with seed ${input.seed}`, result: null };
    },
  ),
  calm: action(z.unknown(), (standIn) => {
    stopChaos(standIn);
    return { message: "Everything goes right again", result: null };
  }),
};
