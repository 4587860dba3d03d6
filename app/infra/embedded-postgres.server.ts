import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { type DatabaseLog, errorCode, errorText } from "./database-start-error.server.ts";
import {
  adminRole,
  appDatabase,
  appRole,
  prepareCluster,
  readPassword,
  type SocketFolder,
  type StartedServer,
  startServer,
} from "./embedded-postgres-cluster.server.ts";
import { explainStartFailure } from "./embedded-postgres-failures.server.ts";
import {
  type EmbeddedFolder,
  prepareFolder,
  prepareSocketFolder,
} from "./embedded-postgres-folder.server.ts";
import {
  endOrphanedBackends,
  isAlive,
  isServerAlive,
  readPostmasterFile,
  removeStaleLocks,
} from "./embedded-postgres-lock-files.server.ts";
import { locateSoftware } from "./embedded-postgres-software.server.ts";

export type EmbeddedPostgresOptions = {
  dataDir: string;
  log: DatabaseLog;
  /** Default: a Unix socket, except on Windows. */
  transport?: "socket" | "tcp";
  /** Where the database goes when its account may not enter `dataDir`. Default: /var/lib/latchkey. */
  systemFolder?: string;
};

export type EmbeddedPostgres = {
  /** For the application: a role that owns its database and is no superuser. */
  url: string;
  /** For tests and repairs: the superuser. */
  adminUrl: string;
  /** True when the server was running already. */
  attached: boolean;
  /** Gives up this process's share; the last process to do so stops the server and waits until it has ended. */
  stop(): Promise<void>;
};

type Place = { folder: EmbeddedFolder; socket: SocketFolder; log: DatabaseLog; leaving: AbortSignal };
type Lease = { client: pg.Client; address: Address; serverPid: number; attached: boolean };
type Address = { host: string; port: number; password: string | null };
type Answer = { kind: "leased"; lease: Omit<Lease, "attached"> } | { kind: "busy" | "nobody" };

/** Names the lease among advisory locks; any fixed number does, the database `postgres` holds no others. */
const leaseKey = 19_267;
const startLimitMs = 300_000;
const orphanLimitMs = 15_000;
const stopLimitMs = 30_000;

/**
 * A PostgreSQL server of ours under `<dataDir>/postgres`: made at the first call, started when it is not running,
 * joined when it is. Every process that uses it holds a lease (a shared advisory lock of an open connection, which
 * ends with the process however it ends); the last one to leave stops the server. So a second process is never cut
 * off, and a server that outlived a killed process is taken over by whoever starts next. When the server dies under
 * a living process, that process starts it again at the same address.
 *
 * @throws {DatabaseStartError} whose one-sentence message says what to do
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log } = options;
  const folder = await prepareFolder(options.dataDir, options.systemFolder);
  const transport = options.transport ?? (process.platform === "win32" ? "tcp" : "socket");
  const socket = transport === "tcp" ? null : await prepareSocketFolder(folder);
  const leaving = new AbortController();
  const place = { folder, socket, log, leaving: leaving.signal };
  const lease = await acquireLease(place);
  let current: Promise<Lease | null> = Promise.resolve(lease);
  const keep = (held: Lease) => {
    held.client.once("end", () => {
      if (leaving.signal.aborted) return;
      current = renewLease(place);
      void current.then((renewed) => renewed && keep(renewed));
    });
  };
  keep(lease);
  let stopped: Promise<void> | null = null;
  return {
    url: urlOf(lease.address, appRole, appDatabase),
    adminUrl: urlOf(lease.address, adminRole, "postgres"),
    attached: lease.attached,
    stop() {
      leaving.abort();
      stopped ??= current.then((held) => (held === null ? undefined : leave(place, held)));
      return stopped;
    },
  };
}

async function acquireLease(place: Place): Promise<Lease> {
  const { folder, log } = place;
  const begin = Date.now();
  let started: StartedServer | null = null;
  let told = begin;
  for (;;) {
    // Once a server was started, its lease is needed to stop it again.
    if (place.leaving.aborted && started === null) throw new Error("left while waiting for the server");
    const answer = await askForLease(place);
    if (answer.kind === "leased") {
      // Ours may have lost the race to another process's and be about to say so.
      return { ...answer.lease, attached: started?.child.pid !== answer.lease.serverPid };
    }
    if (answer.kind === "nobody" && (started === null || started.hasExited())) {
      if (started !== null) await judgeFailedStart(place, await started.complaint(), Date.now() - begin);
      const software = await locateSoftware(folder);
      await prepareCluster(folder, software, log);
      for (const file of await removeStaleLocks(folder.cluster, place.socket)) {
        log.warn(`removed ${file}, which a killed server had left`);
      }
      started = await startServer(folder, software, place.socket);
    }
    if (Date.now() - begin > startLimitMs) throw explainStartFailure(folder, "timeout");
    if (Date.now() - told > 5_000) {
      told = Date.now();
      log.info("waiting for the database server, which is starting, recovering or stopping");
    }
    await sleep(20);
  }
}

/** Returns when another attempt makes sense. */
async function judgeFailedStart({ folder, log }: Place, complaint: string, elapsedMs: number): Promise<void> {
  // Another process of ours was faster, or a port was taken between the choice and its use.
  if (/lock file "postmaster\.pid" already exists|Address already in use/.test(complaint)) return;
  if (!/pre-existing shared memory block/.test(complaint) || elapsedMs > orphanLimitMs) {
    throw explainStartFailure(folder, complaint);
  }
  // The children of a killed server end by themselves within moments; what still runs after that is stuck.
  if (elapsedMs > 2_000) {
    const ended = await endOrphanedBackends(folder.cluster);
    if (ended > 0) log.warn(`ended ${ended} processes of a killed database server`);
  }
  await sleep(200);
}

