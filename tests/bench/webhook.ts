import { type ChildProcess, fork, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import pg from "pg";
import type { LoadJob, LoadResult } from "#tests/bench/load.ts";
import { type BenchRow, compareRounds } from "#tests/bench/report.ts";
import { createTestDatabase, type TestDatabaseServer } from "#tests/setup/database.ts";

const secret = "whsec_bench";

type Peer = { name: string; port: number; process: ChildProcess; databaseUrl: string; table: string };
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
  const load = await startLoad();
  const peers = [
    await startServer(server, "latchkey", "app/commands/start.ts", "stripe_event"),
    await startServer(server, "express", "tests/bench/peers/express.ts", "webhook_event"),
    await startServer(server, "node:http", "tests/bench/peers/bare-http.ts", "webhook_event"),
  ];
  const sent = new Map(peers.map((peer) => [peer, 0]));
  const measure = async (peer: Peer, connections: number, requests: number): Promise<LoadResult> => {
    const result = await load.run({ port: peer.port, connections, requests, secret });
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
      rows.push(...compare(Number(connections), results));
    }
    for (const peer of peers) await refuseLoss(peer, sent.get(peer) ?? 0);
    return rows;
  } finally {
    load.stop();
    for (const peer of peers) await end(peer.process);
  }
}

const figures = [
  { field: "perSecond", unit: "deliveries/s", better: "higher" },
  { field: "p50Ms", unit: "p50 ms", better: "lower" },
  { field: "p99Ms", unit: "p99 ms", better: "lower" },
] as const;

function compare(connections: number, results: Map<Peer, LoadResult[]>): BenchRow[] {
  const [[, ours = []] = [], ...others] = [...results];
  const name = `webhook, ${connections} connection${connections === 1 ? "" : "s"}`;
  return others.flatMap(([peer, theirs]) =>
    figures.map(({ field, unit, better }) =>
      compareRounds(
        { name, unit, better, peer: peer.name },
        { ours: ours.map((round) => round[field]), theirs: theirs.map((round) => round[field]) },
      ),
    ),
  );
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
  const port = await freePort();
  const child = spawn(process.execPath, [...profiling(name), "--import", "tsx", file], {
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...process.env,
      NODE_ENV: "production",
      PORT: String(port),
      HOST: "127.0.0.1",
      DATABASE_URL: databaseUrl,
      MASTER_KEY: randomBytes(32).toString("base64"),
      STRIPE_SECRET_KEY: "sk_test_bench",
      STRIPE_WEBHOOK_SECRET: secret,
      WORKER: "off",
      LOG_LEVEL: "warn",
    },
  });
  await untilListening(port, child, name);
  return { name, port, process: child, databaseUrl, table };
}

/** BENCH_PROFILE=<folder> writes a CPU profile of each server there. */
function profiling(name: string): string[] {
  const folder = process.env.BENCH_PROFILE;
  return folder
    ? ["--cpu-prof", "--cpu-prof-dir", folder, "--cpu-prof-name", `${name.replace(":", "-")}.cpuprofile`]
    : [];
}

async function makePlainTable(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(
    "CREATE TABLE webhook_event (id text PRIMARY KEY, type text NOT NULL, payload text NOT NULL, received_at timestamptz NOT NULL DEFAULT now())",
  );
  await client.end();
}

async function startLoad(): Promise<{ run: (job: LoadJob) => Promise<LoadResult>; stop: () => void }> {
  const child = fork("tests/bench/load.ts", [], { execArgv: ["--import", "tsx"] });
  // Rejects when it dies, so that nobody waits for an answer that never comes.
  const ended = once(child, "exit").then(() => Promise.reject(new Error("The load generator ended.")));
  ended.catch(() => undefined);
  await Promise.race([once(child, "message"), ended]);
  return {
    run: (job) =>
      new Promise<LoadResult>((resolve, reject) => {
        child.once("message", (result) => resolve(result as LoadResult)); // load.ts answers each job with one
        ended.catch(reject);
        child.send(job);
      }),
    stop: () => child.kill(),
  };
}

async function untilListening(port: number, child: ChildProcess, name: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode} instead of starting.`);
    const socket = connect(port, "127.0.0.1");
    const connected = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (connected) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${name} did not listen within a minute.`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  return typeof address === "object" && address ? address.port : 0;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  // SIGINT, because the plain receivers have no handler and a profile is written only at an orderly end.
  child.kill("SIGINT");
  await ended;
}
