import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { afterAll } from "vitest";
import { z } from "zod";
import type { RuntimeEnv } from "#app/infra/env.server.ts";

const Report = z.object({ rss: z.number(), used: z.number() });
const Started = z.object({ url: z.string() });

export type WholeServer = {
  url: string;
  port: number;
  /** Everything it wrote so far, to both streams. */
  log(): string;
  /** What it holds after a collection of garbage, in bytes. */
  memory(): Promise<z.output<typeof Report>>;
  isAlive(): boolean;
  /** Ends it in order, so that all it wrote is in the log; safe to repeat. @returns its exit code. */
  stop(): Promise<number | null>;
};

/** The whole server in a process of its own over the database of the test; gone after the test file. */
export async function startWholeServer(
  env: RuntimeEnv,
  variables: Record<string, string> = {},
): Promise<WholeServer> {
  const child = fork("tests/api/whole-server.ts", {
    execArgv: ["--import", "tsx", "--expose-gc"],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: {
      ...process.env,
      NODE_ENV: "production",
      PORT: "0",
      HOST: "127.0.0.1",
      APP_URL: env.appUrl,
      DATABASE_URL: env.databaseUrl,
      MASTER_KEY: env.masterKey.toString("base64"),
      STRIPE_SECRET_KEY: "",
      STRIPE_WEBHOOK_SECRET: "whsec_test",
      WORKER: "off",
      ...variables,
    },
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
  const stop = () => end(child);
  afterAll(stop);
  const log = () => chunks.join("");
  const { url } = Started.parse(await message(child, log));
  const memory = async () => {
    child.send("memory");
    return Report.parse(await message(child, log));
  };
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  return { url, port: Number(new URL(url).port), log, memory, isAlive, stop };
}

async function message(child: ChildProcess, log: () => string): Promise<unknown> {
  const [first] = (await Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code]) => {
      throw new Error(`The server ended with ${String(code)}:\n${log().slice(-4000)}`);
    }),
  ])) as unknown[]; // what a listener of the event gets
  return first;
}

async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const closed = once(child, "close");
  child.kill("SIGTERM");
  const killing = setTimeout(() => child.kill("SIGKILL"), 20_000);
  await closed;
  clearTimeout(killing);
  return child.exitCode;
}
