import type { Clock } from "./clock.ts";
import type { Faults } from "./faults.ts";
import type { RequestLog } from "./request-log.ts";
import type { Route } from "./route.ts";
import type { Store } from "./store.ts";
import type { Timers } from "./timers.ts";
import type { Chaos } from "./webhooks/chaos.ts";

export type Settings = {
  /** Where the checkout pages are reached; known once the server listens. */
  publicBase: string;
  /** The one key accepted, or null for every test key. */
  secretKey: string | null;
  livemode: boolean;
  retryDelaysMs: readonly number[];
  deliveryTimeoutMs: number;
  /** How long after the purchase a delayed payment settles by itself. */
  settlementDelayMs: number;
  /** Hold the buyer's redirect until the webhooks were answered, as Stripe does for up to ten seconds. */
  waitForDeliveries: boolean;
  watchUrl: string | null;
};

/** Who caused a change, as events tell it: an API request, or null for the checkout page and the clock. */
export type Cause = { requestId: string; idempotencyKey: string | null } | null;

export type StandIn = {
  settings: Settings;
  /** Every address of the API. Kept here, because the work behind some addresses calls others. */
  routes: readonly Route[];
  clock: Clock;
  store: Store;
  timers: Timers;
  faults: Faults;
  requestLog: RequestLog;
  deliveryState: {
    /** `auto` posts at once and retries; `manual` waits to be told. */
    mode: "auto" | "manual";
    /** How long a new delivery waits for its first attempt. */
    delayMs: number;
    /** What goes wrong with deliveries; null while nothing does. */
    chaos: Chaos | null;
    inFlight: Set<Promise<unknown>>;
    /** Aborted when the stand-in stops: posts under way are given up. */
    stopping: AbortController;
  };
};
