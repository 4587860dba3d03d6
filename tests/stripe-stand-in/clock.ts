const MILLISECONDS_PER_SECOND = 1000;

/** The one source of time. Everything the stand-in dates, orders or times out reads it. */
export type Clock = {
  /** The stand-in's time, in milliseconds since 1970. */
  now(): number;
  /** The same in whole seconds, as Stripe writes it. */
  seconds(): number;
  /** The time of the wire, which moving the clock leaves alone: signatures are dated with it, because a receiver
   * judges their age by its own watch. */
  wireNow(): number;
  moveTo(atMs: number): void;
};

/** A clock that runs with `source` (the machine's time unless given) and can be moved; `startAt` sets its first reading. */
export function createClock(options: { source?: () => number; startAt?: Date } = {}): Clock {
  const source = options.source ?? Date.now;
  let offsetMs = options.startAt === undefined ? 0 : options.startAt.getTime() - source();
  const now = () => source() + offsetMs;
  return {
    now,
    seconds: () => Math.floor(now() / MILLISECONDS_PER_SECOND),
    wireNow: source,
    moveTo: (atMs) => {
      offsetMs = atMs - source();
    },
  };
}
