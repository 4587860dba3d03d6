import { createServer } from "node:net";
import pg from "pg";
import { afterAll, expect, test } from "vitest";
import { db } from "#app/infra/db.server.ts";
import { startMailbox } from "#tests/mailbox/mailbox.ts";
import { endProcess, startProcess, until } from "#tests/scenarios/processes.ts";
import { checkOut, openShop, outcomeOf, takeEvents } from "#tests/scenarios/sale-harness.ts";

// A worker dies by SIGKILL at the two worst moments of a sale, and another one takes over. The leases of the dead,
// which last a minute, are set back instead of waited for.
const shop = await openShop();
const { standIn, env } = shop;
const mailbox = await startMailbox();
afterAll(() => mailbox.stop());

async function aPaidSale(): Promise<string> {
  takeEvents(standIn);
  const { sessionId } = await checkOut(shop);
  standIn.pay(sessionId);
  const completed = takeEvents(standIn).find(({ type }) => type === "checkout.session.completed");
  await standIn.deliver(completed?.id ?? "");
  return sessionId;
}

async function forgetLeases(): Promise<void> {
  await db().$executeRaw`UPDATE stripe_source SET lease_until = now() - interval '1 second'
    WHERE lease_until IS NOT NULL`;
  await db()
    .$executeRaw`UPDATE email SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL`;
}

/** Another worker finishes what the dead one began: exactly once. */
async function expectFinished(sessionId: string): Promise<void> {
  await forgetLeases();
  const worker = startProcess("worker", env, { SMTP_URL: mailbox.smtpUrl });
  try {
    await until("the mail is sent", async () => {
      const order = await db().order.findUnique({ where: { stripeSessionId: sessionId } });
      return (await db().email.count({ where: { orderId: order?.id ?? "", sentAt: { not: null } } })) > 0;
    });
  } finally {
    expect(await endProcess(worker)).toBe(0);
  }
  const outcome = await outcomeOf(sessionId);
  expect(outcome).toMatchObject({ mails: { "license-issued": 1 }, alerts: [], inStep: true });
  expect(outcome.licenses).toHaveLength(2);
  expect(outcome.audit).toMatchObject({ "order.created": 1, "order.paid": 1, "license.issued": 2 });
  const open = { sourceId: sessionId, processedAt: null };
  expect(await db().stripeEvent.count({ where: open })).toBe(0);
  const mail = await db().email.findFirstOrThrow({ where: { orderId: outcome.order?.id ?? "" } });
  expect(mailbox.messages().filter(({ messageId }) => messageId === mail.messageId)).toHaveLength(1);
}

test("S91 a worker that dies after the fetch and before the commit leaves nothing, and the next one does it all", async () => {
  const sessionId = await aPaidSale();
  const holder = new pg.Client({ connectionString: env.databaseUrl });
  await holder.connect();
  const worker = startProcess("worker", env, { SMTP_URL: mailbox.smtpUrl });
  try {
    // The mail is written last: there it has to wait, with everything else written and not committed.
    await holder.query("BEGIN");
    await holder.query("LOCK TABLE email IN SHARE MODE");
    await until("the worker has issued the licenses and is about to write the mail", async () => {
      const waiting = await db().$queryRaw<unknown[]>`
        SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO%email%'`;
      return waiting.length > 0;
    });
    await endProcess(worker, "SIGKILL");
  } finally {
    await endProcess(worker, "SIGKILL");
    await holder.end();
  }
  const left = await outcomeOf(sessionId);
  expect([left.licenses, left.mails, left.inStep]).toEqual([[], {}, false]);
  await expectFinished(sessionId);
}, 120_000);

test("S91 a worker that dies after the commit and before the mail: the next one sends it, once", async () => {
  const sessionId = await aPaidSale();
  let isConnected = false;
  const silent = createServer((socket) => {
    isConnected = true;
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const address = silent.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const worker = startProcess("worker", env, { SMTP_URL: `smtp://127.0.0.1:${port}` });
  try {
    await until("the worker waits for the mail server", () => isConnected);
  } finally {
    await endProcess(worker, "SIGKILL");
    silent.close();
  }
  const outcome = await outcomeOf(sessionId);
  expect(outcome).toMatchObject({ mails: { "license-issued": 1 }, inStep: true });
  expect(outcome.licenses).toHaveLength(2);
  await expectFinished(sessionId);
}, 120_000);
