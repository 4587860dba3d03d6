import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll } from "vitest";

const source = "clients/typescript";
const run = promisify(execFile);

export type ClientOptions = {
  baseUrl: string;
  product: string;
  publicKeys: string[];
  fingerprint?: string;
  encryptFiles?: boolean;
  requireSignedAnswers?: boolean;
  device?: Record<string, string>;
  /** The clock of the device; the machine's own unless given. */
  at?: string;
};

/** One start of a program: it makes a client, does one thing, prints what came of it, and ends. */
const program = `
import { createNodeClient } from "@latchkey/client/node";

const [folder, options, method, ...given] = process.argv.slice(2);
const { at, ...rest } = JSON.parse(options);
const client = createNodeClient({
  ...rest,
  retries: 0,
  storagePath: folder + "/state.json",
  ...(at && { now: () => new Date(at) }),
});
console.log(JSON.stringify(await client[method](...given)));
`;

export type BuiltClient = {
  /** The JavaScript files, as a browser loads them. */
  dist: string;
  /** Runs one method of the client as a program of its own; what it keeps is there at the next start. */
  start(options: ClientOptions, method: string, ...given: string[]): Promise<unknown>;
};

/** The client as a program has it: built by the compiler and installed; gone after the tests of the file. */
export function buildClient(): BuiltClient {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-built-client-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const installed = join(folder, "node_modules", "@latchkey", "client");
  const dist = join(installed, "dist");
  mkdirSync(installed, { recursive: true });
  cpSync(join(source, "package.json"), join(installed, "package.json"));
  const compiler = "node_modules/typescript/bin/tsc";
  execFileSync(process.execPath, [compiler, "-p", source, "--outDir", dist], { stdio: "inherit" });
  const path = join(folder, "program.mjs");
  writeFileSync(path, program);
  return {
    dist,
    async start(options, method, ...given) {
      const { stdout } = await run(process.execPath, [
        path,
        folder,
        JSON.stringify(options),
        method,
        ...given,
      ]);
      return JSON.parse(stdout);
    },
  };
}
