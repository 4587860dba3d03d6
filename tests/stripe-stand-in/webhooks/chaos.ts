import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import type { FaultSpec } from "#tests/stripe-stand-in/faults.ts";
import { seededRandom } from "#tests/stripe-stand-in/random.ts";
import type { StoredEvent } from "#tests/stripe-stand-in/stored-types.ts";

/** Shares between 0 and 1; what is not given does not happen. */
export type ChaosInput = {
  seed: number;
  /** Of deliveries that never arrive. */
  lose?: number;
  /** Of deliveries that arrive twice, every other time as a second Event object. */
  duplicate?: number;
  /** Of deliveries that arrive out of turn. */
  reorder?: number;
  /** Of API requests that meet one of `faults`. */
  apiFaults?: number;
  /** 429, 500, a hang-up before and a hang-up after the work was done, unless given. */
  faults?: readonly FaultSpec[];
};

export type Chaos = {
  /** What becomes of the next delivery. `delayMs` is 0 for one in its turn. */
  next(): { lost: boolean; twice: "no" | "same" | "new event"; delayMs: number };
  /** The events in the order they arrive. */
  shuffled(events: readonly StoredEvent[]): StoredEvent[];
};

const LONGEST_DELAY_MS = 30_000;
const USUAL_FAULTS: readonly FaultSpec[] = [
  { status: 429 },
  { status: 500 },
  { status: "reset" },
  { status: "reset", applied: true },
];

/** From now on deliveries and API requests go wrong in a way the seed decides. Replaces what was set before. */
export function startChaos(standIn: StandIn, input: ChaosInput): void {
  standIn.deliveryState.chaos = chaosOf(input);
  // A generator of its own: how many requests a program makes must not change which deliveries are lost.
  const random = seededRandom(input.seed + 1);
  standIn.faults.sometimes(input.apiFaults ?? 0, input.faults ?? USUAL_FAULTS, random);
}

/** Everything goes right again. */
export function stopChaos(standIn: StandIn): void {
  standIn.deliveryState.chaos = null;
  standIn.faults.sometimes(0, [], Math.random);
}

function chaosOf({ seed, lose = 0, duplicate = 0, reorder = 0 }: ChaosInput): Chaos {
  const random = seededRandom(seed);
  return {
    next: () => {
      // Always the same number of draws, so that one share does not change what another one decides.
      const [isLost, isTwice, isNew, isLate, delay] = [random(), random(), random(), random(), random()];
      const twice = isTwice < duplicate ? (isNew < 0.5 ? "new event" : "same") : "no";
      return {
        lost: isLost < lose,
        twice,
        delayMs: isLate < reorder ? Math.ceil(delay * LONGEST_DELAY_MS) : 0,
      };
    },
    shuffled: (events) => {
      const placed = events.map((event, index) => {
        const isMoved = random() < reorder;
        const place = random() * events.length;
        return { event, place: isMoved ? place : index };
      });
      return placed.sort((a, b) => a.place - b.place).map(({ event }) => event);
    },
  };
}
