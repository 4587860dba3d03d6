import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, chown, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { type DatabaseLog, DatabaseStartError, errorCode, errorText } from "./database-start-error.server.ts";
import { type EmbeddedFolder, makePrivate } from "./embedded-postgres-folder.server.ts";
import { readPostmasterFile } from "./embedded-postgres-lock-files.server.ts";
import { runProgram, surroundings } from "./embedded-postgres-process.server.ts";
import { bundledMajorVersion, type PostgresSoftware } from "./embedded-postgres-software.server.ts";

/** A Unix socket folder, or null for TCP on the loopback address where there are no Unix sockets. */
export type SocketFolder = string | null;

/** The roles and the database every cluster is born with. The application's role is no superuser. */
export const adminRole = "postgres";
export const appRole = "latchkey";
export const appDatabase = "latchkey";

const logFileLimitBytes = 5_000_000;
const passwordFile = "latchkey.password";

/** On the command line, so that an edited postgresql.conf cannot make commits less than durable. */
const settings: Record<string, string> = {
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  shared_buffers: "128MB",
  max_connections: "100",
  unix_socket_permissions: "0700",
  timezone: "UTC",
  log_timezone: "UTC",
  log_checkpoints: "off",
};

/**
 * Makes the cluster when there is none, otherwise checks that this release's server can read it. A first boot that is
 * killed leaves only a draft folder, which the next one removes. Safe in several processes at once: the first to
 * finish wins.
 *
 * @throws {DatabaseStartError} for a cluster of another major version, a folder that is no cluster, a full disk
 */
