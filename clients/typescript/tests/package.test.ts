import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { compile, installBuiltPackage, packageFolder } from "#tests/built-package.ts";
import { startFakeServer } from "#tests/fake-server.ts";
import { issued, licenseKey } from "#tests/sealed-files.ts";

const run = promisify(execFile);
const folder = installBuiltPackage();
writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));

/** The files that the main entry reaches. */
function reach(folder: string, name = "index.js", seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const [, target = ""] of readFileSync(join(folder, name), "utf8").matchAll(/ from "([^"]+)"/g))
    if (target.startsWith("./")) reach(folder, target.slice(2), seen);
    else seen.add(target);
  return seen;
}

test("the package depends on nothing, and its main entry on nothing of Node", { timeout: 60_000 }, () => {
  const manifest: object = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));
  for (const field of ["dependencies", "peerDependencies", "optionalDependencies"])
    expect(manifest).not.toHaveProperty(field);
  const dist = join(folder, "node_modules/@latchkey/client/dist");
  const reached = [...reach(dist)];
  expect(reached.filter((name) => !name.endsWith(".js"))).toEqual([]);
  expect(reached.length).toBeGreaterThan(10);
  for (const name of reached)
    expect(readFileSync(join(dist, name), "utf8"), name).not.toMatch(/\b(process|Buffer|require)\b\s*[.(]/);
  expect(
    [...reach(dist, "node.js")]
      .filter((name) => !name.endsWith(".js"))
      .every((name) => name.startsWith("node:")),
  ).toBe(true);
  expect(readdirSync(dist).filter((name) => name.includes("test"))).toEqual([]);
});

const program = `
import { createNodeClient, type Check } from "@latchkey/client/node";
import { verifyFile } from "@latchkey/client";

const [baseUrl = "", publicKey = "", key = "", now = ""] = process.argv.slice(2);
const client = createNodeClient({
  baseUrl,
  product: "lumen",
  publicKeys: [publicKey],
  storagePath: new URL("./state.json", import.meta.url).pathname,
  now: () => new Date(now),
  retries: 0,
});
const check: Check = await client.activate(key);
if (check.source === "file") throw new Error(check.trouble.message);
const file = await client.refreshFile(key);
const refusal = await verifyFile("", { publicKeys: [publicKey], product: "lumen", fingerprint: "", now: new Date() , crypto: (await import("node:crypto")).webcrypto });
console.log(check.reason, file.ok, refusal.ok ? "" : refusal.reason, typeof globalThis.crypto);
`;

test("a program in strict TypeScript compiles against the built package and runs, also where crypto is no global", async () => {
  writeFileSync(join(folder, "program.ts"), program);
  const types = ["--types", "node", "--typeRoots", join(packageFolder, "../../node_modules/@types")];
  const strict = ["--strict", "--exactOptionalPropertyTypes", "--target", "ES2022", ...types];
  compile(folder, "program.ts", ...strict, "--module", "NodeNext");
  const server = await startFakeServer(issued);
  const given = [server.url, server.signer.publicKey, licenseKey, issued.toISOString()];
  const path = join(folder, "program.js");
  expect((await run(process.execPath, [path, ...given])).stdout.trim()).toBe("VALID true malformed object");
  // Node 18 is like that.
  const bare = await run(process.execPath, ["--no-experimental-global-webcrypto", path, ...given]);
  expect(bare.stdout.trim()).toBe("VALID true malformed undefined");
}, 120_000);

test("every example of the README compiles", { timeout: 60_000 }, () => {
  const readme = readFileSync(join(packageFolder, "README.md"), "utf8");
  const examples = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code = ""]) => code);
  expect(examples.length).toBeGreaterThan(4);
  const names = examples.map((code, index) => {
    writeFileSync(join(folder, `example-${index}.ts`), code);
    return `example-${index}.ts`;
  });
  const electron = `declare module "electron" {
    const app: { getPath(name: string): string; getVersion(): string };
    const ipcMain: { handle(channel: string, listener: (event: unknown, key: string) => unknown): void };
  }`;
  writeFileSync(join(folder, "electron.d.ts"), electron);
  const types = ["--types", "node", "--typeRoots", join(packageFolder, "../../node_modules/@types")];
  const module = ["--module", "ESNext", "--moduleResolution", "bundler", "--target", "ES2022"];
  compile(folder, ...names, "electron.d.ts", "--strict", "--noEmit", ...module, ...types);
});
