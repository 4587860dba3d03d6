import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:net";

export const webhookSecret = "whsec_bench";
/** One for all, so that rows written under one server can be read by another. */
export const masterKey = randomBytes(32).toString("base64");

export type BenchServer = { name: string; port: number; process: ChildProcess; databaseUrl: string };

/** Starts a server of the bench, ours or a peer's, and waits until it listens. `variables` are set besides. */
export async function startBenchServer(server: {
  name: string;
  file: string;
  databaseUrl: string;
  variables?: Record<string, string>;
}): Promise<BenchServer> {
  const { name, file, databaseUrl, variables } = server;
  const port = await freePort();
  const child = spawn(process.execPath, [...profiling(name), "--import", "tsx", file], {
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...process.env,
      NODE_ENV: "production",
      PORT: String(port),
      HOST: "127.0.0.1",
      DATABASE_URL: databaseUrl,
      MASTER_KEY: masterKey,
      STRIPE_SECRET_KEY: "sk_test_bench",
      STRIPE_WEBHOOK_SECRET: webhookSecret,
      LOG_LEVEL: "warn",
      ...variables,
    },
  });
  await untilListening(port, child, name);
  return { name, port, process: child, databaseUrl };
}

/** BENCH_PROFILE=<folder> writes a CPU profile of each server there. */
function profiling(name: string): string[] {
  const folder = process.env.BENCH_PROFILE;
  return folder
    ? [
        "--cpu-prof",
        "--cpu-prof-dir",
        folder,
        "--cpu-prof-name",
        `${name.replaceAll(/\W+/g, "-")}.cpuprofile`,
      ]
    : [];
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

export async function endServer({ process: child }: BenchServer): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  // SIGINT, because the plain receivers have no handler and a profile is written only at an orderly end.
  child.kill("SIGINT");
  // A shell that starts the bench in the background has SIGINT ignored, and whoever has no handler inherits that.
  const killing = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await ended;
  clearTimeout(killing);
}