export async function prepareCluster(folder: EmbeddedFolder, software: PostgresSoftware, log: DatabaseLog) {
  await removeDeadDrafts(folder.root);
  if (await checkCluster(folder.cluster)) return;
  log.info(`making a new database in ${folder.root}`);
  const draft = `${folder.cluster}.new-${process.pid}-${randomBytes(4).toString("hex")}`;
  try {
    await initializeDraft(draft, folder, software);
    await rename(draft, folder.cluster);
    // The name must survive a power cut before the first commit is acknowledged.
    await syncFolder(folder.root);
  } catch (error) {
    if (["ENOTEMPTY", "EEXIST"].includes(errorCode(error)) && (await checkCluster(folder.cluster))) return;
    if (error instanceof DatabaseStartError) throw error;
    throw new DatabaseStartError(
      `A new database could not be made in ${folder.root} (${errorText(error)}): repair that, choose another DATA_DIR, or set DATABASE_URL.`,
    );
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function checkCluster(cluster: string): Promise<boolean> {
  const found = await stat(cluster).catch(() => null);
  if (found === null) return false;
  const version = (await readFile(join(cluster, "PG_VERSION"), "utf8").catch(() => "")).trim();
  const bundled = await bundledMajorVersion();
  if (version === "") {
    throw new DatabaseStartError(
      `The folder ${cluster} is not a PostgreSQL database: restore it from a backup, or move it away to begin with an empty database.`,
    );
  }
  if (Number(version) > Number(bundled)) {
    throw new DatabaseStartError(
      `The database in ${cluster} was made by PostgreSQL ${version}, newer than the ${bundled} of this release: start the newer Latchkey that made it, or set DATABASE_URL to a PostgreSQL ${version} or later.`,
    );
  }
  if (Number(version) < Number(bundled)) {
    throw new DatabaseStartError(
      `The database in ${cluster} was made by PostgreSQL ${version}, older than the ${bundled} of this release: make a backup with the Latchkey release that made it and restore that into a new DATA_DIR.`,
    );
  }
  return true;
}

async function initializeDraft(draft: string, folder: EmbeddedFolder, software: PostgresSoftware) {
  await makePrivate(draft, folder.user);
  const locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  const access = [`--username=${adminRole}`, "--auth-local=trust", "--auth-host=scram-sha-256"];
  const where = { cwd: folder.root, user: folder.user };
  const init = await runProgram(
    software.initdb,
    ["-D", draft, "--data-checksums", ...locale, ...access],
    where,
  );
  if (init.code !== 0) throw new Error(lastLine(init.output));
  const password = randomBytes(24).toString("hex");
  const statements = [
    `ALTER ROLE ${adminRole} PASSWORD '${password}'`,
    `CREATE ROLE ${appRole} LOGIN PASSWORD '${password}'`,
    `CREATE DATABASE ${appDatabase} OWNER ${appRole}`,
  ];
  // Stand-alone, so that no half-made cluster ever takes connections.
  const made = await runProgram(
    software.postgres,
    ["--single", "-D", draft, "postgres"],
    where,
    statements.join("\n"),
  );
  const failure = made.output.split("\n").find((line) => /(ERROR|FATAL|PANIC):/.test(line));
  if (made.code !== 0 || failure) throw new Error(failure ?? lastLine(made.output));
  const file = join(draft, passwordFile);
  await writeFile(file, password, { mode: 0o600, flush: true });
  if (folder.user !== null) await chown(file, folder.user.uid, folder.user.gid);
}

/** The roles' password, asked for over TCP only. */
export async function readPassword(cluster: string): Promise<string> {
  return (await readFile(join(cluster, passwordFile), "utf8")).trim();
}

/** The initdb of a killed process may still be writing; what cannot be removed now is removed at the next start. */
async function removeDeadDrafts(root: string) {
  for (const name of await readdir(root)) {
    const pid = Number(/^cluster\.new-(\d+)-/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(pid)) continue;
    try {
      process.kill(pid, 0);
    } catch (error) {
      if (errorCode(error) !== "ESRCH") continue;
      await rm(join(root, name), { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

async function syncFolder(path: string) {
  if (process.platform === "win32") return;
  const handle = await open(path, "r");
  await handle.sync().finally(() => handle.close());
}

/** A server process that was just started, and what it wrote to the log since. */
export type StartedServer = {
  child: ChildProcess;
  hasExited: () => boolean;
  complaint: () => Promise<string>;
};

/**
 * Starts the server, out of reach of the terminal's Ctrl-C: that is for the application, which then stops the server.
 * It outlives us if we are killed.
 */
export async function startServer(
  folder: EmbeddedFolder,
  software: PostgresSoftware,
  socket: SocketFolder,
): Promise<StartedServer> {
  await chmod(folder.cluster, 0o700);
  await rotateLog(folder.logFile);
  const log = await open(folder.logFile, "a", 0o600);
  const { size } = await log.stat();
  const endpoint: Record<string, string> =
    socket === null
      ? {
          listen_addresses: "127.0.0.1",
          port: String(await choosePort(folder.cluster)),
          unix_socket_directories: "",
        }
      : { listen_addresses: "", port: "5432", unix_socket_directories: `"${socket.replaceAll('"', '""')}"` };
  const flags = Object.entries({ ...settings, ...endpoint }).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ]);
  try {
    const child = spawn(software.postgres, ["-D", folder.cluster, ...flags], {
      ...surroundings(folder.root, folder.user),
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    await new Promise((resolve, reject) => child.once("spawn", resolve).once("error", reject));
    child.unref();
    return {
      child,
      hasExited: () => child.exitCode !== null || child.signalCode !== null,
      complaint: async () => (await readFile(folder.logFile)).subarray(size).toString(),
    };
  } finally {
    await log.close();
  }
}

async function rotateLog(file: string) {
  const found = await stat(file).catch(() => null);
  if (found !== null && found.size > logFileLimitBytes) await rename(file, `${file}.1`);
}

/** The port a killed server had, so that its address stays good, or any free one when it is taken. */
async function choosePort(cluster: string): Promise<number> {
  const last = (await readPostmasterFile(cluster))?.port ?? 0;
  return tryPort(last).catch(() => tryPort(0));
}

function tryPort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(port, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : port));
    });
  });
}

function lastLine(output: string): string {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  return lines.find((line) => /(error|FATAL|PANIC):/.test(line)) ?? lines.at(-1) ?? "no message";
}
