import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { DatabaseStartError } from "#app/infra/database-start-error.server.ts";
import { applyMigrations, schemaDrift } from "#app/infra/migrations.server.ts";
import { createEmptyDatabase, createTestDatabase } from "#tests/setup/database.ts";

const log = { info: () => undefined, warn: () => undefined };

/** A folder of migrations, each with one script. */
async function folderOf(scripts: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-migrations-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, script] of Object.entries(scripts)) await putMigration(folder, name, script);
  return folder;
}

async function putMigration(folder: string, name: string, script: string): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, "migration.sql"), script);
}

async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function problemOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => new Error("it succeeded"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof DatabaseStartError)) throw error;
  return error.message;
}

test("the migrations make exactly what the Prisma schema describes", async () => {
  const { url, drop } = await createTestDatabase();
  onTestFinished(drop);
  expect(await schemaDrift({ databaseUrl: url })).toBe("");
  await query(url, `ALTER TABLE "product" ADD COLUMN "surplus" TEXT`);
  expect(await schemaDrift({ databaseUrl: url })).toContain(`DROP COLUMN "surplus"`);
});

test("the released migrations are applied once and recorded the way Prisma records them", async () => {
  const databaseUrl = await createEmptyDatabase();
  const names = (await readdir("prisma/migrations")).filter((name) => name !== "migration_lock.toml").sort();
  expect(await applyMigrations({ databaseUrl, log })).toEqual(names);
  expect(await applyMigrations({ databaseUrl, log })).toEqual([]);
  const rows = await query(
    databaseUrl,
    `SELECT migration_name AS name, applied_steps_count AS steps, finished_at >= started_at AS finished,
       length(checksum) AS digits, logs, rolled_back_at FROM _prisma_migrations ORDER BY 1`,
  );
  expect(rows).toEqual(
    names.map((name) => ({ name, steps: 1, finished: true, digits: 64, logs: null, rolled_back_at: null })),
  );
});

test("of several processes that migrate at once one works and all succeed", async () => {
  const databaseUrl = await createEmptyDatabase();
  const migrationsDir = await folderOf({
    "1_table": "SELECT pg_sleep(0.2); CREATE TABLE a();",
    "2_function":
      "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END; $$; SELECT f();",
  });
  const results = await Promise.all(
    [1, 2, 3, 4].map(() => applyMigrations({ databaseUrl, migrationsDir, log })),
  );
  expect(results.filter((applied) => applied.length > 0)).toEqual([["1_table", "2_function"]]);
});

test("a failing migration keeps nothing, names its error, and is applied once it is repaired", async () => {
  const databaseUrl = await createEmptyDatabase();
  const migrationsDir = await folderOf({
    "1_good": "CREATE TABLE good();",
    "2_bad": "CREATE TABLE half();\nCREATE TABLE good();",
  });
  for (const attempt of ["first", "second"]) {
    expect([attempt, await problemOf(applyMigrations({ databaseUrl, migrationsDir, log }))]).toEqual([
      attempt,
      expect.stringMatching(
        /^The migration 2_bad failed \(relation "good" already exists\) and nothing of it was kept: /,
      ),
    ]);
    expect(
      await query(databaseUrl, "SELECT to_regclass('good') AS good, to_regclass('half') AS half"),
    ).toEqual([{ good: "good", half: null }]);
  }
  await putMigration(migrationsDir, "2_bad", "CREATE TABLE half();");
  expect(await applyMigrations({ databaseUrl, migrationsDir, log })).toEqual(["2_bad"]);
});

test("a migration that was announced but never run is run at the next start", async () => {
  const databaseUrl = await createEmptyDatabase();
  const migrationsDir = await folderOf({ "1_first": "CREATE TABLE first();" });
  await applyMigrations({ databaseUrl, migrationsDir, log });
  await putMigration(migrationsDir, "2_second", "CREATE TABLE second();");
  await query(
    databaseUrl,
    "INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', 'x', '2_second')",
  );
  expect(await applyMigrations({ databaseUrl, migrationsDir, log })).toEqual(["2_second"]);
  const rows = await query(
    databaseUrl,
    `SELECT rolled_back_at IS NOT NULL AS rolled_back, finished_at IS NOT NULL AS finished
     FROM _prisma_migrations WHERE migration_name = '2_second' ORDER BY started_at`,
  );
  expect(rows).toEqual([
    { rolled_back: true, finished: false },
    { rolled_back: false, finished: true },
  ]);
});

