import { randomBytes } from "node:crypto";
import { afterAll } from "vitest";
import { closeDb } from "#app/infra/db.server.ts";
import { parseEnv, type RuntimeEnv, setRuntimeEnv } from "#app/infra/env.server.ts";
import { createTestDatabase } from "#tests/setup/database.ts";

/**
 * Gives the test file a migrated database of its own and makes it the runtime of the process; both are
 * gone after the file. Call it once, at the top.
 */
export async function useTestRuntime(overrides: Partial<RuntimeEnv> = {}): Promise<RuntimeEnv> {
  const database = await createTestDatabase();
  const env: RuntimeEnv = {
    ...parseEnv({ PORT: "0", APP_URL: "http://localhost:3000", LOG_LEVEL: "silent" }),
    databaseUrl: database.url,
    masterKey: randomBytes(32),
    stripeSecretKey: "sk_test_latchkey",
    stripeWebhookSecrets: ["whsec_test"],
    ...overrides,
  };
  process.env.LOG_LEVEL = "silent";
  setRuntimeEnv(env);
  afterAll(async () => {
    await closeDb();
    await database.drop();
  });
  return env;
}
