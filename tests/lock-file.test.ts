import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";

const versions = z.record(z.string(), z.string()).default({});
const Locked = z.object({
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  hasInstallScript: z.boolean().default(false),
  link: z.boolean().default(false),
  dependencies: versions,
  optionalDependencies: versions,
});
const LockFile = z.object({ lockfileVersion: z.literal(3), packages: z.record(z.string(), Locked) });

const PackageFile = z.object({
  dependencies: versions,
  devDependencies: versions,
  allowScripts: z.record(z.string(), z.boolean()).default({}),
});

const { packages } = LockFile.parse(JSON.parse(readFileSync("package-lock.json", "utf8")));
const packageFile = PackageFile.parse(JSON.parse(readFileSync("package.json", "utf8")));
const locked = Object.entries(packages).filter(([path]) => path !== "");
const nameOf = (path: string) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);

/** Where Node would find `name` from inside `path`: the nearest node_modules on the way up. */
function findLocked(path: string, name: string): string | null {
  for (
    let folder = path;
    ;
    folder = folder.slice(0, folder.lastIndexOf("node_modules/")).replace(/\/$/, "")
  ) {
    const candidate = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (candidate in packages) return candidate;
    if (folder === "") return null;
  }
}

test("every optional package of every platform is locked, so that the lock file serves all of them", () => {
  const missing = locked.flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies)
      .filter((name) => findLocked(path, name) === null)
      .map((name) => `${path} needs ${name}`),
  );
  expect(
    missing,
    "npm drops other platforms' packages at times: make the lock file anew from nothing",
  ).toEqual([]);
});

test("the lock file names no download address, so that it installs from any registry", () => {
  const addressed = locked.filter(([, entry]) => entry.resolved !== undefined).map(([path]) => path);
  expect(addressed, "npm install --omit-lockfile-registry-resolved leaves them out").toEqual([]);
});

test("every locked package carries its checksum", () => {
  const unchecked = locked.filter(([, entry]) => !entry.integrity && !entry.link).map(([path]) => path);
  expect(unchecked).toEqual([]);
});

test("every package with an install script has a verdict in package.json", () => {
  const scripted = new Set(
    locked.filter(([, entry]) => entry.hasInstallScript).map(([path]) => nameOf(path)),
  );
  const undecided = [...scripted].filter((name) => !(name in packageFile.allowScripts));
  expect(undecided, "list it under allowScripts: true with a reason in docs/security.md, or false").toEqual(
    [],
  );
  const stale = Object.keys(packageFile.allowScripts).filter((name) => !scripted.has(name));
  expect(stale, "allowScripts lists packages that have no install script").toEqual([]);
});

test("every dependency is pinned to one version", () => {
  const all = { ...packageFile.dependencies, ...packageFile.devDependencies };
  const loose = Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(version));
  expect(loose, "write the exact version").toEqual([]);
});