test("an edited migration, a database of a newer release and a script with its own COMMIT are refused", async () => {
  const databaseUrl = await createEmptyDatabase();
  const migrationsDir = await folderOf({
    "1_first": "CREATE TABLE first();",
    "2_second": "CREATE TABLE second();",
  });
  await applyMigrations({ databaseUrl, migrationsDir, log });
  await putMigration(migrationsDir, "2_second", "CREATE TABLE second(); -- edited");
  expect(await problemOf(applyMigrations({ databaseUrl, migrationsDir, log }))).toMatch(
    /^The file of the migration 2_second was changed after it had been applied: restore /,
  );
  await rm(join(migrationsDir, "2_second"), { recursive: true });
  expect(await problemOf(applyMigrations({ databaseUrl, migrationsDir, log }))).toMatch(
    /^The database was migrated by a newer release \(it has 2_second, .*\): start that release/,
  );
  await putMigration(migrationsDir, "2_second", "CREATE TABLE x();\ncommit;\nCREATE TABLE y();");
  expect(await problemOf(applyMigrations({ databaseUrl, migrationsDir, log }))).toMatch(
    /^The migration 2_second contains COMMIT: take it out/,
  );
});

test("line ends turned by a checkout on Windows do not count as an edit", async () => {
  const databaseUrl = await createEmptyDatabase();
  const migrationsDir = await folderOf({ "1_first": "CREATE TABLE first();\n-- end\n" });
  await applyMigrations({ databaseUrl, migrationsDir, log });
  await putMigration(migrationsDir, "1_first", "CREATE TABLE first();\r\n-- end\r\n");
  expect(await applyMigrations({ databaseUrl, migrationsDir, log })).toEqual([]);
});

test("a database that cannot be reached is named, its password is not", async () => {
  const { url, drop } = await createTestDatabase();
  onTestFinished(drop);
  const missing = new URL(url);
  missing.pathname = "/latchkey_nowhere";
  expect(await problemOf(applyMigrations({ databaseUrl: missing.href, log }))).toMatch(
    /^The database latchkey_nowhere does not exist on .*: create it/,
  );
  const nobody = await problemOf(
    applyMigrations({ databaseUrl: "postgresql://shop:hidden@127.0.0.1:1/shop", log }),
  );
  expect(nobody).toBe("No database server answers at 127.0.0.1:1: start it, or correct DATABASE_URL.");
});

test("a process killed at any moment of the migrations leaves version and schema in agreement", async () => {
  const scripts = Object.fromEntries(
    [1, 2, 3, 4, 5, 6].map((n) => [
      `${n}_step`,
      `CREATE TABLE step_${n}_a AS SELECT generate_series(1, 20000) AS n;
       SELECT pg_sleep(0.02);
       CREATE INDEX ON step_${n}_a (n);
       CREATE TABLE step_${n}_b AS SELECT 1 AS n;`,
    ]),
  );
  const migrationsDir = await folderOf(scripts);
  for (let round = 1; round <= 15; round += 1) {
    const databaseUrl = await createEmptyDatabase();
    const delayMs = randomInt(0, 450);
    await migrateAndKill(databaseUrl, migrationsDir, delayMs);
    // What the killed process had sent may still be at work; the next start waits for it.
    const applied = await applyMigrations({ databaseUrl, migrationsDir, log });
    const [state] = await query<{ tables: number; finished: number; open: number }>(
      databaseUrl,
      `SELECT (SELECT count(*)::int FROM pg_tables WHERE tablename LIKE 'step%') AS tables,
         (SELECT count(DISTINCT migration_name)::int FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL) AS finished,
         (SELECT count(*)::int FROM _prisma_migrations WHERE finished_at IS NULL AND rolled_back_at IS NULL) AS open`,
    );
    expect({ round, delayMs, applied, ...state }).toEqual({
      round,
      delayMs,
      applied: Object.keys(scripts).slice(6 - applied.length),
      tables: 12,
      finished: 6,
      open: 0,
    });
  }
}, 120_000);

async function migrateAndKill(databaseUrl: string, migrationsDir: string, delayMs: number): Promise<void> {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "tests/database/migrate-process.ts", databaseUrl, migrationsDir],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const closed = once(child, "close");
  await once(child.stdout, "data");
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  child.kill("SIGKILL");
  await closed;
}
