import { AsyncLocalStorage } from "node:async_hooks";
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { EnvError, getEnv } from "#app/infra/env.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { type Prisma, PrismaClient } from "#app/infra/prisma-client/client.ts";
import { dropSingleton, singleton } from "#app/infra/singleton.server.ts";
import { type Turnstile, turnstile } from "#app/infra/turnstile.ts";

/** Work that belongs to one transaction; helpers that write records demand it by type. */
export type Tx = Prisma.TransactionClient;

const standardConnections = 20;
/**
 * Work in a transaction now and then reads over a connection of its own. Were all of them held by transactions, each
 * would wait for another one to end, and none would: so some are kept back.
 */
const shareOfTransactions = 0.7;
const longestWaitMs = 10_000;

/**
 * How many connections this process opens at most: what `connection_limit` in the address of the database says.
 * @throws EnvError when that is no whole number of 2 or more.
 */
function connectionLimit(): number {
  const named = new URL(getEnv().databaseUrl).searchParams.get("connection_limit");
  if (named === null) return standardConnections;
  if (/^\d{1,4}$/.test(named) && Number(named) >= 2) return Number(named);
  throw new EnvError(
    "connection_limit in DATABASE_URL must be a whole number of 2 or more; leave it out for 20 connections.",
  );
}

/** The connections of this process. Hot paths send one prepared statement over it, Prisma uses it too. */
export function pool(): pg.Pool {
  return singleton("pool", () => {
    const created = new pg.Pool({
      connectionString: getEnv().databaseUrl,
      max: connectionLimit(),
      connectionTimeoutMillis: 5_000,
      idleTimeoutMillis: 30_000,
    });
    // An idle connection that dies (the server restarts) is replaced at its next use.
    // Its message is all there is to know: the error carries the whole client.
    created.on("error", (error) => logger().warn({ reason: error.message }, "idle database connection lost"));
    return created;
  });
}

export function db(): PrismaClient {
  return singleton("db", () => new PrismaClient({ adapter: new PrismaPg(pool()) }));
}

/**
 * What to read over: the transaction around the caller, which sees what it has written so far and needs no second
 * connection; any connection where there is none.
 */
export function currentDb(): Tx {
  return enclosing()?.tx ?? db();
}

/**
 * Runs `work` in one transaction (read committed) and gives up after 15 seconds. Called within another one it joins
 * it: all of it commits together or not at all, when the outermost ends.
 */
export async function inTransaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  const outer = enclosing();
  if (outer) return work(outer.tx);
  const state: Omit<Running, "tx"> = { afterwards: [], over: false };
  try {
    return await transactionTurns().pass(() =>
      db().$transaction((tx) => running().run(Object.assign(state, { tx }), () => work(tx)), {
        maxWait: longestWaitMs,
        timeout: 15_000,
      }),
    );
  } catch (error) {
    state.afterwards = [];
    throw error;
  } finally {
    state.over = true;
    for (const act of state.afterwards) act();
  }
}

/** Sends one statement; under the same name always the same text, which the database then has prepared. */
export type Run = <Row extends object>(name: string, statement: Prisma.Sql) => Promise<Row[]>;

/**
 * `inTransaction` for the hot path of a few plain statements: they go straight over one connection, which is several
 * times cheaper. Within another transaction it joins that one.
 */
export async function inPlainTransaction<T>(work: (run: Run) => Promise<T>): Promise<T> {
  const outer = enclosing();
  if (outer) return work((_name, statement) => outer.tx.$queryRaw(statement));
  return transactionTurns().pass(async () => {
    const client = await pool().connect();
    try {
      await client.query("BEGIN");
      const result = await work(
        async (name, { text, values }) => (await client.query({ name, text, values })).rows,
      );
      await client.query("COMMIT");
      client.release();
      return result;
    } catch (error) {
      // A connection that cannot even roll back is of no use to anybody.
      await client.query("ROLLBACK").then(
        () => client.release(),
        () => client.release(true),
      );
      throw error;
    }
  });
}

/** Does `act` once the transaction that runs now has committed; at once when there is none. */
export function afterCommit(act: () => void): void {
  const outer = enclosing();
  if (outer) outer.afterwards.push(act);
  else act();
}

/** `over`: what was started within a transaction and outlives it belongs to it no more. */
type Running = { tx: Tx; afterwards: Array<() => void>; over: boolean };

function enclosing(): Running | null {
  const outer = running().getStore();
  return outer && !outer.over ? outer : null;
}

function transactionTurns(): Turnstile {
  return singleton("transaction-turns", () =>
    turnstile({
      atOnce: Math.floor(shareOfTransactions * connectionLimit()),
      longestWaitMs,
      // The code Prisma has for it, which counts as an outage: the same call may be sent again.
      tooLate: () =>
        Object.assign(new Error("No connection for a transaction became free in time."), { code: "P2024" }),
    }),
  );
}

function running(): AsyncLocalStorage<Running> {
  return singleton("running-transaction", () => new AsyncLocalStorage<Running>());
}

/**
 * Has `work` done before the connections close: for what is written behind, and for timers that ask the database. Once
 * for each name; a failure keeps nothing from closing.
 */
export function beforeDbCloses(name: string, work: () => Promise<void> | void): void {
  closers().set(name, work);
}

function closers(): Map<string, () => Promise<void> | void> {
  return singleton("before-db-closes", () => new Map());
}

/** Closes every connection of this process. */
export async function closeDb(): Promise<void> {
  const last = [...closers()];
  closers().clear();
  for (const [name, work] of last)
    try {
      await work();
    } catch (error) {
      logger().warn({ err: error, name }, "what was to be written before the database closes was not");
    }
  await db().$disconnect();
  const open = pool();
  dropSingleton("db");
  dropSingleton("pool");
  dropSingleton("transaction-turns");
  if (!open.ended) await open.end();
}
