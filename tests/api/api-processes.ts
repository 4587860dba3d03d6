import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { afterAll } from "vitest";
import type { RuntimeEnv } from "#app/infra/env.server.ts";

export type ApiProcess = { url: string; process: ChildProcess };

/** The API in a process of its own on the database of this test; it ends with the test file at the latest. */
export async function startApiProcess(env: RuntimeEnv): Promise<ApiProcess> {
  const child = fork("tests/api/serve-api.ts", {
    execArgv: ["--import", "tsx"],
    env: {
      ...process.env,
      DATABASE_URL: withFewConnections(env.databaseUrl),
      MASTER_KEY: env.masterKey.toString("base64"),
      APP_URL: env.appUrl,
      LOG_LEVEL: "error",
    },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  afterAll(() => killApiProcess({ process: child }));
  const [message] = await Promise.race([
    once(child, "message"),
    once(child, "exit").then(() => Promise.reject(new Error("The API process ended at its start."))),
  ]);
  return { url: `http://127.0.0.1:${(message as { port: number }).port}`, process: child }; // as serve-api.ts sends it
}

/** Several processes and several test files share the connections of one database server. */
function withFewConnections(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.searchParams.set("connection_limit", "10");
  return url.href;
}

/** Ends it at once, as a crash does. Safe to repeat. */
export async function killApiProcess({ process: child }: Pick<ApiProcess, "process">): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}
