import type { StandIn } from "./context.ts";
import { findRoute } from "./find-route.ts";
import { newId } from "./ids.ts";
import { toForm } from "./request-body.ts";
import type { Route } from "./route.ts";

/**
 * What Stripe's own pages do: the same work as a request of the API, with the same checks, and without its network, its
 * faults and its log. Throws StripeApiError when it is refused.
 */
export function callApi(
  standIn: StandIn,
  method: Route["method"],
  path: string,
  parameters: object = {},
): unknown {
  const { route, ids } = findRoute(standIn, method, path);
  const cause = { requestId: newId("req", 14), idempotencyKey: null };
  const perform = route.prepare(standIn, toForm(parameters), { ids, path, cause });
  return perform();
}
