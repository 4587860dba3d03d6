import { createHash, randomBytes } from "node:crypto";
import { chmod, chown, link, lstat, mkdir, readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { DatabaseStartError, errorCode, errorText } from "./database-start-error.server.ts";

/** The account the server runs under when we are root: PostgreSQL refuses to run as root. */
export type ServerUser = { uid: number; gid: number };

/** Where one embedded server keeps everything. */
export type EmbeddedFolder = {
  /** Holds the cluster, the socket, the server's log and, when needed, a copy of the server's software. */
  root: string;
  /** PostgreSQL's own data directory; absent until the first boot has finished. */
  cluster: string;
  logFile: string;
  /** Null: the server runs as we do. */
  user: ServerUser | null;
};

const SYSTEM_FOLDER = "/var/lib/latchkey";
const SOCKET_NAME = ".s.PGSQL.5432";
/** `sun_path` holds 103 bytes on macOS and 107 on Linux. */
const SOCKET_PATH_MAX_BYTES = 100;
const isRoot = () => process.getuid?.() === 0;

/**
 * Prepares `<dataDir>/postgres`. As root, when the server's account may not enter it (a clone under /root), the
 * server's files go to a folder of their own under `systemFolder` and `<dataDir>/postgres/LOCATION` says where.
 * Safe to call from several processes at once.
 *
 * @throws {DatabaseStartError} when the folder cannot be written or belongs to somebody else
 */
export async function prepareFolder(dataDir: string, systemFolder = SYSTEM_FOLDER): Promise<EmbeddedFolder> {
  const home = await makeHome(resolve(dataDir));
  const pointer = join(home, "LOCATION");
  const moved = await readPointer(pointer);
  const owner = await clusterOwner(join(moved ?? home, "cluster"));
  refuseForeignOwner(owner, moved ?? home);
  const user = isRoot() ? await chooseServerUser(owner, moved ?? home) : null;
  const reachable = user === null || (await canEnter(moved ?? home, user));
  if (!reachable && (moved !== null || owner !== null)) {
    throw new DatabaseStartError(
      `The database in ${moved ?? home} lies where its server's account (uid ${user?.uid}) may not enter: move DATA_DIR out of private folders such as /root, or set DATABASE_URL.`,
    );
  }
  const root = reachable ? (moved ?? home) : await makeSystemFolder(systemFolder, pointer);
  return { root, cluster: join(root, "cluster"), logFile: join(root, "server.log"), user };
}

async function makeHome(dataDir: string): Promise<string> {
  // Nobody may list these folders, but root must leave the way through them open whatever its umask says, because
  // the database server runs under another account. A data folder that was there before is left as it is.
  const mode = isRoot() ? 0o711 : 0o700;
  const home = join(dataDir, "postgres");
  try {
    if (await mkdir(dataDir, { recursive: true, mode })) await chmod(dataDir, mode);
    if (await mkdir(home, { recursive: true, mode })) await chmod(home, mode);
    const probe = join(home, `.write-probe-${process.pid}-${randomBytes(4).toString("hex")}`);
    await writeFile(probe, "");
    await rm(probe);
    return await realpath(home);
  } catch (error) {
    refuseForeignOwner(await clusterOwner(join(home, "cluster")), home);
    throw unwritable(dataDir, error);
  }
}

function refuseForeignOwner(owner: ServerUser | null, root: string) {
  if (owner === null || isRoot() || owner.uid === process.getuid?.()) return;
  throw new DatabaseStartError(
    `The database in ${root} belongs to another user (uid ${owner.uid}): start Latchkey as root or as that user, or choose another DATA_DIR.`,
  );
}

function unwritable(folder: string, error: unknown): DatabaseStartError {
  const cause: Record<string, string> = {
    EACCES: "this user may not write there",
    EPERM: "this user may not write there",
    EROFS: "the file system is read-only",
    ENOSPC: "the disk is full",
    ENOTDIR: "a part of the path is not a folder",
    EEXIST: "it is not a folder",
  };
  const why = cause[errorCode(error)] ?? errorText(error);
  return new DatabaseStartError(
    `The data folder ${folder} cannot be used (${why}): make it writable, set DATA_DIR to another folder, or set DATABASE_URL to use a PostgreSQL of your own.`,
  );
}

async function readPointer(pointer: string): Promise<string | null> {
  let moved: string;
  try {
    moved = (await readFile(pointer, "utf8")).trim();
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw unwritable(dirname(pointer), error);
  }
  try {
    if ((await stat(moved)).isDirectory()) return await realpath(moved);
  } catch {
    // Reported below together with "not a folder".
  }
  throw new DatabaseStartError(
    `The file ${pointer} says that the database lies in ${moved}, which is not there: restore that folder, or delete ${dirname(pointer)} to begin with an empty database.`,
  );
}

/** Concurrent first boots agree on one folder: the pointer is written whole or not at all, and the first one stays. */
async function makeSystemFolder(systemFolder: string, pointer: string): Promise<string> {
  const folder = join(systemFolder, randomBytes(8).toString("hex"));
  const draft = `${pointer}.${randomBytes(4).toString("hex")}`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await chmod(systemFolder, 0o755);
    await chmod(folder, 0o711);
    await writeFile(draft, `${folder}\n`);
    await link(draft, pointer).catch(async (error: unknown) => {
      if (errorCode(error) !== "EEXIST") throw error;
      await rm(folder, { recursive: true });
    });
  } catch (error) {
    throw unwritable(systemFolder, error);
  } finally {
    await rm(draft, { force: true });
  }
  return (await readPointer(pointer)) ?? folder;
}

