import { type JobProcess, startJobProcess } from "#tests/bench/job-process.ts";
import type { LoadResult } from "#tests/bench/lanes.ts";
import type { LicenseLoadJob } from "#tests/bench/license-load.ts";
import { type LicenseShop, makeLicenseShop } from "#tests/bench/license-shops.ts";
import { type BenchRow, compareLoads } from "#tests/bench/report.ts";
import { type BenchServer, endServer, startBenchServer } from "#tests/bench/server-process.ts";
import type { TestDatabaseServer } from "#tests/setup/database.ts";

type Peer = { name: string; file: string; validate: string; activate: string };
type Server = BenchServer & Peer & { keys: string[] };
type Plan = { rounds: number; licenses: [number, number]; calls: Record<Act, Record<number, number>> };
type Act = "validate" | "activate";

const plans: Record<"quick" | "full", Plan> = {
  quick: {
    rounds: 3,
    licenses: [1_000, 50_000],
    calls: { validate: { 1: 1_000, 16: 4_000, 64: 6_000 }, activate: { 1: 200, 16: 600, 64: 800 } },
  },
  full: {
    rounds: 9,
    licenses: [1_000, 1_000_000],
    calls: { validate: { 1: 2_000, 16: 8_000, 64: 10_000 }, activate: { 1: 300, 16: 1_200, 64: 1_600 } },
  },
};

const ours: Peer = {
  name: "latchkey",
  file: "app/commands/start.ts",
  validate: "/api/v1/licenses/validate",
  activate: "/api/v1/licenses/activate",
};
const peers: Peer[] = [
  ours,
  {
    name: "express",
    file: "tests/bench/peers/license-express.ts",
    validate: "/validate",
    activate: "/activate",
  },
  {
    name: "node:http",
    file: "tests/bench/peers/license-bare.ts",
    validate: "/validate",
    activate: "/activate",
  },
];

/**
 * Validations and activations of licenses among few and then among many, by our server and by two plain ones on the same
 * database. Beside those among many runs our server among few once more, for how the cost grows. Rounds alternate between
 * the processes, so that whatever else the machine does meets all of them.
 */
export async function benchLicenses(server: TestDatabaseServer, mode: "quick" | "full"): Promise<BenchRow[]> {
  const { licenses, ...plan } = plans[mode];
  const load = await startJobProcess<LicenseLoadJob, LoadResult>("tests/bench/license-load.ts");
  try {
    const amongFew = await measureServers(load, plan, await makeLicenseShop(server, licenses[0]), []);
    // A fresh one beside: the activations of the first part would stand in its way.
    const fewBeside = await makeLicenseShop(server, licenses[0]);
    const amongMany = await measureServers(load, plan, await makeLicenseShop(server, licenses[1]), [
      fewBeside,
    ]);
    const words = licenses.map((count) => `among ${count.toLocaleString("en")}`);
    return [...amongFew, ...amongMany].flatMap(({ act, connections, results }, index) => {
      const size = words[index < amongFew.length ? 0 : 1];
      const unit = act === "validate" ? "validations/s" : "activations/s";
      const name = `${act} ${size}, ${connections} connection${connections === 1 ? "" : "s"}`;
      const rounds = results.map(({ name: peer, rounds }) => ({
        peer: peer === "latchkey few" ? { name: `latchkey ${words[0]}` } : { name: peer },
        rounds,
      }));
      return compareLoads({ name, unit }, new Map(rounds.map(({ peer, rounds }) => [peer, rounds])));
    });
  } finally {
    load.stop();
  }
}

type Load = JobProcess<LicenseLoadJob, LoadResult>;
type Measured = { act: Act; connections: number; results: { name: string; rounds: LoadResult[] }[] };

/** All servers on one database, and ours alone on others. */
async function measureServers(
  load: Load,
  plan: Omit<Plan, "licenses">,
  shop: LicenseShop,
  others: readonly LicenseShop[],
): Promise<Measured[]> {
  const servers: Server[] = [];
  const start = async (peer: Peer, { databaseUrl, keys }: LicenseShop, name: string) => {
    const started = await startBenchServer({
      name,
      file: peer.file,
      databaseUrl,
      variables: { WORKER: "off" },
    });
    servers.push({ ...peer, ...started, keys });
  };
  try {
    for (const peer of peers) await start(peer, shop, peer.name);
    for (const other of others) await start(ours, other, "latchkey few");
    for (const target of servers) {
      await measure(load, "validate", target, 16, 3_000);
      await measure(load, "activate", target, 16, 200);
    }
    const measured: Measured[] = [];
    for (const act of ["validate", "activate"] as const)
      for (const [connections, calls] of Object.entries(plan.calls[act])) {
        const rounds = new Map(servers.map((target): [Server, LoadResult[]] => [target, []]));
        for (let round = 0; round < plan.rounds; round++)
          for (const target of round % 2 === 0 ? servers : servers.toReversed())
            rounds.get(target)?.push(await measure(load, act, target, Number(connections), calls));
        const results = [...rounds].map(([{ name }, rounds]) => ({ name, rounds }));
        measured.push({ act, connections: Number(connections), results });
      }
    return measured;
  } finally {
    for (const target of servers) await endServer(target);
  }
}

async function measure(
  load: Load,
  act: Act,
  target: Server,
  connections: number,
  calls: number,
): Promise<LoadResult> {
  const { port, keys } = target;
  const job = { port, keys, connections, calls, path: target[act], devices: act === "activate" };
  const result = await load.run(job);
  if (result.failures > 0) throw new Error(`${target.name} refused ${result.failures} of ${calls} calls.`);
  return result;
}
