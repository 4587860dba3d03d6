import type { Clock } from "./clock.ts";
import type { Settings } from "./context.ts";
import type { EndpointInput } from "./resources/webhook-endpoints.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Quick at first, so that a demo shows it; then as patient as Stripe, three days in all. */
const RETRY_DELAYS_MS = [
  SECOND,
  5 * SECOND,
  30 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
].concat(Array.from({ length: 4 }, () => 12 * HOUR));

export type StandInOptions = {
  /** 0 (unless given) takes a free port. */
  port?: number;
  host?: string;
  /** The address buyers' browsers use; the listening address unless given. */
  publicBase?: string;
  /** The only key accepted; unless given, every key that begins with `sk_test_`. */
  secretKey?: string;
  endpoints?: readonly EndpointInput[];
  /** `auto` (unless given) posts at once and retries; `manual` posts only when told to. */
  deliver?: "auto" | "manual";
  clock?: Clock;
  /** What objects say; the key must begin with `sk_test_` either way. */
  livemode?: boolean;
  retryDelaysMs?: readonly number[];
  deliveryTimeoutMs?: number;
  settlementDelayMs?: number;
  waitForDeliveries?: boolean;
  /** Where the state is kept between runs; nowhere unless given. */
  stateFile?: string;
  /** Where it is written how many seconds the clock is ahead of the machine's; nowhere unless given. */
  clockFile?: string;
  /** The shop's own page about its licenses, which the control page links to. */
  watchUrl?: string;
};

/** The settings with every default filled in; the public base is still to come when a free port is asked for. */
export function settingsFrom(options: StandInOptions): Settings {
  return {
    publicBase: options.publicBase ?? "",
    secretKey: options.secretKey ?? null,
    livemode: options.livemode ?? false,
    retryDelaysMs: options.retryDelaysMs ?? RETRY_DELAYS_MS,
    deliveryTimeoutMs: options.deliveryTimeoutMs ?? 10 * SECOND,
    settlementDelayMs: options.settlementDelayMs ?? 2 * DAY,
    watchUrl: options.watchUrl ?? null,
    waitForDeliveries: options.waitForDeliveries ?? false,
  };
}
