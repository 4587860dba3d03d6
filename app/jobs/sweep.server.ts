import {
  sessionsCursor,
  sweepCheckoutSessions,
} from "#app/domain/stripe-sync/sweep-checkout-sessions.server.ts";
import { type Sweep, SweepStopped, takeSweepTurn } from "#app/domain/stripe-sync/sweep-cursor.server.ts";
import { reversalsCursor, sweepReversals } from "#app/domain/stripe-sync/sweep-reversals.server.ts";
import {
  subscriptionsCursor,
  sweepSubscriptions,
} from "#app/domain/stripe-sync/sweep-subscriptions.server.ts";
import { eventsCursor, sweepEvents } from "#app/domain/webhook-inbox/sweep-events.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { wakeWorker } from "#app/infra/wake-worker.server.ts";

type NamedSweep = { name: string; run: Sweep };

const hourMs = 3_600_000;

const hourly: readonly NamedSweep[] = [
  { name: sessionsCursor, run: sweepCheckoutSessions },
  { name: eventsCursor, run: sweepEvents },
];
const nightly: readonly NamedSweep[] = [
  { name: reversalsCursor, run: sweepReversals },
  { name: subscriptionsCursor, run: sweepSubscriptions },
];

/** Looks for sales and events of the last hour that no webhook told of, when the last look is an hour old. */
export function runHourlySweep(now: Date, isStopping?: () => boolean): Promise<number> {
  return runDue(hourly, now, hourMs, isStopping);
}

/** Compares everything that runs at Stripe with what was synced, when that was last done a day ago. */
export function runNightlySweep(now: Date, isStopping?: () => boolean): Promise<number> {
  return runDue(nightly, now, 24 * hourMs, isStopping);
}

/** One sweep that fails leaves the others to their work; it is logged and tried again. */
async function runDue(
  sweeps: readonly NamedSweep[],
  now: Date,
  everyMs: number,
  isStopping?: () => boolean,
): Promise<number> {
  let found = 0;
  for (const { name, run } of sweeps) {
    try {
      if (await takeSweepTurn(name, now, everyMs)) found += await run(now, isStopping);
    } catch (error) {
      if (error instanceof SweepStopped) break;
      logger().error({ err: error, sweep: name }, "a sweep failed; it is tried again");
    }
  }
  if (found > 0) wakeWorker();
  return found;
}

/** Every sweep once, now, whenever the last one was; one that fails leaves the others to their work. */
export async function sweepEverything(now: Date): Promise<{ found: number; firstError: unknown }> {
  let found = 0;
  let firstError: unknown = null;
  for (const { run } of [...hourly, ...nightly]) {
    try {
      found += await run(now);
    } catch (error) {
      firstError ??= error;
    }
  }
  return { found, firstError };
}