/** Looks for a running server and takes a share of it; one connection does both. */
async function askForLease({ folder, socket }: Place): Promise<Answer> {
  const file = await readPostmasterFile(folder.cluster);
  if (file === null) return { kind: (await isServerAlive(folder.cluster)) ? "busy" : "nobody" };
  const address: Address = file.socketFolder
    ? { host: file.socketFolder, port: file.port, password: null }
    : { host: "127.0.0.1", port: file.port, password: await readPassword(folder.cluster) };
  const client = new pg.Client({
    connectionString: urlOf(address, adminRole, "postgres"),
    connectionTimeoutMillis: 5_000,
    application_name: "latchkey lease",
  });
  // The end of the connection is what matters, and "end" tells that.
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ ours: boolean; leased: boolean }>(
      `SELECT ours, CASE WHEN ours THEN pg_try_advisory_lock_shared($2) ELSE false END AS leased
       FROM (SELECT current_setting('data_directory') = $1 AS ours) AS server`,
      [folder.cluster, leaseKey],
    );
    if (rows[0]?.leased) return { kind: "leased", lease: { client, address, serverPid: file.pid } };
    await client.end();
    // Ours but not to be had: the last process is stopping it.
    return { kind: rows[0]?.ours || (await isServerAlive(folder.cluster)) ? "busy" : "nobody" };
  } catch (error) {
    await client.end().catch(() => undefined);
    if (errorCode(error) === "EACCES") throw explainStartFailure(folder, `${socket}: Permission denied`);
    return { kind: (await isServerAlive(folder.cluster)) ? "busy" : "nobody" };
  }
}

/** The server went away under us: it crashed and restarts itself, or it is gone and we start it again. */
async function renewLease(place: Place): Promise<Lease | null> {
  while (!place.leaving.aborted) {
    place.log.warn("lost the database server; connecting again");
    try {
      const lease = await acquireLease(place);
      place.log.info("the database server is back");
      return lease;
    } catch (error) {
      if (!place.leaving.aborted) place.log.warn(errorText(error));
      await sleep(5_000, undefined, { ref: false, signal: place.leaving }).catch(() => undefined);
    }
  }
  return null;
}

async function leave({ folder, log }: Place, { client, serverPid }: Lease): Promise<void> {
  try {
    // Releasing first and asking then means that of several processes that leave together one is the last.
    await client.query("SELECT pg_advisory_unlock_shared($1)", [leaseKey]);
    const { rows } = await client.query<{ last: boolean }>("SELECT pg_try_advisory_lock($1) AS last", [
      leaseKey,
    ]);
    if (rows[0]?.last) await stopServer(folder, serverPid, log);
  } catch (error) {
    log.warn(`the database server was already gone: ${errorText(error)}`);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A fast shutdown: sessions are ended, everything is written. The lock file goes last of all. */
async function stopServer(folder: EmbeddedFolder, pid: number, log: DatabaseLog): Promise<void> {
  const begin = Date.now();
  let forced = false;
  process.kill(pid, "SIGINT");
  while ((await readPostmasterFile(folder.cluster))?.pid === pid && (await isServerAlive(folder.cluster))) {
    if (!forced && Date.now() - begin > stopLimitMs) {
      forced = true;
      log.warn("the database server is slow to stop; ending it now, it will recover at the next start");
      process.kill(pid, "SIGQUIT");
    }
    await sleep(10);
  }
  // It removes its lock file as its last act but one; a limit, because nobody may be there to collect a dead orphan.
  for (let waited = 0; waited < 1_000 && isAlive(pid); waited += 5) await sleep(5);
}

function urlOf(address: Address, role: string, database: string): string {
  const url = new URL(`postgresql://${role}@localhost:${address.port}/${database}?sslmode=disable`);
  if (address.password === null) url.searchParams.set("host", address.host);
  else Object.assign(url, { hostname: address.host, password: address.password });
  return url.href;
}
