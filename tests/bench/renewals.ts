import { databaseTimes, spentBetween } from "#tests/bench/database-time.ts";
import { type JobProcess, startJobProcess } from "#tests/bench/job-process.ts";
import { makeCatalog, openShop, takePatterns, withClient } from "#tests/bench/renewal-shops.ts";
import type { RenewalJob, RenewalResult, StripeOfBench } from "#tests/bench/renewal-stripe.ts";
import { type BenchRow, compareRounds } from "#tests/bench/report.ts";
import { type BenchServer, endServer, startBenchServer, webhookSecret } from "#tests/bench/server-process.ts";
import type { TestDatabaseServer } from "#tests/setup/database.ts";

type Plan = {
  rounds: number;
  /** By how many are in flight. */
  renewals: Record<number, number>;
  growth: { rounds: number; renewals: number; sizes: readonly [number, number, number] };
  warmUp: number;
};

/** `smoke` only shows that the bench runs. */
export type RenewalMode = "smoke" | "quick" | "full";
const plans: Record<RenewalMode, Plan> = {
  smoke: {
    rounds: 1,
    renewals: { 1: 3, 16: 20 },
    growth: { rounds: 1, renewals: 3, sizes: [1, 20, 50] },
    warmUp: 5,
  },
  quick: {
    rounds: 3,
    renewals: { 1: 20, 16: 120 },
    growth: { rounds: 3, renewals: 20, sizes: [1, 100, 1_000] },
    warmUp: 30,
  },
  full: {
    rounds: 9,
    renewals: { 1: 100, 16: 600 },
    growth: { rounds: 11, renewals: 100, sizes: [1, 1_000, 100_000] },
    warmUp: 300,
  },
};
/** Every renewal of the only subscription adds to what is known of it, which is not what grows here. */
const mostOfOne = 20;

type Shop = BenchServer & { key: string; size: number; renewed: number; answersWhenDone: boolean };
type Stripe = JobProcess<RenewalJob, RenewalResult> & { at: StripeOfBench };

/**
 * Renewals end to end: from the moment `invoice.paid` is posted until the license in the database is extended. Ours goes
 * through the inbox, the worker and its questions to Stripe; the peer does it in the request. And how the cost of one
 * grows with the number of subscriptions in the database. Rounds alternate, as in the bench of webhooks.
 */
export async function benchRenewals(server: TestDatabaseServer, mode: RenewalMode): Promise<BenchRow[]> {
  const plan = plans[mode];
  const process = await startJobProcess<RenewalJob, RenewalResult>("tests/bench/renewal-stripe.ts");
  const stripe: Stripe = { ...process, at: process.ready as StripeOfBench }; // its first message
  const shops: Shop[] = [];
  try {
    const patterns = await sellFirst(server, stripe);
    for (const size of plan.growth.sizes)
      shops.push(await open(stripe, await openShop(server, patterns, size), size));
    const [, ours] = shops;
    if (!ours) throw new Error("There is no shop.");
    const peer = await open(stripe, await openShop(server, patterns, ours.size), ours.size, "express");
    await withClient(server.adminUrl, (client) => client.query("CHECKPOINT")).catch(() => undefined);
    shops.push(peer);
    const soldUntil = await lastEnd(peer);
    for (const shop of shops) await renew(stripe, shop, plan.warmUp, 4);
    const rows = await compareWithPeer(stripe, plan, ours, peer);
    rows.push(...(await measureGrowth(stripe, plan, shops.slice(0, 3))));
    await refuseLoss(peer, soldUntil);
    return rows;
  } finally {
    for (const shop of shops) await endServer(shop);
    process.stop();
  }
}

/** Lets Latchkey itself take in one subscription, whose rows are the pattern of all others. */
async function sellFirst(server: TestDatabaseServer, stripe: Stripe) {
  const databaseUrl = await makeCatalog(server, stripe.at.priceId);
  const shop = await open(stripe, databaseUrl, 0);
  try {
    const job = { key: shop.key, port: shop.port, secret: webhookSecret, databaseUrl, inFlight: 1 };
    await stripe.run({ ...job, serials: [0], isFirst: true });
    await untilSwept(databaseUrl);
    return await takePatterns(databaseUrl);
  } finally {
    await endServer(shop);
  }
}

