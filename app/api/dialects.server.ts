import { authForge } from "#app/api/authforge/authforge.server.ts";
import { cryptlex } from "#app/api/cryptlex/cryptlex.server.ts";
import type { Dialect } from "#app/api/endpoint.server.ts";
import { keygen } from "#app/api/keygen/keygen.server.ts";
import { lemonSqueezy } from "#app/api/lemon-squeezy/lemon-squeezy.server.ts";
import { simpleLicenseServer } from "#app/api/simple-license-server/simple-license-server.server.ts";
import { v1 } from "#app/api/v1/v1.server.ts";

/** Everything that programs may call: our own API and those of other systems. Addresses never collide. */
export const allDialects: readonly Dialect[] = [
  v1,
  lemonSqueezy,
  keygen,
  simpleLicenseServer,
  authForge,
  cryptlex,
];
