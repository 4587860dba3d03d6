import type { StandIn } from "./context.ts";
import { unknownUrl } from "./errors.ts";
import type { Route } from "./route.ts";

/** The line of the route table for a request, with the ids of its path. Throws Stripe's error when there is none. */
export function findRoute(standIn: StandIn, method: string, path: string): { route: Route; ids: string[] } {
  for (const route of standIn.routes) {
    const match = route.method === method ? route.pattern.exec(path) : null;
    if (match !== null) return { route, ids: match.slice(1).map(decodeURIComponent) };
  }
  throw unknownUrl(method, path);
}
