import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "#app/infra/embedded-postgres.server.ts";
import { applyMigrations } from "#app/infra/migrations.server.ts";

/** What a test file needs to make databases of its own; plain text, so that it crosses process borders. */
export type TestDatabaseServer = {
  /** A role that may create databases. */
  adminUrl: string;
  /** The address of the migrated template, as the application's role. */
  templateUrl: string;
  /** Every database of this run has a name that begins with it. */
  prefix: string;
};

export type TestDatabase = { url: string; drop(): Promise<void> };

declare module "vitest" {
  export interface ProvidedContext {
    testDatabaseServer: TestDatabaseServer;
  }
}

const quiet = { info: () => undefined, warn: console.warn };

/**
 * One server for a whole test run, with a template database that is migrated once: the server `DATABASE_URL` names
 * (its role must be allowed to create databases), otherwise an embedded one in a temporary folder. `stop` removes
 * everything the run made.
 */
export async function startTestDatabaseServer(): Promise<{
  server: TestDatabaseServer;
  stop(): Promise<void>;
}> {
  const prefix = `latchkey_test_${randomBytes(4).toString("hex")}`;
  const host = await startHost();
  const templateUrl = withDatabase(host.appUrl, `${prefix}_template`);
  const server = { adminUrl: host.adminUrl, templateUrl, prefix };
  try {
    await asAdmin(server, `CREATE DATABASE "${prefix}_template" OWNER "${new URL(host.appUrl).username}"`);
    await applyMigrations({ databaseUrl: templateUrl, log: quiet });
  } catch (error) {
    await host.stop();
    throw error;
  }
  return {
    server,
    stop: async () => {
      if (host.shared) await dropAll(server);
      await host.stop();
    },
  };
}

/** `shared`: somebody else's server, where only our own databases may be removed. */
type Host = { adminUrl: string; appUrl: string; shared: boolean; stop(): Promise<void> };

async function startHost(): Promise<Host> {
  const given = process.env.DATABASE_URL;
  if (given) return { adminUrl: given, appUrl: given, shared: true, stop: () => Promise.resolve() };
  const dataDir = await mkdtemp(join(tmpdir(), "latchkey-test-"));
  // The embedded server's account must be able to pass when the tests run as root.
  await chmod(dataDir, 0o711);
  const embedded = await startEmbeddedPostgres({ dataDir, log: quiet });
  return {
    adminUrl: embedded.adminUrl,
    appUrl: embedded.url,
    shared: false,
    stop: async () => {
      await embedded.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A migrated, empty database. Without an argument it asks Vitest for the server of this run. */
export async function createTestDatabase(server?: TestDatabaseServer): Promise<TestDatabase> {
  const host = server ?? (await import("vitest")).inject("testDatabaseServer");
  const name = `${host.prefix}_${randomBytes(6).toString("hex")}`;
  const { pathname, username } = new URL(host.templateUrl);
  await asAdmin(host, `CREATE DATABASE "${name}" TEMPLATE "${pathname.slice(1)}" OWNER "${username}"`);
  return {
    url: withDatabase(host.templateUrl, name),
    drop: () => asAdmin(host, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`),
  };
}

/** The address of a database without tables, for tests of the migrations; it is gone at the end of the run. */
export async function createEmptyDatabase(): Promise<string> {
  const host = (await import("vitest")).inject("testDatabaseServer");
  const name = `${host.prefix}_${randomBytes(6).toString("hex")}`;
  await asAdmin(host, `CREATE DATABASE "${name}" OWNER "${new URL(host.templateUrl).username}"`);
  return withDatabase(host.templateUrl, name);
}

async function dropAll(server: TestDatabaseServer): Promise<void> {
  const client = new pg.Client({ connectionString: server.adminUrl });
  await client.connect();
  const { rows } = await client.query<{ datname: string }>(
    "SELECT datname FROM pg_database WHERE starts_with(datname, $1)",
    [server.prefix],
  );
  for (const { datname } of rows) await client.query(`DROP DATABASE IF EXISTS "${datname}" WITH (FORCE)`);
  await client.end();
}

async function asAdmin(server: TestDatabaseServer, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.adminUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function withDatabase(address: string, name: string): string {
  const url = new URL(address);
  url.pathname = `/${name}`;
  return url.href;
}
