import type { Call } from "#app/api/endpoint.server.ts";
import { Problem } from "#app/api/problem.ts";
import { type DeviceQuestion, findLicense } from "#app/domain/activation/find-license.server.ts";
import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import { isProduct } from "#app/domain/activation/product-reference.ts";
import { type CallLimitName, countCall } from "#app/http/call-limits.server.ts";

/**
 * The license a public call is about, counted: a known key under its address and itself, anything else under the failures
 * of its address. So a stranger's failures, even from the same address, never stand in the way of a good key.
 * `product` narrows to one product: a key of another one is as unknown as a made-up one.
 * @throws Problem rate_limited
 */
export async function lookUpLicense(
  call: Call,
  question: { key: string; device?: DeviceQuestion; product?: string },
): Promise<FoundLicense | null> {
  const found = await findLicense(question, call.now);
  const address = call.clientAddress;
  if (!found || (question.product !== undefined && !isProduct(found, question.product))) {
    count(call, "failed-lookup", address);
    return null;
  }
  count(call, "public-address", address);
  count(call, "public-key", found.id);
  return found;
}

/** @throws Problem rate_limited when there is no turn left. */
export function count(call: Pick<Call, "counted">, limit: CallLimitName, who: string): void {
  const turn = countCall(limit, who);
  call.counted.push(turn);
  if (!turn.allowed)
    throw new Problem("rate_limited", "Too many calls. Wait as long as Retry-After says.", {
      retryAfterSeconds: turn.retryAfterSeconds,
    });
}