async function clusterOwner(cluster: string): Promise<ServerUser | null> {
  try {
    const { uid, gid } = await stat(cluster);
    return { uid, gid };
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(error))) return null;
    throw unwritable(cluster, error);
  }
}

/** The owner of an existing cluster, otherwise the account `postgres`, otherwise `nobody`. */
async function chooseServerUser(owner: ServerUser | null, root: string): Promise<ServerUser> {
  if (owner !== null && owner.uid !== 0) return owner;
  const accounts = await readFile("/etc/passwd", "utf8").catch(() => "");
  const found = ["postgres", "nobody"]
    .map((name) => accounts.split("\n").find((line) => line.startsWith(`${name}:`)))
    .find((line) => line !== undefined);
  const [name, , uid, gid] = found?.split(":") ?? [];
  if (uid === undefined || gid === undefined || uid === "0") {
    throw new DatabaseStartError(
      "PostgreSQL does not run as root and this system has no account named postgres or nobody: start Latchkey as an ordinary user, or set DATABASE_URL.",
    );
  }
  if (owner !== null) {
    throw new DatabaseStartError(
      `The database in ${root} belongs to root, and PostgreSQL does not run as root: run "chown -R ${name} ${join(root, "cluster")}" and start again.`,
    );
  }
  return { uid: Number(uid), gid: Number(gid) };
}

/** True when `user` may pass through every folder of `path`, as its permission bits say. */
export async function canEnter(path: string, user: ServerUser): Promise<boolean> {
  const { mode, uid, gid } = await stat(path);
  const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
  if ((mode & bit) === 0) return false;
  const parent = dirname(path);
  return parent === path || (await canEnter(parent, user));
}

/**
 * A private folder for the server's socket, made when missing: beside the cluster, or under the system's temporary
 * folder when that path would be longer than a socket address can be.
 *
 * @throws {DatabaseStartError} when somebody else owns the folder in the temporary folder
 */
export async function prepareSocketFolder(folder: EmbeddedFolder): Promise<string> {
  const beside = join(folder.root, "socket");
  if (Buffer.byteLength(join(beside, SOCKET_NAME)) <= SOCKET_PATH_MAX_BYTES) {
    await makePrivate(beside, folder.user);
    return beside;
  }
  const name = `latchkey-${createHash("sha256").update(folder.cluster).digest("hex").slice(0, 16)}`;
  for (const parent of [tmpdir(), "/tmp"]) {
    const short = join(parent, name);
    const fits = Buffer.byteLength(join(short, SOCKET_NAME)) <= SOCKET_PATH_MAX_BYTES;
    if (!fits || (folder.user !== null && !(await canEnter(parent, folder.user)))) continue;
    await makePrivate(short, folder.user);
    const { uid, mode } = await lstat(short);
    const wanted = folder.user?.uid ?? process.getuid?.();
    if (uid === wanted && (mode & 0o170077) === 0o040000) return short;
    throw new DatabaseStartError(
      `The folder ${short} belongs to somebody else or is open to others: delete it, or set DATA_DIR to a shorter path.`,
    );
  }
  throw new DatabaseStartError(
    `The path ${folder.root} is too long for a database socket: set DATA_DIR to a shorter path, or set DATABASE_URL.`,
  );
}

/** Makes a folder only the server's account (and root) may enter. One that exists is left as it is. */
export async function makePrivate(path: string, user: ServerUser | null): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
    if (user !== null) await chown(path, user.uid, user.gid);
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw unwritable(path, error);
  }
}
