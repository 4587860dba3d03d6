import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import type { StoredEvent } from "#tests/stripe-stand-in/stored-types.ts";

export type SnapshotEvent = Omit<StoredEvent, "thin_only">;

/** What an endpoint of this API version is sent. */
export function snapshotFor(_standIn: StandIn, event: StoredEvent, apiVersion: string): SnapshotEvent {
  return { ...event, api_version: apiVersion };
}
