import { type SpawnOptions, spawn } from "node:child_process";
import type { ServerUser } from "./embedded-postgres-folder.server.ts";

/**
 * How PostgreSQL's programs are started: under their own account, in a folder that account may enter, and without our
 * environment, which holds secrets and may hold PG* variables meant for somebody else's server.
 */
export function surroundings(cwd: string, user: ServerUser | null): SpawnOptions {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (!["PATH", "SystemRoot", "TEMP", "TMP"].includes(name)) Reflect.deleteProperty(env, name);
  }
  return { cwd, env: { ...env, LC_ALL: "C" }, windowsHide: true, ...user };
}

/** Runs a program to its end with `input` on its standard input. Rejects when it cannot be started at all. */
export function runProgram(
  program: string,
  args: string[],
  where: { cwd: string; user: ServerUser | null },
  input = "",
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...surroundings(where.cwd, where.user), stdio: "pipe" });
    let output = "";
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    // A program that fails at once does not read its input; its exit code tells.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(`${input}\n`);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}
