import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { getEnv } from "#app/infra/env.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { type Prisma, PrismaClient } from "#app/infra/prisma-client/client.ts";
import { dropSingleton, singleton } from "#app/infra/singleton.server.ts";

/** Work that belongs to one transaction; helpers that write records demand it by type. */
export type Tx = Prisma.TransactionClient;

/** The connections of this process. Hot paths send one prepared statement over it, Prisma uses it too. */
export function pool(): pg.Pool {
  return singleton("pool", () => {
    const created = new pg.Pool({
      connectionString: getEnv().databaseUrl,
      max: 20,
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

/** Runs `work` in one transaction (read committed) and gives up after 15 seconds. */
export function inTransaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  return db().$transaction(work, { maxWait: 10_000, timeout: 15_000 });
}

/** Closes every connection of this process. */
export async function closeDb(): Promise<void> {
  await db().$disconnect();
  const open = pool();
  dropSingleton("db");
  dropSingleton("pool");
  if (!open.ended) await open.end();
}
