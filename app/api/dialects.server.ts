import type { Dialect } from "#app/api/endpoint.server.ts";
import { v1 } from "#app/api/v1/v1.server.ts";

/** Everything that programs may call: our own API and those of other systems. Addresses never collide. */
export const allDialects: readonly Dialect[] = [v1];
