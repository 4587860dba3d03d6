import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { expect, test } from "vitest";
import { bootstrap } from "#app/commands/bootstrap.ts";
import { assessLicense } from "#app/domain/license/assess-license.ts";
import { licenseFacts } from "#app/domain/license/license-facts.ts";
import { currentTime } from "#app/infra/clock.server.ts";
import { db } from "#app/infra/db.server.ts";
import { reconcile } from "#app/jobs/reconcile.server.ts";
import { openMortalShop } from "#tests/crash/mortal-shop.ts";
import { seededRandom } from "#tests/crash/seeded-random.ts";
import { minuteMs } from "#tests/scenarios/life-shop.ts";
import { until } from "#tests/scenarios/processes.ts";
import { plusMonths } from "#tests/stripe-stand-in/billing/periods.ts";
import type { FaultSpec } from "#tests/stripe-stand-in/faults.ts";
import { sdkFor } from "#tests/stripe-stand-in/harness.ts";

// A whole shop as `npm start` runs it, living in the stand-in's time. For ten minutes Stripe's API fails in every way,
// the mail server turns everybody away and the database is killed, while renewals, a failed payment, a cancellation, a
// refund, a dispute and new sales happen. Then all works again, and nobody does anything.
const folder = mkdtempSync(join(tmpdir(), "latchkey-outage-"));
const shop = await openMortalShop({ clockFile: join(folder, "clock") });
const { standIn, mailbox } = shop;

const priceOf = (lookupKey: string): string => {
  const price = standIn.tables().prices.find((candidate) => candidate.lookup_key === lookupKey);
  if (!price) throw new Error(`Nothing is sold as ${lookupKey}.`);
  return price.id;
};

const idIn = (value: string | { id: string } | null | undefined): string =>
  typeof value === "string" ? value : (value?.id ?? "");

/** A sale by a Payment Link or another site's code, which needs nothing of ours to happen. */
function sell(name: string, mode: "payment" | "subscription", quantity: number) {
  const lookupKey = mode === "payment" ? "tidepool-perpetual" : "signalbox-seats-monthly";
  const { id } = standIn.createSession({ mode, line_items: [{ price: priceOf(lookupKey), quantity }] });
  standIn.pay(id, { email: `${name}@example.com` });
  const session = standIn.tables().sessions.find((candidate) => candidate.id === id);
  return {
    sourceId: mode === "payment" ? id : idIn(session?.subscription),
    customerId: idIn(session?.customer),
    paymentId: idIn(session?.payment_intent),
  };
}

/** Stripe has delivered everything and is asked for nothing any more. */
async function untilCalm(): Promise<void> {
  let [asked, since] = [-1, 0];
  await until(
    "all is calm",
    () => {
      const count = standIn.requests().length + standIn.deliveries().length + mailbox.messages().length;
      if (count !== asked || standIn.deliveries().length > 0) [asked, since] = [count, performance.now()];
      return performance.now() - since > 1_500;
    },
    90_000,
  );
}

