import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

export const packageFolder = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);

/** Runs the TypeScript compiler; its complaints become the error. */
export function compile(folder: string, ...options: string[]): void {
  try {
    execFileSync(process.execPath, [require.resolve("typescript/bin/tsc"), ...options], {
      cwd: folder,
      encoding: "utf8",
    });
  } catch (error) {
    throw new Error(error instanceof Error && "stdout" in error ? String(error.stdout) : String(error));
  }
}

/** The package as a program finds it: built, in the node_modules of a folder that is gone after the tests of the file. */
export function installBuiltPackage(): string {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-program-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const installed = join(folder, "node_modules", "@latchkey", "client");
  mkdirSync(installed, { recursive: true });
  cpSync(join(packageFolder, "package.json"), join(installed, "package.json"));
  compile(packageFolder, "-p", "tsconfig.json", "--outDir", join(installed, "dist"));
  return folder;
}
