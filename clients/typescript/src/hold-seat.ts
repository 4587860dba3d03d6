import type { Check, ServerCheck } from "./check.ts";
import { wait } from "./wait.ts";

export type HoldOptions = {
  /** Ends the holding; the seat then lapses by itself, or at once with `deactivate`. */
  signal: AbortSignal;
  /** Called after every heartbeat the server answered or failed to answer. */
  onBeat?: ((check: Check) => void) | undefined;
};

export type HoldEnd =
  | { reason: "stopped" }
  /** The seats of this license are not floating: there is nothing to hold. */
  | { reason: "not-floating"; check: ServerCheck }
  /** The license stopped working, or others have taken all seats. */
  | { reason: "lost"; check: ServerCheck };

const shortestPauseSeconds = 1;
const longestPauseSeconds = 3_600;

/**
 * Sends heartbeats until the signal is aborted or the server says that the seat is lost: three for each lease, so that
 * one or two may fail. Trouble never ends it.
 */
export async function holdSeat(
  heartbeat: (signal: AbortSignal) => Promise<Check>,
  { signal, onBeat }: HoldOptions,
): Promise<HoldEnd> {
  let pauseSeconds = 30;
  try {
    for (;;) {
      const check = await heartbeat(signal);
      onBeat?.(check);
      if (check.source === "server") {
        if (!check.valid) return { reason: "lost", check };
        const leaseSeconds = check.license?.leaseSeconds ?? null;
        if (leaseSeconds === null) return { reason: "not-floating", check };
        pauseSeconds = Math.min(Math.max(leaseSeconds / 3, shortestPauseSeconds), longestPauseSeconds);
      }
      // A tenth sooner or later, so that apps that were started together do not call together.
      const asked = check.trouble?.retryAfterSeconds ?? 0;
      await wait(Math.max(pauseSeconds, asked) * (0.9 + Math.random() / 5), signal);
    }
  } catch (error) {
    if (signal.aborted) return { reason: "stopped" };
    throw error;
  }
}
