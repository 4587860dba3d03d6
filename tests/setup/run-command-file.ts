import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { RuntimeEnv } from "#app/infra/env.server.ts";

export type CommandOutcome = { code: number | null; stdout: string; stderr: string };

/** Runs a file of app/commands as a process of its own on the database of the test, with `input` on standard input. */
export async function runCommandFile(
  env: RuntimeEnv,
  file: string,
  args: readonly string[],
  options: { input?: string; variables?: Record<string, string> } = {},
): Promise<CommandOutcome> {
  const child = spawn(process.execPath, ["--import", "tsx", file, ...args], {
    env: {
      ...process.env,
      DATABASE_URL: env.databaseUrl,
      MASTER_KEY: env.masterKey.toString("base64"),
      ...options.variables,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // A command that refuses its options ends before it reads.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: child.exitCode, stdout, stderr };
}
