import type { Clock } from "./clock.ts";
import type { Store } from "./store.ts";
import type { Timer, TimerKind } from "./stored-types.ts";
import { createTimerQueue } from "./timer-queue.ts";

const LONGEST_TIMEOUT_MS = 2_147_483_647;

export type TimerHandlers = Record<TimerKind, (subject: string) => void | Promise<void>>;
export type Timers = {
  /** One timer for each kind and subject: scheduling again moves it. */
  schedule(kind: TimerKind, subject: string, atMs: number): void;
  cancel(kind: TimerKind, subject: string): void;
  /** Moves the clock, running on the way everything that falls due at the moment it falls due. */
  travelTo(atMs: number): Promise<void>;
  /** Looks at the table again, after it was loaded from a file. */
  rearm(): void;
  stop(): void;
};

/** Everything that happens by itself later is a row of the `timers` table, so it survives a restart. */
export function createTimers(
  store: Store,
  clock: Clock,
  handlers: TimerHandlers,
  /** What a traveling clock waits for before it moves on: webhooks sent at one moment are answered at that moment. */
  settled: () => Promise<void> = async () => undefined,
): Timers {
  let armed: NodeJS.Timeout | undefined;
  let stopped = false;

  const queue = createTimerQueue();

  /** Entries of timers that were moved, canceled or have run are dropped when they come up: the table is what counts. */
  const next = (): Timer | undefined => {
    for (let first = queue.first(); first !== undefined; first = queue.first()) {
      const timer = store.timers.get(first.id);
      if (timer?.at === first.at) return timer;
      queue.removeFirst();
    }
    return undefined;
  };

  const runDueBy = async (atMs: number, moveClock: boolean) => {
    for (let timer = next(); timer !== undefined && timer.at <= atMs; timer = next()) {
      // Removed before it runs: whoever removes it runs it, once.
      store.timers.remove(timer.id);
      if (moveClock && timer.at > clock.now()) {
        await settled();
        clock.moveTo(timer.at);
      }
      await handlers[timer.kind](timer.subject);
    }
  };

  const arm = () => {
    clearTimeout(armed);
    const timer = next();
    if (stopped || timer === undefined) return;
    const delayMs = Math.min(Math.max(timer.at - clock.now(), 0), LONGEST_TIMEOUT_MS);
    armed = setTimeout(() => void runDueBy(clock.now(), false).then(arm), delayMs);
    armed.unref();
  };

  const rearm = () => {
    queue.clear();
    for (const timer of store.timers.all()) queue.push(timer);
    arm();
  };

  return {
    schedule: (kind, subject, atMs) => {
      queue.push(store.timers.put({ id: `${kind}:${subject}`, at: atMs, kind, subject }));
      arm();
    },
    cancel: (kind, subject) => store.timers.remove(`${kind}:${subject}`),
    travelTo: async (atMs) => {
      await runDueBy(atMs, true);
      await settled();
      clock.moveTo(atMs);
      arm();
    },
    rearm,
    stop: () => {
      stopped = true;
      clearTimeout(armed);
    },
  };
}
