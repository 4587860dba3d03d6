import { createServer } from "node:http";
import { createApiHandler } from "#app/api/api-handler.server.ts";
import { flushSeen } from "#app/domain/activation/note-seen.server.ts";
import { loadRecentSettings } from "#app/domain/setting/recent-settings.server.ts";
import { parseEnv, setRuntimeEnv } from "#app/infra/env.server.ts";

// The API in a process of its own, for tests that need two of them or one that dies.

const env = parseEnv(process.env);
const { databaseUrl, masterKey } = env;
if (!databaseUrl || !masterKey) throw new Error("Set DATABASE_URL and MASTER_KEY.");
setRuntimeEnv({ ...env, databaseUrl, masterKey });
await loadRecentSettings();
const server = createServer({ maxHeaderSize: 16_384 }, createApiHandler().handle);
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.({ port: typeof address === "object" && address ? address.port : 0 });
});
// The test that started it is gone.
process.on("disconnect", () => process.exit(0));
process.on("SIGTERM", () => void flushSeen().finally(() => process.exit(0)));
