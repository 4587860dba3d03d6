import pg from "pg";
import { startJobProcess } from "#tests/bench/job-process.ts";
import type { LoadResult } from "#tests/bench/lanes.ts";
import type { LoadJob } from "#tests/bench/load.ts";
import { type BenchRow, compareLoads } from "#tests/bench/report.ts";
import { type BenchServer, endServer, startBenchServer, webhookSecret } from "#tests/bench/server-process.ts";
import { createTestDatabase, type TestDatabaseServer } from "#tests/setup/database.ts";

type Peer = BenchServer & { table: string };
type Plan = { rounds: number; requests: Record<number, number>; warmUp: number };

const plans: Record<"quick" | "full", Plan> = {
  quick: { rounds: 3, requests: { 1: 300, 16: 1_500, 64: 2_500 }, warmUp: 2_000 },
  full: { rounds: 11, requests: { 1: 500, 16: 2_000, 64: 3_500 }, warmUp: 6_000 },
};

/**
 * Deliveries of distinct, signed events to our server and to two plain receivers, each a process of its own with a
 * database of its own on one database server. Only receiving is measured: ours runs with WORKER=off. Rounds alternate
 * between the servers, so that whatever else the machine does meets all of them; figures are medians of the rounds.
 */
export async function benchWebhook(server: TestDatabaseServer, mode: "quick" | "full"): Promise<BenchRow[]> {
  const plan = plans[mode];
  const load = await startJobProcess<LoadJob, LoadResult>("tests/bench/load.ts");
  const peers = [
    await startServer(server, "latchkey", "app/commands/start.ts", "stripe_event"),
    await startServer(server, "express", "tests/bench/peers/express.ts", "webhook_event"),
    await startServer(server, "node:http", "tests/bench/peers/bare-http.ts", "webhook_event"),
  ];
  const sent = new Map(peers.map((peer) => [peer, 0]));
  const measure = async (peer: Peer, connections: number, requests: number): Promise<LoadResult> => {
    const result = await load.run({ port: peer.port, connections, requests, secret: webhookSecret });
    if (result.failures > 0)
      throw new Error(`${peer.name} refused ${result.failures} of ${requests} deliveries.`);
    sent.set(peer, (sent.get(peer) ?? 0) + requests);
    return result;
  };
  try {
    for (const peer of peers) await measure(peer, 16, plan.warmUp);
    const rows: BenchRow[] = [];
    for (const [connections, requests] of Object.entries(plan.requests)) {
      const results = new Map<Peer, LoadResult[]>(peers.map((peer) => [peer, []]));
      for (let round = 0; round < plan.rounds; round++)
        for (const peer of round % 2 === 0 ? peers : peers.toReversed())
          results.get(peer)?.push(await measure(peer, Number(connections), requests));
      const name = `webhook, ${connections} connection${connections === "1" ? "" : "s"}`;
      rows.push(...compareLoads({ name, unit: "deliveries/s" }, results));
    }
    for (const peer of peers) await refuseLoss(peer, sent.get(peer) ?? 0);
    return rows;
  } finally {
    load.stop();
    for (const peer of peers) await endServer(peer);
  }
}

/** A fast answer counts only when what was answered for is there. */
async function refuseLoss(peer: Peer, sent: number): Promise<void> {
  const client = new pg.Client({ connectionString: peer.databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${peer.table}`);
  await client.end();
  if (rows[0]?.count !== sent) throw new Error(`${peer.name} stored ${rows[0]?.count} of ${sent} events.`);
}

async function startServer(
  server: TestDatabaseServer,
  name: string,
  file: string,
  table: string,
): Promise<Peer> {
  const { url: databaseUrl } = await createTestDatabase(server);
  if (table === "webhook_event") await makePlainTable(databaseUrl);
  const started = await startBenchServer({ name, file, databaseUrl, variables: { WORKER: "off" } });
  return { ...started, table };
}

async function makePlainTable(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(
    "CREATE TABLE webhook_event (id text PRIMARY KEY, type text NOT NULL, payload text NOT NULL, received_at timestamptz NOT NULL DEFAULT now())",
  );
  await client.end();
}
