import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { link, readdir, readFile, readlink, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { errorCode } from "./database-start-error.server.ts";

/** What PostgreSQL's lock file says about the server that wrote it. */
export type PostmasterFile = { pid: number; port: number; socketFolder: string };

const lockName = "postmaster.pid";

/**
 * Reads `postmaster.pid`; null when no server has written one or it is not finished yet. Its lines: process id, data
 * directory, start time, port, socket folder, address, shared memory, status
 * (https://www.postgresql.org/docs/18/storage-file-layout.html).
 */
export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | null> {
  const text = await readFile(join(cluster, lockName), "utf8").catch(ignoreMissing);
  const [pid, , , port, socketFolder] = (text ?? "").split("\n");
  if (port === undefined || socketFolder === undefined) return null;
  return { pid: Number(pid), port: Number(port), socketFolder };
}

/** True when a living process is, or cannot be told from, the server of this cluster. */
export async function isServerAlive(cluster: string): Promise<boolean> {
  const pid = await lockHolder(join(cluster, lockName));
  return pid !== null && (await isOurServer(pid, cluster));
}

/**
 * Removes lock files that name a process which is not our server. PostgreSQL itself copes with a dead process's
 * lock, but takes any living process of that number for a server: after a crash, or in a restarted container,
 * it may be any program, this one included.
 *
 * @returns the files removed
 */
export async function removeStaleLocks(cluster: string, socketFolder: string | null): Promise<string[]> {
  const socketLocks = socketFolder === null ? [] : await readdir(socketFolder).catch(() => []);
  const locks = socketLocks
    .filter((name) => name.endsWith(".lock"))
    .map((name) => join(String(socketFolder), name));
  const removed: string[] = [];
  for (const lock of [join(cluster, lockName), ...locks]) {
    const pid = await lockHolder(lock);
    if (pid === null || !isAlive(pid) || (await isOurServer(pid, cluster))) continue;
    if (await removeIfHeldBy(lock, pid)) removed.push(lock);
  }
  return removed;
}

/**
 * Ends what a killed server left behind: its children keep the shared memory, and a new server must not start beside
 * them. Only Linux can tell them from other servers' children; elsewhere they end by themselves when they notice.
 */
export async function endOrphanedBackends(cluster: string): Promise<number> {
  const names = await readdir("/proc").catch(() => []);
  let ended = 0;
  for (const pid of names.filter((name) => /^\d+$/.test(name))) {
    const folder = await readlink(`/proc/${pid}/cwd`).catch(() => "");
    const title = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (folder !== cluster || !title.startsWith("postgres:")) continue;
    process.kill(Number(pid), "SIGKILL");
    ended += 1;
  }
  return ended;
}

async function lockHolder(lock: string): Promise<number | null> {
  const text = await readFile(lock, "utf8").catch(ignoreMissing);
  // A stand-alone server (initdb, repairs) writes its number negated.
  const pid = Math.abs(Number.parseInt(text ?? "", 10));
  return pid > 0 ? pid : null;
}

/** Sends no signal; a process of another user, and one that ended but was not collected yet, count as alive. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

async function isOurServer(pid: number, cluster: string): Promise<boolean> {
  if (pid === process.pid || !isAlive(pid)) return false;
  if (process.platform === "win32") return true;
  const commandLine =
    process.platform === "linux"
      ? ((await readFile(`/proc/${pid}/cmdline`, "utf8").catch(ignoreMissing)) ?? "")
      : await promisify(execFile)("ps", ["-p", String(pid), "-o", "command="]).then(
          ({ stdout }) => stdout,
          () => "",
        );
  return commandLine.includes(cluster);
}

/**
 * Takes the file away by renaming it, so that of several processes that judged the same file one acts; a file that a
 * new server wrote in between is put back.
 */
async function removeIfHeldBy(lock: string, pid: number): Promise<boolean> {
  const aside = `${lock}.stale-${randomBytes(4).toString("hex")}`;
  try {
    await rename(lock, aside);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
  const same = (await lockHolder(aside)) === pid;
  if (!same) await link(aside, lock).catch(() => undefined);
  await rm(aside);
  return same;
}

function ignoreMissing(error: unknown): null {
  if (["ENOENT", "ESRCH", "ENOTDIR"].includes(errorCode(error))) return null;
  throw error;
}
