import { expect, test } from "vitest";
import { closeDb, db, inTransaction, pool } from "#app/infra/db.server.ts";
import { setRuntimeEnv } from "#app/infra/env.server.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

const env = await useTestRuntime();

function addressWith(limit: string): string {
  const url = new URL(env.databaseUrl);
  url.searchParams.set("connection_limit", limit);
  return url.href;
}
async function reopen(databaseUrl: string): Promise<void> {
  await closeDb();
  setRuntimeEnv({ ...env, databaseUrl });
}

test("work in a transaction may read over another connection, however many transactions there are", async () => {
  await reopen(addressWith("3"));
  const results = await Promise.all(
    Array.from({ length: 30 }, () =>
      inTransaction(async (tx) => {
        await tx.$queryRaw`SELECT 1`;
        return (await pool().query<{ one: number }>("SELECT 1 AS one")).rows[0]?.one;
      }),
    ),
  );
  expect(results).toEqual(Array.from({ length: 30 }, () => 1));
  expect(pool().totalCount).toBeLessThanOrEqual(3);
});

test("connections are twenty unless the address of the database says otherwise", async () => {
  await reopen(env.databaseUrl);
  expect(pool().options.max).toBe(20);
  await reopen(addressWith("7"));
  expect(pool().options.max).toBe(7);
  expect(await db().setting.count()).toBe(0);
});

test("a number of connections that is none is refused with what to write", async () => {
  await closeDb();
  for (const wrong of ["1", "0", "-3", "many", "2.5"]) {
    setRuntimeEnv({ ...env, databaseUrl: addressWith(wrong) });
    expect(() => pool()).toThrow(/connection_limit in DATABASE_URL must be a whole number of 2 or more/);
  }
  setRuntimeEnv(env);
});
