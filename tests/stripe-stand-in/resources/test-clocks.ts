import { z } from "zod";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest, resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { newId } from "#tests/stripe-stand-in/ids.ts";
import { listPage } from "#tests/stripe-stand-in/list.ts";
import { acceptedAll, listParameters, nothing, text, timestamp } from "#tests/stripe-stand-in/parameters.ts";
import { type Call, firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredTestClock } from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";
import { isLive, removeCustomer } from "./customers.ts";

const LIFE_SECONDS = 30 * 24 * 60 * 60;
const createParameters = z.strictObject({
  ...acceptedAll(["customer"]),
  frozen_time: timestamp,
  name: text.optional(),
});
const advanceParameters = z.strictObject({ frozen_time: timestamp });

function requireClock(standIn: StandIn, id: string): StoredTestClock {
  const clock = standIn.store.testClocks.get(id);
  if (clock === undefined) throw resourceMissing("test_clock", id);
  return clock;
}

/** All test clocks are the stand-in's one clock: a later time moves it there, an earlier one is only written down. */
function create(standIn: StandIn, sent: z.output<typeof createParameters>, call: Call): StoredTestClock {
  const clock = standIn.store.testClocks.put({
    id: newId("clock"),
    object: "test_helpers.test_clock",
    created: standIn.clock.seconds(),
    deletes_after: standIn.clock.seconds() + LIFE_SECONDS,
    frozen_time: sent.frozen_time,
    livemode: false,
    name: sent.name ?? null,
    status: "ready",
    status_details: {},
  });
  emit(standIn, "test_helpers.test_clock.created", clock, call.cause);
  if (sent.frozen_time > standIn.clock.seconds()) travel(standIn, clock.id, sent.frozen_time);
  return clock;
}

function advance(standIn: StandIn, id: string, to: number, call: Call): StoredTestClock {
  const clock = requireClock(standIn, id);
  if (clock.status === "advancing") throw invalidRequest("This test clock is already advancing.");
  if (to <= clock.frozen_time) {
    throw invalidRequest("The new frozen time must be after the current one.", "frozen_time");
  }
  const advancing = standIn.store.testClocks.update(id, {
    status: "advancing",
    status_details: { advancing: { target_frozen_time: to } },
  });
  emit(standIn, "test_helpers.test_clock.advancing", advancing, call.cause);
  travel(standIn, id, to);
  return advancing;
}

function travel(standIn: StandIn, id: string, to: number): void {
  const arrive = () => {
    if (standIn.store.testClocks.get(id) === undefined) return;
    const changes = { status: "ready", frozen_time: to, status_details: {} } as const;
    emit(standIn, "test_helpers.test_clock.ready", standIn.store.testClocks.update(id, changes), null);
  };
  const target = Math.max(to * 1000, standIn.clock.now());
  void standIn.timers.travelTo(target).then(arrive);
}

function remove(standIn: StandIn, id: string, call: Call) {
  const clock = requireClock(standIn, id);
  for (const customer of standIn.store.customers.all()) {
    if (isLive(customer) && customer.test_clock === id) removeCustomer(standIn, customer.id, call.cause);
  }
  standIn.store.testClocks.remove(id);
  emit(standIn, "test_helpers.test_clock.deleted", clock, call.cause);
  return { id, object: "test_helpers.test_clock", deleted: true };
}

const path = "/v1/test_helpers/test_clocks";

export const testClockRoutes: Route[] = [
  route("GET", path, z.strictObject(listParameters), (standIn, sent, call) =>
    listPage(standIn.store.testClocks.all(), sent, call.path, "test clock"),
  ),
  route("POST", path, createParameters, create),
  route("GET", `${path}/:id`, nothing, (standIn, _sent, call) => requireClock(standIn, firstId(call))),
  route("DELETE", `${path}/:id`, nothing, (standIn, _sent, call) => remove(standIn, firstId(call), call)),
  route("POST", `${path}/:id/advance`, advanceParameters, (standIn, sent, call) =>
    advance(standIn, firstId(call), sent.frozen_time, call),
  ),
];
