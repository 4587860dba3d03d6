import type pg from "pg";
import { type DatabaseLog, DatabaseStartError, errorCode, errorText } from "./database-start-error.server.ts";
import { startEmbeddedPostgres } from "./embedded-postgres.server.ts";

export type ResolvedDatabase = {
  url: string;
  /** True: a server of ours under the data folder. */
  embedded: boolean;
  /** Gives up this process's share of an embedded server; does nothing for a server of somebody else. */
  stop(): Promise<void>;
};

/**
 * The database of this process: the one `DATABASE_URL` names, otherwise an embedded server under the data folder.
 *
 * @throws {DatabaseStartError} when the embedded server cannot be started
 */
export async function resolveDatabase(
  env: { databaseUrl: string | undefined; dataDir: string },
  log: DatabaseLog,
): Promise<ResolvedDatabase> {
  if (env.databaseUrl !== undefined) {
    return { url: env.databaseUrl, embedded: false, stop: () => Promise.resolve() };
  }
  const { url, stop } = await startEmbeddedPostgres({ dataDir: env.dataDir, log });
  return { url, embedded: true, stop };
}

/** What each setting risks when it is off. */
const durabilitySettings: Record<string, string> = {
  fsync: "a power cut can destroy the database",
  full_page_writes: "a power cut can damage pages beyond repair",
  synchronous_commit: "a crash can lose purchases that were already acknowledged",
};

/** One warning for each setting that makes commits less than durable; with any of them there is no live mode. */
export async function durabilityWarnings(database: pg.Pool | pg.Client | pg.PoolClient): Promise<string[]> {
  const names = Object.keys(durabilitySettings);
  const { rows } = await database.query<{ name: string }>(
    "SELECT name FROM unnest($1::text[]) AS name WHERE current_setting(name) = 'off'",
    [names],
  );
  return rows.map(
    ({ name }) => `The database runs with ${name} = off, so ${durabilitySettings[name]}: set ${name} = on.`,
  );
}

/** Turns a failed connection into one sentence that says what to do; it never shows the password. */
export function explainConnectionFailure(databaseUrl: string, error: unknown): DatabaseStartError {
  const { hostname, port, pathname, username, searchParams } = new URL(databaseUrl);
  const server = searchParams.get("host") ?? `${hostname}:${port || 5432}`;
  const name = pathname.slice(1);
  const sentences: Record<string, string> = {
    ECONNREFUSED: `No database server answers at ${server}: start it, or correct DATABASE_URL.`,
    ENOTFOUND: `The database host ${hostname} is unknown: correct DATABASE_URL.`,
    ETIMEDOUT: `The database server ${server} does not answer: check the network between, or correct DATABASE_URL.`,
    "28P01": `The database server ${server} refuses the password of ${username}: correct DATABASE_URL.`,
    "28000": `The database server ${server} does not let ${username} in: correct DATABASE_URL or the server's pg_hba.conf.`,
    "3D000": `The database ${name} does not exist on ${server}: create it (CREATE DATABASE "${name}"), or correct DATABASE_URL.`,
    "42501": `The database user ${username} may not do this on ${server} (${errorText(error)}): grant it, or make the user the owner of the database.`,
    "53300": `The database server ${server} has no free connection: raise max_connections or stop other clients.`,
    "57P03": `The database server ${server} is starting or stopping: try again in a moment.`,
  };
  const sentence = sentences[errorCode(error)];
  return new DatabaseStartError(
    sentence ??
      `The database at ${server} cannot be used (${errorText(error)}): check DATABASE_URL and the server's log.`,
    { cause: error },
  );
}
