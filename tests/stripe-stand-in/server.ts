import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { billingTimers } from "./billing/timer-handlers.ts";
import { expireWhenOpen } from "./checkout/expire.ts";
import { settleWhenProcessing } from "./checkout/settle.ts";
import { createClock } from "./clock.ts";
import { readOffsetMs, writeMovesTo } from "./clock-file.ts";
import { commandsOf, type RunningStandIn } from "./commands.ts";
import type { StandIn } from "./context.ts";
import { createFaults } from "./faults.ts";
import { listen } from "./http-listener.ts";
import { type StandInOptions, settingsFrom } from "./options.ts";
import { createRequestLog } from "./request-log.ts";
import { addEndpoint } from "./resources/webhook-endpoints.ts";
import { routes } from "./routes.ts";
import { seedCoupons } from "./seed.ts";
import { keepStateIn } from "./state-file.ts";
import { createStore } from "./store.ts";
import { createTimers } from "./timers.ts";
import { attemptDelivery, deliveriesIdle, resumeDeliveries } from "./webhooks/deliveries.ts";

export type { RunningStandIn, SessionOverrides } from "./commands.ts";
export type { StandInOptions } from "./options.ts";

/** Starts a Stripe of our own on a local port. Resolves once it listens. */
export async function startStripeStandIn(options: StandInOptions = {}): Promise<RunningStandIn> {
  const standIn = assemble(options);
  const keptOffsetMs = options.clockFile === undefined ? null : readOffsetMs(options.clockFile);
  const server = createServer((request, response) => {
    listen(standIn, request, response).catch((error: unknown) => {
      console.error("The Stripe stand-in failed on a request:", error);
      response.destroy();
    });
  });
  const host = options.host ?? "127.0.0.1";
  const stateFile = options.stateFile === undefined ? null : keepStateIn(standIn, options.stateFile);
  if (options.clockFile !== undefined) {
    // The clock as the state file has it is written down, too: the two files never disagree.
    const { clock, timers } = standIn;
    clock.moveTo(keptOffsetMs === null ? clock.now() : clock.wireNow() + keptOffsetMs);
    timers.rearm();
  }
  const port = await startListening(server, options.port ?? 0, host).catch((error: unknown) => {
    standIn.timers.stop();
    throw error;
  });
  const apiBase = `http://${host}:${port}`;
  standIn.settings.publicBase = options.publicBase ?? apiBase;
  furnish(standIn, options);
  resumeDeliveries(standIn);
  const stop = async () => {
    standIn.timers.stop();
    standIn.deliveryState.mode = "manual";
    server.close();
    server.closeAllConnections();
    standIn.deliveryState.stopping.abort();
    await deliveriesIdle(standIn);
    stateFile?.flush();
  };
  return {
    url: standIn.settings.publicBase,
    apiBase,
    port,
    ...commandsOf(standIn, () => furnish(standIn, options)),
    stop,
  };
}

function assemble(options: StandInOptions): StandIn {
  const settings = settingsFrom(options);
  const store = createStore();
  const ownClock = options.clock ?? createClock();
  const clock = options.clockFile === undefined ? ownClock : writeMovesTo(ownClock, options.clockFile);
  const timers = createTimers(
    store,
    clock,
    {
      expire_session: (subject) => expireWhenOpen(standIn, subject),
      settle_payment: (subject) => settleWhenProcessing(standIn, subject),
      attempt_delivery: (subject) => attemptDelivery(standIn, subject),
      ...billingTimers(() => standIn),
    },
    () => deliveriesIdle(standIn),
  );
  const standIn: StandIn = {
    settings,
    routes,
    clock,
    store,
    timers,
    faults: createFaults(),
    requestLog: createRequestLog(),
    deliveryState: {
      mode: options.deliver ?? "auto",
      delayMs: 0,
      chaos: null,
      inFlight: new Set(),
      stopping: new AbortController(),
    },
  };
  return standIn;
}

/** The coupons and endpoints a stand-in starts with. An endpoint kept from an earlier run keeps its id, and so its deliveries. */
function furnish(standIn: StandIn, options: StandInOptions): void {
  seedCoupons(standIn);
  for (const input of options.endpoints ?? []) {
    const kept = standIn.store.endpoints.all().find((endpoint) => endpoint.url === input.url);
    addEndpoint(standIn, input, kept?.id);
  }
}

function startListening(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      const address: AddressInfo | string | null = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}