async function restartDatabase(): Promise<void> {
  if (shop.isDatabaseMortal) {
    await shop.kill("database");
    return;
  }
  const client = new pg.Client({ connectionString: shop.env.DATABASE_URL });
  await client.connect();
  await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()`);
  await client.end();
}

async function isAllDone(): Promise<boolean> {
  const [row] = await db().$queryRaw<{ owed: number }[]>`
    SELECT ((SELECT count(*) FROM stripe_source WHERE dirty_seq > synced_seq)
      + (SELECT count(*) FROM stripe_event WHERE processed_at IS NULL AND ignored_at IS NULL)
      + (SELECT count(*) FROM email WHERE sent_at IS NULL AND dropped_at IS NULL))::int AS owed`;
  return row?.owed === 0;
}

async function licensesOf(sourceId: string) {
  const rows = await db().license.findMany({ where: { sourceId }, include: { holds: true } });
  return rows.map((row) => ({
    code: assessLicense(licenseFacts(row), currentTime()).code,
    paidUntil: row.paidUntil,
    holds: row.holds.map(({ cause }) => cause.split(":")[0]),
  }));
}

async function books() {
  const [licenses, audit, alerts] = await Promise.all([
    db().license.findMany({ select: { id: true, version: true }, orderBy: { id: "asc" } }),
    db().auditLog.count(),
    db().alert.findMany({ select: { kind: true }, where: { resolvedAt: null }, orderBy: { kind: "asc" } }),
  ]);
  return { licenses, audit, alerts };
}

const faults: FaultSpec[] = [
  { status: 429, match: /^GET/ },
  { status: 500, match: /^GET/ },
  { status: 503, match: /^GET/ },
  { status: "reset", match: /^GET/ },
  { status: "bare_404", match: /^GET/ },
];

test("S92 Stripe, the mail server and the database fail for ten minutes, and afterwards all is right by itself", async () => {
  try {
    const subscribedAt = standIn.clock.now();
    const renewing = sell("renewing", "subscription", 3);
    const failing = sell("failing", "subscription", 1);
    const leaving = sell("leaving", "subscription", 2);
    const refunded = sell("refunded", "payment", 2);
    const disputed = sell("disputed", "payment", 1);
    await until("the first mails are here", () => mailbox.messages().length >= 5);
    const ends = [1, 2].map(
      (months) => new Date(plusMonths(Math.floor(subscribedAt.getTime() / 1000), months) * 1000),
    );
    const [firstEnd = subscribedAt, secondEnd = subscribedAt] = ends;
    standIn.setCard(failing.customerId, "declines");
    await standIn.clock.set(new Date(firstEnd.getTime() + 55 * minuteMs));
    await untilCalm();
    const heldBack = mailbox.messages().length;

    const { next } = seededRandom(92);
    standIn.faults.next(2, { status: "timeout", match: /^GET/ });
    standIn.faults.sometimes(1, faults, next);
    mailbox.refuse(true);
    const before = standIn.requests().length;
    standIn.refund(refunded.paymentId);
    standIn.dispute(disputed.paymentId);
    await sdkFor(standIn).subscriptions.cancel(leaving.sourceId);
    const [bought, subscribed] = [sell("bought", "payment", 2), sell("subscribed", "subscription", 1)];
    for (let minute = 1; minute <= 10; minute++) {
      await standIn.clock.advance(minuteMs);
      if (minute === 4) await restartDatabase();
      if (minute === 6) await shop.revive();
      await sleep(400); // the shop's worker looks once a second; it shall have a turn in most of these minutes
    }
    expect(standIn.requests().length - before).toBeGreaterThan(20);
    expect(mailbox.messages()).toHaveLength(heldBack);
    standIn.faults.clear();
    mailbox.refuse(false);

    const { stop } = await bootstrap({
      env: shop.env,
      log: { info: () => undefined, warn: () => undefined },
    });
    try {
      for (let step = 0; step < 40 && !(await isAllDone()); step++) {
        await standIn.clock.advance(5 * minuteMs);
        await until("this step is taken", isAllDone, 2_000).catch(() => undefined);
      }
      expect(await isAllDone()).toBe(true);
      expect(await licensesOf(renewing.sourceId)).toEqual(
        Array.from({ length: 3 }, () => ({ code: "VALID", paidUntil: secondEnd, holds: [] })),
      );
      expect(await licensesOf(failing.sourceId)).toEqual([{ code: "GRACE", paidUntil: firstEnd, holds: [] }]);
      const left = await licensesOf(leaving.sourceId);
      expect(left.map(({ code }) => code)).toEqual(["EXPIRED", "EXPIRED"]);
      const suspended = (hold: string) => ({ code: "SUSPENDED", paidUntil: null, holds: [hold] });
      expect(await licensesOf(refunded.sourceId)).toEqual([suspended("refund"), suspended("refund")]);
      expect(await licensesOf(disputed.sourceId)).toEqual([suspended("dispute")]);
      const perpetual = { code: "VALID", paidUntil: null, holds: [] };
      expect(await licensesOf(bought.sourceId)).toEqual([perpetual, perpetual]);
      expect((await licensesOf(subscribed.sourceId)).map(({ code }) => code)).toEqual(["VALID"]);
      expect(await db().license.count()).toBe(12);

      const mails = await db().email.findMany({ where: { sentAt: { not: null } } });
      const sent = mails.map(({ messageId }) => messageId).sort();
      const arrived = mailbox.messages().map(({ messageId }) => messageId);
      expect(arrived.sort()).toEqual(sent);
      expect((await books()).alerts).toEqual([{ kind: "dispute-opened" }]);

      const settled = await books();
      await reconcile(currentTime());
      expect(await books(), "a look at everything finds nothing left to do").toEqual(settled);
      const counts: Record<string, number> = {};
      for (const { kind } of await db().email.findMany()) counts[kind] = (counts[kind] ?? 0) + 1;
      // What is over is looked for once a minute by the machine's clock, so the last mail may be the tick's.
      expect(counts).toEqual({
        "license-issued": 7,
        "renewal-failed": 1,
        refunded: 1,
        "license-suspended": 1,
        "license-expired": 1,
      });
    } finally {
      await stop();
    }
  } finally {
    await shop.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}, 240_000);
