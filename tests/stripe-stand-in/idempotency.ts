import { createHash } from "node:crypto";
import type { StandIn } from "./context.ts";
import { invalidRequest, StripeApiError } from "./errors.ts";
import type { FormHash, FormValue } from "./request-body.ts";
import type { IdempotentAnswer } from "./stored-types.ts";

const REMEMBERED_MS = 24 * 60 * 60 * 1000;
const LONGEST_KEY = 255;

export type Claim =
  | { kind: "replay"; answer: IdempotentAnswer }
  | { kind: "first"; remember(status: number, body: string, requestId: string): void; release(): void };

const inFlight = new WeakMap<StandIn, Set<string>>();

function keysInFlight(standIn: StandIn): Set<string> {
  const keys = inFlight.get(standIn) ?? new Set<string>();
  inFlight.set(standIn, keys);
  return keys;
}

function canonical(value: FormValue): unknown {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(canonical);
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, child]) => [key, canonical(child)]);
}

function fingerprintOf(parameters: FormHash): string {
  return createHash("sha256")
    .update(JSON.stringify(canonical(parameters)))
    .digest("hex");
}

/**
 * Claims a key for one POST. Same parameters as before: the saved answer, whatever its status. Other parameters: 400.
 * Still running: 409. After 24 hours a key is forgotten.
 */
export function claimKey(standIn: StandIn, key: string, endpoint: string, parameters: FormHash): Claim {
  if (key.length > LONGEST_KEY) {
    throw invalidRequest(`Idempotency keys must be ${LONGEST_KEY} characters or less in length`);
  }
  const running = keysInFlight(standIn);
  const fingerprint = fingerprintOf(parameters);
  const known = remembered(standIn, key);
  if (known !== undefined) {
    if (known.endpoint !== endpoint)
      throw otherUse(`the same endpoint they were first used for ('${known.endpoint}')`, key);
    if (known.fingerprint !== fingerprint)
      throw otherUse("the same parameters they were first used with", key);
    return { kind: "replay", answer: known };
  }
  if (running.has(key)) throw keyInUse(key);
  running.add(key);
  return {
    kind: "first",
    remember: (status, body, requestId) => {
      const createdAt = standIn.clock.now();
      standIn.store.idempotentAnswers.put({
        id: key,
        fingerprint,
        endpoint,
        requestId,
        status,
        body,
        createdAt,
      });
    },
    release: () => running.delete(key),
  };
}

function remembered(standIn: StandIn, key: string): IdempotentAnswer | undefined {
  const answer = standIn.store.idempotentAnswers.get(key);
  if (answer === undefined || standIn.clock.now() - answer.createdAt < REMEMBERED_MS) return answer;
  standIn.store.idempotentAnswers.remove(key);
  return undefined;
}

function otherUse(rule: string, key: string): StripeApiError {
  const message = `Keys for idempotent requests can only be used with ${rule}. Try using a key other than '${key}' if you meant to execute a different request.`;
  return new StripeApiError(400, { type: "idempotency_error", message });
}

function keyInUse(key: string): StripeApiError {
  const message = `There is currently another in-progress request using this Stripe Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`;
  return new StripeApiError(409, { type: "idempotency_error", code: "idempotency_key_in_use", message });
}
