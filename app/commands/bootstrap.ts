import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { DatabaseLog } from "#app/infra/database-start-error.server.ts";
import { durabilityWarnings, resolveDatabase } from "#app/infra/database-url.server.ts";
import { closeDb, pool } from "#app/infra/db.server.ts";
import { EnvError, parseEnv, type RuntimeEnv, setRuntimeEnv } from "#app/infra/env.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { closeMailer } from "#app/infra/mailer.server.ts";
import { applyMigrations } from "#app/infra/migrations.server.ts";
import { masterKeyId } from "#app/infra/secrets.server.ts";

export type Started = { env: RuntimeEnv; stop: () => Promise<void> };

/**
 * What every command needs before its work: the environment, a database (the one named, or ours), its schema and the
 * master key. `stop` closes all of it again.
 * @throws EnvError and DatabaseStartError, whose messages say what to do.
 */
export async function bootstrap(
  options: { log?: DatabaseLog; env?: Record<string, string | undefined> } = {},
): Promise<Started> {
  loadEnvFile();
  const env = parseEnv({ ...process.env, ...options.env });
  process.env.LOG_LEVEL = env.logLevel;
  const dataDir = resolve(env.dataDir);
  const log: DatabaseLog = options.log ?? logger();
  const database = await resolveDatabase({ databaseUrl: env.databaseUrl, dataDir }, log);
  const databaseUrl = database.url;
  let isSet = false;
  const stop = async () => {
    if (isSet) {
      closeMailer();
      await closeDb();
    }
    await database.stop();
  };
  try {
    const masterKey = env.masterKey ?? (await readOrMakeMasterKey(dataDir));
    const runtime: RuntimeEnv = { ...env, dataDir, databaseUrl, masterKey };
    setRuntimeEnv(runtime);
    isSet = true;
    await applyMigrations({ databaseUrl, log });
    await refuseUnsafeDatabase(runtime, log);
    await refuseWrongMasterKey();
    return { env: runtime, stop };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

/** Reads `.env` beside package.json, if there is one; variables already set win. */
function loadEnvFile(): void {
  try {
    process.loadEnvFile();
  } catch {
    // There is no .env file, which is fine.
  }
}

async function readOrMakeMasterKey(dataDir: string): Promise<Buffer> {
  const file = join(dataDir, "master.key");
  await mkdir(dataDir, { recursive: true });
  const fresh = `${file}.${process.pid}`;
  try {
    // Written aside and then linked: exactly one of several processes makes it, and nobody reads half of it.
    await writeFile(fresh, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600 });
    await link(fresh, file);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "EEXIST")
      throw new EnvError(
        `Latchkey cannot write ${file}. Make DATA_DIR writable, or set MASTER_KEY to 32 bytes in base64.`,
      );
  } finally {
    await rm(fresh, { force: true });
  }
  const key = Buffer.from((await readFile(file, "utf8")).trim(), "base64");
  if (key.length !== 32)
    throw new EnvError(`${file} does not hold 32 bytes in base64. Put back the key from your backup.`);
  return key;
}

async function refuseUnsafeDatabase(env: RuntimeEnv, log: DatabaseLog): Promise<void> {
  const warnings = await durabilityWarnings(pool());
  for (const warning of warnings) log.warn(warning);
  if (warnings.length > 0 && /_live_/.test(env.stripeSecretKey ?? ""))
    throw new EnvError(
      "Latchkey does not take live payments on a database that may lose them. Switch on what the warnings name.",
    );
}

/** A wrong key would make every stored license key unreadable, and new ones unreadable to the right one. */
async function refuseWrongMasterKey(): Promise<void> {
  const { rows } = await pool().query<{ id: string }>(
    "SELECT key_encryption_key_id AS id FROM license LIMIT 1",
  );
  const used = rows[0]?.id;
  if (used !== undefined && used !== masterKeyId())
    throw new EnvError(
      "MASTER_KEY is not the one the stored license keys were encrypted with. Put back the right one (with the embedded database it is the file master.key in DATA_DIR).",
    );
}

/** Runs a command's `main` and turns what a person can mend into one message and exit code 1. */
export function runCommand(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    const named =
      error instanceof Error &&
      ["EnvError", "DatabaseStartError", "MigrationError", "CommandError"].includes(error.name);
    console.error(named && error instanceof Error ? error.message : error);
    process.exit(1);
  });
}

/** Wrong use of a command; the message says the right one. */
export class CommandError extends Error {
  override name = "CommandError";
}
