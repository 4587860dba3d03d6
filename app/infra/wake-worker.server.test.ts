import pg from "pg";
import { expect, test } from "vitest";
import { inTransactionThenWake, onWake, wakeChannel, wakeWorker } from "#app/infra/wake-worker.server.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

const env = await useTestRuntime();

test("a worker hears of a transaction's work once it is committed, and not when it failed", async () => {
  let heard = 0;
  const off = onWake(() => heard++);
  const heardInside = await inTransactionThenWake(() => Promise.resolve(heard));
  expect(heardInside).toBe(0);
  expect(heard).toBe(1);
  await expect(inTransactionThenWake(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(heard).toBe(1);
  off();
});

test("without a worker here those of other processes hear, many calls at once as one", async () => {
  const listener = new pg.Client({ connectionString: env.databaseUrl });
  await listener.connect();
  let heard = 0;
  listener.on("notification", () => heard++);
  await listener.query(`LISTEN ${wakeChannel}`);
  for (let i = 0; i < 100; i++) wakeWorker();
  const deadline = Date.now() + 5_000;
  while (heard === 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
  await listener.query("SELECT 1");
  expect(heard).toBe(1);
  await listener.end();
});
