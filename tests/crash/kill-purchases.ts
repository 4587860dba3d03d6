import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { bootstrap } from "#app/commands/bootstrap.ts";
import { syncDueSources } from "#app/domain/stripe-sync/sync-due-sources.server.ts";
import { pool } from "#app/infra/db.server.ts";
import { reconcile } from "#app/jobs/reconcile.server.ts";
import { sendDueEmails } from "#app/jobs/send-due-emails.server.ts";
import { buy, type PurchaseKind, planPurchase } from "#tests/crash/buyer.ts";
import { judge, type Verdict } from "#tests/crash/judge.ts";
import { type MortalShop, openMortalShop, type Victim } from "#tests/crash/mortal-shop.ts";
import { type Random, seededRandom } from "#tests/crash/seeded-random.ts";

// `npm run crash -- --purchases 100 [--seed N] [--age-leases]`
// Buyers buy while the application and its database are killed at random moments; at the end every license and mail
// that is owed must be there exactly once. The seed decides who buys what and when whom is killed; what the processes
// were doing at that moment it cannot decide.

const { values } = parseArgs({
  options: {
    purchases: { type: "string", default: "100" },
    seed: { type: "string" },
    /** Sets the leases of the dead back instead of waiting a minute for them to run out. */
    "age-leases": { type: "boolean", default: false },
  },
});
const purchases = Number(values.purchases);
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed);

type Tally = {
  kinds: Partial<Record<PurchaseKind, number>>;
  kills: Record<Victim, number>;
  shown: string[];
};

async function sellAndKill(shop: MortalShop, random: Random): Promise<Tally> {
  const tally: Tally = { kinds: {}, kills: { app: 0, database: 0, both: 0 }, shown: [] };
  const buyers: Promise<void>[] = [];
  while (buyers.length < purchases) {
    await shop.revive();
    for (let left = Math.min(random.between(1, 4), purchases - buyers.length); left > 0; left--) {
      const plan = planPurchase(random, buyers.length);
      tally.kinds[plan.kind] = (tally.kinds[plan.kind] ?? 0) + 1;
      buyers.push(buy(shop, plan, buyers.length).then((keys) => void tally.shown.push(...keys)));
    }
    await Promise.race([sleep(random.between(20, 700)), failureOf(buyers)]);
    const drawn = random.pick({ app: 76, database: 12, both: 12 });
    const victim = shop.isDatabaseMortal ? drawn : "app";
    await shop.kill(victim);
    tally.kills[victim]++;
  }
  await shop.revive();
  await Promise.all(buyers);
  return tally;
}

/** Never resolves; rejects as soon as a buyer gave up. */
const failureOf = (buyers: Promise<void>[]) =>
  Promise.all(buyers).then(() => new Promise<never>(() => undefined));

/** Stripe has delivered everything and the shop has done what it owes. */
async function settle(shop: MortalShop): Promise<void> {
  await until("Stripe delivered everything", 120_000, () => shop.standIn.deliveries().length === 0);
  if (values["age-leases"]) {
    await shop.close();
    await pool().query("UPDATE stripe_source SET lease_until = NULL, retry_at = NULL");
    await pool().query("UPDATE email SET lease_until = NULL, next_attempt_at = now() WHERE sent_at IS NULL");
    while ((await syncDueSources(new Date())) > 0);
    while ((await sendDueEmails({ now: new Date() })).sent > 0);
  }
  await until("the shop did what it owes", 240_000, isAllDone);
  if (!values["age-leases"]) await shop.close();
}

async function isAllDone(): Promise<boolean> {
  const { rows } = await pool().query<{ owed: number }>(`
    SELECT (SELECT count(*) FROM stripe_source WHERE dirty_seq > synced_seq)::int
      + (SELECT count(*) FROM email WHERE sent_at IS NULL AND dropped_at IS NULL)::int AS owed`);
  return rows[0]?.owed === 0;
}

async function until(what: string, limitMs: number, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`Waited ${limitMs / 1000} s in vain until ${what}.`);
    await sleep(100);
  }
}

function print(tally: Tally, verdict: Verdict, healed: number): void {
  const { kills } = tally;
  const counts = Object.entries(tally.kinds).map(([kind, count]) => `${count} ${kind}`);
  const all = kills.app + kills.database + kills.both;
  console.log(`${purchases} purchases (${counts.join(", ")}), ${verdict.paidSales} paid`);
  console.log(
    `${all} kills: ${kills.app} of the app, ${kills.database} of the database, ${kills.both} of both at once`,
  );
  const { made, failed } = verdict.attempts;
  console.log(
    `${verdict.acknowledged} deliveries acknowledged in ${made} attempts, ${failed} of them failed`,
  );
  console.log(`${healed} sales found only by the sweep`);
  console.log(
    `${verdict.licensesOwed} licenses owed: ${verdict.lost} lost, ${verdict.doubled} doubled, ${verdict.unpaid} unpaid for`,
  );
  const { owed, received, repeated } = verdict.mails;
  console.log(`${owed} mails owed, ${received} received, ${repeated} of them a second time`);
  for (const fault of verdict.faults) console.log(`FAULT ${fault}`);
}

async function main(): Promise<boolean> {
  console.log(`Seed ${seed}. The same again: npm run crash -- --purchases ${purchases} --seed ${seed}`);
  const shop = await openMortalShop();
  try {
    const tally = await sellAndKill(shop, seededRandom(seed));
    const quiet = { info: () => undefined, warn: () => undefined };
    const { stop } = await bootstrap({ env: shop.env, log: quiet });
    try {
      await settle(shop);
      const { found } = await reconcile(new Date());
      const verdict = await judge(shop, tally.shown);
      if (found > 0) verdict.faults.push(`${found} sales were found by the sweep only`);
      print(tally, verdict, found);
      return verdict.faults.length === 0;
    } finally {
      await stop();
    }
  } finally {
    await shop.remove();
  }
}

main().then(
  (fine) => {
    console.log(fine ? "Nothing lost, nothing doubled." : `FAILED with seed ${seed}`);
    process.exit(fine ? 0 : 1);
  },
  (error: unknown) => {
    console.error(error);
    console.log(`FAILED with seed ${seed}`);
    process.exit(1);
  },
);
