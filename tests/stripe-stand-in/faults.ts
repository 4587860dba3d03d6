export type Fault = {
  /** Answer with this status, hang up (`reset`), never answer (`timeout`), or answer late (`latencyMs` alone). */
  outcome: number | "reset" | "timeout" | null;
  latencyMs: number;
  /** The request is carried out first and only its answer is lost. */
  applied: boolean;
  /** A status that is remembered under the idempotency key, as Stripe remembers a 500. */
  stored: boolean;
};

export type FaultSpec =
  | "reset"
  | "timeout"
  | {
      status?: number | "reset" | "timeout";
      latencyMs?: number;
      match?: RegExp;
      applied?: boolean;
      stored?: boolean;
    };

export type Faults = {
  /** The next `count` API requests (whose `METHOD /path` matches) meet this fault. */
  next(count: number, spec: FaultSpec): void;
  clear(): void;
  /** How many are still to come. */
  pending(): number;
  take(methodAndPath: string): Fault | null;
};

type Queued = Fault & { left: number; match: RegExp | null };

export function createFaults(): Faults {
  let queue: Queued[] = [];
  return {
    next: (count, spec) => {
      const details = typeof spec === "string" ? { status: spec } : spec;
      queue.push({
        left: count,
        match: details.match ?? null,
        outcome: details.status ?? null,
        latencyMs: details.latencyMs ?? 0,
        applied: details.applied ?? false,
        stored: details.stored ?? false,
      });
    },
    clear: () => {
      queue = [];
    },
    pending: () => queue.reduce((sum, fault) => sum + fault.left, 0),
    take: (methodAndPath) => {
      const fault = queue.find((candidate) => candidate.match?.test(methodAndPath) ?? true);
      if (fault === undefined) return null;
      fault.left -= 1;
      if (fault.left <= 0) queue = queue.filter((candidate) => candidate !== fault);
      return fault;
    },
  };
}