/** What a shop does when it starts, sweeps and reminders, so that it does not do it while it is measured. */
async function untilSwept(databaseUrl: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  const turns = "SELECT count(*)::int AS open FROM sweep_cursor AS turn WHERE starts_with(name, 'turn:')";
  const done = "EXISTS (SELECT 1 FROM sweep_cursor WHERE name = substr(turn.name, 6))";
  await withClient(databaseUrl, async (client) => {
    for (;;) {
      const { rows } = await client.query<{ all: number; done: number }>(
        `SELECT (${turns}) AS all, (${turns} AND ${done}) AS done`,
      );
      if (rows[0] && rows[0].all >= 4 && rows[0].all === rows[0].done) return;
      if (Date.now() > deadline) throw new Error("The first sweeps did not end within half a minute.");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
}

async function open(
  stripe: Stripe,
  databaseUrl: string,
  size: number,
  peer: "express" | null = null,
): Promise<Shop> {
  const key = `sk_test_${peer ?? "latchkey"}${size}`;
  const started = await startBenchServer({
    name: peer ?? `latchkey-${size}`,
    file: peer ? "tests/bench/peers/straightforward.ts" : "app/commands/start.ts",
    databaseUrl,
    variables: { STRIPE_SECRET_KEY: key, STRIPE_API_BASE: stripe.at.apiBase },
  });
  return { ...started, key, size, renewed: 0, answersWhenDone: peer !== null };
}

/** Renews that many, going through all subscriptions of the shop in an order without neighbors. */
function renew(stripe: Stripe, shop: Shop, count: number, inFlight: number): Promise<RenewalResult> {
  const serials = Array.from(
    { length: shop.size === 1 ? Math.min(count, mostOfOne) : count },
    () => 1 + ((shop.renewed++ * 7_919) % shop.size),
  );
  return stripe.run({
    key: shop.key,
    port: shop.port,
    secret: webhookSecret,
    serials,
    inFlight: Math.min(inFlight, shop.size),
    isFirst: false,
    databaseUrl: shop.answersWhenDone ? null : shop.databaseUrl,
  });
}

const figures = [
  { field: "perSecond", unit: "renewals/s", better: "higher" },
  { field: "p50Ms", unit: "p50 ms", better: "lower" },
  { field: "p99Ms", unit: "p99 ms", better: "lower" },
] as const;

async function compareWithPeer(stripe: Stripe, plan: Plan, ours: Shop, peer: Shop): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [inFlight, count] of Object.entries(plan.renewals)) {
    const results = new Map<Shop, RenewalResult[]>([
      [ours, []],
      [peer, []],
    ]);
    for (let round = 0; round < plan.rounds; round++)
      for (const shop of round % 2 === 0 ? [ours, peer] : [peer, ours])
        results.get(shop)?.push(await renew(stripe, shop, count, Number(inFlight)));
    const of = (shop: Shop, field: keyof RenewalResult) =>
      (results.get(shop) ?? []).map((result) => result[field]);
    for (const { field, unit, better } of figures)
      rows.push(
        compareRounds(
          { name: `renewals, ${inFlight} in flight`, unit, better, peer: peer.name },
          { ours: of(ours, field), theirs: of(peer, field) },
        ),
      );
  }
  return rows;
}

type Cost = { p50Ms: number; databaseMs: number | null };

/** What one renewal costs in shops of different sizes, one at a time, each beside the shop of middle size. */
async function measureGrowth(stripe: Stripe, plan: Plan, shops: Shop[]): Promise<BenchRow[]> {
  const costs = new Map<Shop, Cost[]>(shops.map((shop) => [shop, []]));
  for (let round = 0; round < plan.growth.rounds; round++)
    for (const shop of round % 2 === 0 ? shops : shops.toReversed())
      costs.get(shop)?.push(await costOf(stripe, shop, plan.growth.renewals));
  const [smallest, middle, largest] = shops;
  if (!smallest || !middle || !largest) throw new Error("There are three sizes.");
  const rows: BenchRow[] = [];
  for (const shop of [smallest, largest])
    for (const [field, unit] of [
      ["p50Ms", "p50 ms"],
      ["databaseMs", "ms in PostgreSQL"],
    ] as const) {
      const of = (each: Shop) => (costs.get(each) ?? []).flatMap((cost) => cost[field] ?? []);
      const name = `one renewal, ${countOf(shop)}`;
      if (of(shop).length > 0)
        rows.push(
          compareRounds(
            { name, unit, better: "lower", peer: countOf(middle) },
            { ours: of(shop), theirs: of(middle) },
          ),
        );
    }
  return rows;
}

const countOf = ({ size }: Shop) => `${size.toLocaleString("en")} subscription${size === 1 ? "" : "s"}`;

async function costOf(stripe: Stripe, shop: Shop, count: number): Promise<Cost> {
  const before = await databaseTimes(shop.databaseUrl);
  const already = shop.renewed;
  const { p50Ms } = await renew(stripe, shop, count, 1);
  const spent = spentBetween(before, await databaseTimes(shop.databaseUrl));
  return { p50Ms, databaseMs: spent === null ? null : spent / (shop.renewed - already) };
}

/** A fast answer counts only when what was answered for is there. */
async function refuseLoss(peer: Shop, soldUntil: Date): Promise<void> {
  const extended = await withClient(peer.databaseUrl, async (client) => {
    const { rows } = await client.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM license WHERE paid_until > $1",
      [soldUntil],
    );
    return rows[0]?.count;
  });
  const renewed = Math.min(peer.renewed, peer.size);
  if (extended !== renewed) throw new Error(`${peer.name} extended ${extended} of ${renewed} licenses.`);
}

async function lastEnd({ databaseUrl }: Shop): Promise<Date> {
  return withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ last: Date }>("SELECT max(paid_until) AS last FROM license");
    return rows[0]?.last ?? new Date(0);
  });
}
