import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { type DatabaseLog, DatabaseStartError, errorText } from "./database-start-error.server.ts";
import { explainConnectionFailure } from "./database-url.server.ts";
import { migrationList, noFilters, openSchemaEngine } from "./schema-engine.server.ts";

type Migration = { name: string; script: string; checksum: string };
type MigrationRow = { migration_name: string; checksum: string; finished_at: Date | null };

const prismaFolder = fileURLToPath(new URL("../../prisma", import.meta.url));
const migrationsFolder = join(prismaFolder, "migrations");

/** The number Prisma's engine locks with, so that this and `prisma migrate deploy` wait for each other. */
const migrationLock = 72_707_369;

/**
 * Brings the database to the newest migration, writing `_prisma_migrations` as `prisma migrate deploy` does. A
 * migration and the mark that it is done commit together or not at all, so a killed process leaves no half migration,
 * and the next call repeats it. Several processes may call this at once: one works, the others wait and find it done.
 *
 * @returns the names of the migrations this call applied
 * @throws {DatabaseStartError} when the database is unreachable or newer than this release, when an applied file was
 *   edited, when a migration fails
 */
export async function applyMigrations(options: {
  databaseUrl: string;
  migrationsDir?: string;
  log: DatabaseLog;
}): Promise<string[]> {
  const { databaseUrl, migrationsDir = migrationsFolder, log } = options;
  const migrations = await readMigrations(migrationsDir);
  // One connection does all of it: when this process dies in the middle of a script, the lock lives as long as the
  // script does, and nobody else starts on a migration that may still commit.
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 1,
    idleTimeoutMillis: 0,
    application_name: "latchkey migrations",
  });
  const connection = { lost: false };
  pool.on("remove", () => {
    connection.lost = true;
  });
  pool.on("error", () => undefined);
  try {
    if (pendingMigrations(await readRows(pool), migrations).length === 0) return [];
    await waitForLock(pool, log);
    const rows = await readRows(pool);
    const pending = pendingMigrations(rows, migrations);
    if (pending.length === 0) return [];
    for (const { name } of pending) log.info(`applying the migration ${name}`);
    return await runEngine(pool, migrationsDir, migrations, unfinishedNames(rows), connection);
  } catch (error) {
    if (error instanceof DatabaseStartError) throw error;
    throw explainConnectionFailure(databaseUrl, error);
  } finally {
    await pool.end();
  }
}

async function runEngine(
  pool: pg.Pool,
  folder: string,
  migrations: Migration[],
  unfinished: string[],
  connection: { lost: boolean },
): Promise<string[]> {
  let failure: DatabaseStartError | null = null;
  const engine = await openSchemaEngine(pool, async (script) => {
    if (connection.lost) throw new Error("the connection that held the migration lock was lost");
    const migration = migrations.find((candidate) => candidate.script === script);
    // Checked out by hand, because a failure inside `pool.query` would cost the connection and with it the lock.
    const client = await pool.connect();
    try {
      await client.query(migration === undefined ? script : withFinishMark(migration));
    } catch (error) {
      failure = new DatabaseStartError(
        `The migration ${migration?.name} failed (${errorText(error)}) and nothing of it was kept: repair what it names in the database, or start the release you came from, and start again.`,
      );
      throw error;
    } finally {
      client.release();
    }
  });
  try {
    // Their scripts left nothing behind, see `withFinishMark`; the engine wants to be told.
    for (const migrationName of unfinished) await engine.markMigrationRolledBack({ migrationName });
    const list = migrationList(folder, migrations);
    const { appliedMigrationNames } = await engine.applyMigrations({
      migrationsList: list,
      filters: noFilters,
    });
    return appliedMigrationNames;
  } catch (error) {
    throw failure ?? error;
  } finally {
    engine.free();
  }
}

/**
 * PostgreSQL runs several statements sent as one message in one transaction, so the mark commits with the script
 * (https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT). The engine marks it again.
 */
