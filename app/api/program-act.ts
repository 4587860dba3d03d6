import type { Call } from "#app/api/endpoint.server.ts";
import { Problem } from "#app/api/problem.ts";
import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import type { ProgramAct } from "#app/domain/license/managed-input.ts";

/**
 * Who does it, when and in which call, for everything an API key changes.
 * @throws Problem unauthorized on an endpoint that asks for no key; such a one may change nothing.
 */
export function programAct({
  caller,
  now,
  requestId,
}: Pick<Call, "caller" | "now" | "requestId">): ProgramAct {
  if (!caller) throw new Problem("unauthorized", "Send an API key.");
  return { actor: { type: "api-key", id: caller.id, label: caller.name }, now, requestId };
}

/** The same for what the app on somebody's device does, to the license whose key it sent. */
export function deviceAct({ actor, now, requestId }: Call, { id }: FoundLicense) {
  return { licenseId: id, actor, now, requestId };
}
