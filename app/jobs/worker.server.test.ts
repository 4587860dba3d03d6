import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { newId } from "#app/domain/ids.ts";
import { closeDb, db } from "#app/infra/db.server.ts";
import { getEnv, setRuntimeEnv } from "#app/infra/env.server.ts";
import { dropSingleton } from "#app/infra/singleton.server.ts";
import { wakeWorker } from "#app/infra/wake-worker.server.ts";
import { startWorker } from "#app/jobs/worker.server.ts";
import { checkOut, openShop, outcomeOf, takeEvents } from "#tests/scenarios/sale-harness.ts";

const shop = await openShop();
const { standIn } = shop;

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Waited in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const isIssued = async (sessionId: string) => (await outcomeOf(sessionId)).licenses.length === 2;

async function paidAndDelivered(): Promise<string> {
  takeEvents(standIn);
  const { sessionId } = await checkOut(shop);
  standIn.pay(sessionId);
  for (const event of takeEvents(standIn))
    if (event.type === "checkout.session.completed") await standIn.deliver(event.id);
  return sessionId;
}

test("a purchase that Stripe answers slowly holds up no other", async () => {
  const slow = await paidAndDelivered();
  standIn.faults.next(1, { latencyMs: 4_000, match: new RegExp(slow) });
  const worker = startWorker();
  await until("the slow one is asked for", async () => standIn.faults.pending() === 0);
  const quick = await paidAndDelivered();
  wakeWorker();
  await until("the quick one is issued", () => isIssued(quick));
  expect(await isIssued(slow)).toBe(false);
  await worker.stop();
  expect(await isIssued(slow), "stopping waits for what is under way").toBe(true);
});

test("a worker stopped in the middle leaves its lease to run out, and the next one finishes", async () => {
  const sessionId = await paidAndDelivered();
  // What a killed process leaves behind.
  await db()
    .$executeRaw`UPDATE stripe_source SET lease_token = 'dead', lease_until = now() + interval '1 second' WHERE id = ${sessionId}`;
  const worker = startWorker();
  await until("the sale is issued", () => isIssued(sessionId));
  await worker.stop();
  expect((await outcomeOf(sessionId)).mails).toEqual({ "license-issued": 1 });
});

test("a burst of records is sealed without waiting for the next minute", async () => {
  const at = new Date();
  await db().auditLog.createMany({
    data: Array.from({ length: 2_500 }, () => ({
      at,
      actorType: "system",
      actorLabel: "test",
      event: "customer.created",
      targetType: "customer",
      targetId: newId("cust", at),
    })),
  });
  const worker = startWorker();
  await until("all are sealed", async () => (await db().auditSeal.count()) >= 2_500);
  await worker.stop();
});

test("while the database hangs up on everybody, the attempts to listen do not multiply", async () => {
  let connections = 0;
  const hangsUp = createServer((socket) => {
    connections++;
    // Politely, as a pooler or a server that shuts down does it.
    socket.on("error", () => undefined).once("data", () => socket.end());
  });
  await new Promise<void>((resolve) => hangsUp.listen(0, "127.0.0.1", resolve));
  const { port } = hangsUp.address() as AddressInfo; // listening on TCP, so an AddressInfo
  const env = getEnv();
  await closeDb();
  setRuntimeEnv({ ...env, databaseUrl: `postgresql://nobody@127.0.0.1:${port}/none` });
  const worker = startWorker();
  // Not a wait for something to happen: the attempts made within this time are what is counted.
  await new Promise((resolve) => setTimeout(resolve, 6_500));
  await worker.stop();
  hangsUp.close();
  dropSingleton("pool");
  await closeDb().catch(() => undefined);
  setRuntimeEnv(env);
  // The loops ask three times a second at most, and listening once.
  expect(connections).toBeLessThan(45);
  await db().$queryRaw`SELECT 1`;
}, 20_000);