function withFinishMark({ name, script }: Migration): string {
  return `${script}
;UPDATE "_prisma_migrations" SET "finished_at" = now()
WHERE "migration_name" = ${pg.escapeLiteral(name)} AND "finished_at" IS NULL AND "rolled_back_at" IS NULL;`;
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const text = await readFile(join(folder, name, "migration.sql"), "utf8");
      // A checkout on Windows may have turned the line ends; the checksum is that of the file as published.
      const script = text.replaceAll("\r\n", "\n");
      refuseTransactionControl(name, script);
      return { name, script, checksum: createHash("sha256").update(script).digest("hex") };
    }),
  );
}

/** A script that commits by itself would not be atomic. */
function refuseTransactionControl(name: string, script: string) {
  const bare = script.replace(/'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\/|\$(\w*)\$[\s\S]*?\$\1\$/g, "");
  const found =
    /(?:^|;)\s*(BEGIN|COMMIT|END|ROLLBACK|ABORT|START\s+TRANSACTION|PREPARE\s+TRANSACTION)\b/i.exec(bare);
  if (found === null) return;
  throw new DatabaseStartError(
    `The migration ${name} contains ${found[1]?.toUpperCase()}: take it out, each migration already runs in one transaction.`,
  );
}

async function readRows(pool: pg.Pool): Promise<MigrationRow[]> {
  // Asked first, because a failing query would cost the connection.
  const { rows } = await pool.query("SELECT 1 WHERE to_regclass('_prisma_migrations') IS NOT NULL");
  if (rows.length === 0) return [];
  const found = await pool.query<MigrationRow>(
    "SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL",
  );
  return found.rows;
}

/** Compares what is applied with what this release brings. */
function pendingMigrations(rows: MigrationRow[], migrations: Migration[]): Migration[] {
  const applied = new Map(
    rows.filter((row) => row.finished_at !== null).map((row) => [row.migration_name, row]),
  );
  const unknown = [...applied.keys()].filter(
    (name) => !migrations.some((migration) => migration.name === name),
  );
  if (unknown.length > 0) {
    throw new DatabaseStartError(
      `The database was migrated by a newer release (it has ${unknown.join(", ")}, which this one does not know): start that release, or restore a backup made before the update.`,
    );
  }
  for (const { name, checksum } of migrations) {
    const row = applied.get(name);
    if (row === undefined || row.checksum === checksum) continue;
    throw new DatabaseStartError(
      `The file of the migration ${name} was changed after it had been applied: restore prisma/migrations as released, and put the change into a new migration.`,
    );
  }
  return migrations.filter(({ name }) => !applied.has(name));
}

function unfinishedNames(rows: MigrationRow[]): string[] {
  return [...new Set(rows.filter((row) => row.finished_at === null).map((row) => row.migration_name))];
}

async function waitForLock(pool: pg.Pool, log: DatabaseLog) {
  const timer = setTimeout(
    () => log.info("waiting for another process that is migrating the database"),
    2_000,
  );
  await pool.query("SELECT pg_advisory_lock($1)", [migrationLock]).finally(() => clearTimeout(timer));
}

/**
 * The SQL that would turn a freshly migrated database into what `prisma/schema.prisma` describes; "" when the two
 * agree. What Prisma cannot describe (partial and expression indexes, triggers, functions) is not compared.
 */
export async function schemaDrift(options: { databaseUrl: string; schemaFile?: string }): Promise<string> {
  const path = options.schemaFile ?? join(prismaFolder, "schema.prisma");
  const files = [{ path, content: await readFile(path, "utf8") }];
  const pool = new pg.Pool({ connectionString: options.databaseUrl, max: 1 });
  try {
    const engine = await openSchemaEngine(pool, async (script) => void (await pool.query(script)));
    const { stdout } = await engine.diff({
      from: { tag: "schemaDatasource", files, configDir: prismaFolder },
      to: { tag: "schemaDatamodel", files },
      script: true,
      exitCode: null,
      filters: noFilters,
    });
    engine.free();
    const sql = (stdout ?? "").trim();
    return sql === "-- This is an empty migration." ? "" : sql;
  } finally {
    await pool.end();
  }
}
