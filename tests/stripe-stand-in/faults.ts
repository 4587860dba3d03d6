export type Fault = {
  /** Answer with this status, hang up (`reset`), never answer (`timeout`), a 404 that is
   * not in Stripe's shape (`bare_404`), or answer late (`latencyMs` alone). */
  outcome: number | "reset" | "timeout" | "bare_404" | null;
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
      status?: number | "reset" | "timeout" | "bare_404";
      latencyMs?: number;
      match?: RegExp;
      applied?: boolean;
      stored?: boolean;
    };

export type Faults = {
  /** The next `count` API requests (whose `METHOD /path` matches) meet this fault. */
  next(count: number, spec: FaultSpec): void;
  /** From now on this share of the requests that no planned fault meets gets one of these, as `random` draws. */
  sometimes(share: number, specs: readonly FaultSpec[], random: () => number): void;
  /** Neither planned nor random faults any more. */
  clear(): void;
  /** How many are still to come. */
  pending(): number;
  take(methodAndPath: string): Fault | null;
};

type Matching = Fault & { match: RegExp | null };
type Queued = Matching & { left: number };
type Random = { share: number; specs: readonly FaultSpec[]; random: () => number };

function faultOf(spec: FaultSpec): Matching {
  const details = typeof spec === "string" ? { status: spec } : spec;
  return {
    match: details.match ?? null,
    outcome: details.status ?? null,
    latencyMs: details.latencyMs ?? 0,
    applied: details.applied ?? false,
    stored: details.stored ?? false,
  };
}

function drawFrom({ share, specs, random }: Random, methodAndPath: string): Fault | null {
  const isFault = random() < share;
  const spec = specs[Math.floor(random() * specs.length)];
  if (!isFault || spec === undefined) return null;
  const fault = faultOf(spec);
  return (fault.match?.test(methodAndPath) ?? true) ? fault : null;
}

export function createFaults(): Faults {
  let queue: Queued[] = [];
  let chance: Random | null = null;
  return {
    next: (count, spec) => {
      queue.push({ ...faultOf(spec), left: count });
    },
    sometimes: (share, specs, random) => {
      chance = share > 0 ? { share, specs, random } : null;
    },
    clear: () => {
      queue = [];
      chance = null;
    },
    pending: () => queue.reduce((sum, fault) => sum + fault.left, 0),
    take: (methodAndPath) => {
      const fault = queue.find((candidate) => candidate.match?.test(methodAndPath) ?? true);
      if (fault === undefined) return chance === null ? null : drawFrom(chance, methodAndPath);
      fault.left -= 1;
      if (fault.left <= 0) queue = queue.filter((candidate) => candidate !== fault);
      return fault;
    },
  };
}
