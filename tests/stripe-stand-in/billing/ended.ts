import type { StoredSubscription } from "#tests/stripe-stand-in/stored-types.ts";

/** `canceled` and `incomplete_expired` are for good. */
export function hasEnded({ status }: StoredSubscription): boolean {
  return status === "canceled" || status === "incomplete_expired";
}
