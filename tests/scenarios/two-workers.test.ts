import { expect, test } from "vitest";
import { getCheckoutReturn } from "#app/domain/checkout/checkout-return.server.ts";
import { db } from "#app/infra/db.server.ts";
import { startMailbox } from "#tests/mailbox/mailbox.ts";
import { endProcess, startProcess, until } from "#tests/scenarios/processes.ts";
import { checkOut, openShop, outcomeOf, takeEvents } from "#tests/scenarios/sale-harness.ts";

// Two workers, each a process of its own as `npm run worker` starts it, beside this one that takes webhooks and shows
// return pages, all on one database.
const shop = await openShop();
const { standIn, env } = shop;
const sales = 30;

async function listeners(): Promise<number> {
  const [row] = await db().$queryRaw<{ count: bigint }[]>`
    SELECT count(DISTINCT application_name) AS count FROM pg_stat_activity
    WHERE datname = current_database() AND application_name IN ('worker-1', 'worker-2')
      AND query ILIKE 'LISTEN%'`;
  return Number(row?.count ?? 0);
}

test("S97 two workers and a web process share thirty sales: nothing lost, nothing twice", async () => {
  const mailbox = await startMailbox();
  const workers = ["worker-1", "worker-2"].map((name) =>
    startProcess("worker", env, { PGAPPNAME: name, SMTP_URL: mailbox.smtpUrl }),
  );
  try {
    await until("both workers listen", async () => (await listeners()) === 2);
    const email = (index: number) => `buyer-${index % 10}@example.com`; // some buy several times, at once
    const opened = await Promise.all(
      Array.from({ length: sales }, (_, index) => checkOut(shop, { email: email(index) })),
    );
    for (const { sessionId } of opened) standIn.pay(sessionId);
    const events = takeEvents(standIn);
    const visits = opened.filter((_, index) => index % 3 === 0);
    const [answers] = await Promise.all([
      Promise.all(events.map((event) => standIn.deliver(event.id, { copies: 2, concurrently: true }))),
      ...visits.map(({ sessionId, browserNonce }) =>
        getCheckoutReturn({ sessionId, browserNonce, customerId: null, now: new Date() }),
      ),
    ]);
    expect(answers.flat().every((answer) => answer.status === 200)).toBe(true);
    await until("all is done", async () => {
      const open = await db().stripeEvent.count({ where: { processedAt: null } });
      const owed = await db().email.count({ where: { sentAt: null } });
      return open === 0 && owed === 0 && (await db().email.count()) >= sales;
    });
    expect(await Promise.all(workers.map((worker) => endProcess(worker)))).toEqual([0, 0]);
    for (const { sessionId } of opened) {
      const outcome = await outcomeOf(sessionId);
      expect(outcome).toMatchObject({ mails: { "license-issued": 1 }, alerts: [], inStep: true });
      expect(outcome.licenses).toHaveLength(2);
      expect(outcome.audit).toMatchObject({ "order.created": 1, "order.paid": 1, "license.issued": 2 });
    }
    expect(await db().customer.count()).toBe(10);
    expect(await db().auditLog.count({ where: { event: "customer.created" } })).toBe(10);
    expect(
      await db().stripeSource.count({
        where: { OR: [{ failCount: { gt: 0 } }, { leaseToken: { not: null } }] },
      }),
    ).toBe(0);
    const ids = mailbox.messages().map((mail) => mail.messageId);
    expect(ids).toHaveLength(sales);
    expect(new Set(ids).size).toBe(sales);
  } finally {
    await Promise.all(workers.map((worker) => endProcess(worker, "SIGKILL")));
    await mailbox.stop();
  }
}, 120_000);
