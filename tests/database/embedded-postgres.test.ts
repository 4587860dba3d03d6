import { execFileSync, spawn } from "node:child_process";
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, expect, test, vi } from "vitest";
import { DatabaseStartError } from "#app/infra/database-start-error.server.ts";
import { durabilityWarnings } from "#app/infra/database-url.server.ts";
import { type EmbeddedPostgresOptions, startEmbeddedPostgres } from "#app/infra/embedded-postgres.server.ts";
import { makeClone, ordinaryUser, startProcess } from "#tests/database/clone.ts";

// A recovery after a kill waits for the disk, which other work may keep busy.
vi.setConfig({ testTimeout: 120_000 });

const base = await realpath(await mkdtemp(join(tmpdir(), "latchkey-embedded-")));
await chmod(base, 0o711);
const systemFolder = join(base, "system");
const clone = await makeClone(join(base, "clone"));
const isRoot = process.getuid?.() === 0;

afterAll(async () => {
  // Servers that a failed test left behind.
  for (const name of await readdir(base)) {
    const pid = await serverPid(join(base, name)).catch(() => null);
    if (pid !== null && pid > 0 && isAlive(pid)) process.kill(pid, "SIGQUIT");
  }
  await rm(base, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

let folders = 0;
/** A data folder of its own for one test. */
function newDataDir(): string {
  folders += 1;
  return join(base, `data-${folders}`);
}

function start(dataDir: string, options: Partial<EmbeddedPostgresOptions> = {}) {
  const log = { info: () => undefined, warn: () => undefined };
  return startEmbeddedPostgres({ dataDir, systemFolder, log, ...options });
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const cluster = (dataDir: string) => join(dataDir, "postgres", "cluster");

async function serverPid(dataDir: string): Promise<number> {
  return Number((await readFile(join(cluster(dataDir), "postmaster.pid"), "utf8")).split("\n")[0]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("the condition was not met in 60 seconds");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function problemOf(starting: Promise<unknown>): Promise<string> {
  const error: unknown = await starting.then(
    () => new Error("it started"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof DatabaseStartError)) throw error;
  return error.message;
}

test("the first start makes a durable database and the second finds what was kept", async () => {
  const dataDir = newDataDir();
  const first = await start(dataDir);
  expect(first.attached).toBe(false);
  await query(first.url, "CREATE TABLE kept AS SELECT 'Ünïcode' AS word");
  const client = new pg.Client({ connectionString: first.url });
  await client.connect();
  expect(await durabilityWarnings(client)).toEqual([]);
  await client.query("SET synchronous_commit = off");
  expect(await durabilityWarnings(client)).toEqual([expect.stringContaining("synchronous_commit = on")]);
  await client.end();
  const facts = await query(
    first.url,
    `SELECT current_setting('server_version_num')::int / 10000 AS major, current_setting('data_checksums') AS checksums,
       current_setting('listen_addresses') AS listens, lower('Ü') AS lower, rolsuper AS super
     FROM pg_roles WHERE rolname = current_user`,
  );
  expect(facts).toEqual([{ major: 18, checksums: "on", listens: "", lower: "ü", super: false }]);
  const pid = await serverPid(dataDir);
  await first.stop();
  await until(() => !isAlive(pid));

  const second = await start(dataDir);
  expect(second.url).toBe(first.url);
  expect(await query(second.url, "SELECT word FROM kept")).toEqual([{ word: "Ünïcode" }]);
  await second.stop();
  await second.stop();
});

test("a server that outlived its killed application is taken over and stopped by the next one", async () => {
  const dataDir = newDataDir();
  const killed = startProcess(clone, dataDir, { systemFolder });
  const { url } = await killed.said("url");
  await query(String(url), "CREATE TABLE kept AS SELECT 1 AS n");
  await killed.kill();
  const pid = await serverPid(dataDir);
  expect(isAlive(pid)).toBe(true);

  const next = await start(dataDir);
  expect(next.attached).toBe(true);
  expect(await serverPid(dataDir)).toBe(pid);
  expect(await query(next.url, "SELECT n FROM kept")).toEqual([{ n: 1 }]);
  await next.stop();
  await until(() => !isAlive(pid));
});

test("a start after the server was killed recovers what was committed", async () => {
  const dataDir = newDataDir();
  const killed = startProcess(clone, dataDir, { systemFolder });
  const { url } = await killed.said("url");
  await query(String(url), "CREATE TABLE kept AS SELECT 1 AS n");
  const pid = await serverPid(dataDir);
  await killed.kill();
  process.kill(pid, "SIGKILL");

  const next = await start(dataDir);
  expect(next.attached).toBe(false);
  expect(await query(next.url, "SELECT n FROM kept")).toEqual([{ n: 1 }]);
  await next.stop();
});

test("children that a killed server left at work are ended before a new server starts", async () => {
  const dataDir = newDataDir();
  const killed = startProcess(clone, dataDir, { systemFolder });
  const { url } = await killed.said("url");
  const busy = new pg.Client({ connectionString: url });
  busy.on("error", () => undefined);
  await busy.connect();
  const { rows } = await busy.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  // Pure computation does not notice that the postmaster is gone.
  const work = busy.query("SELECT count(*) FROM generate_series(1, 100000000000)").catch(() => undefined);
  await killed.kill();
  process.kill(await serverPid(dataDir), "SIGKILL");

  const next = await start(dataDir);
  await until(() => !isAlive(Number(rows[0]?.pid)));
  expect(await query(next.url, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
  await next.stop();
  await work;
});

test("lock files whose process number now belongs to another program do not block the start", async () => {
  const dataDir = newDataDir();
  await (await start(dataDir)).stop();
  const other = spawn("sleep", ["60"]);
  const lines = [
    other.pid,
    cluster(dataDir),
    1,
    5432,
    join(dataDir, "postgres", "socket"),
    "",
    "",
    "ready",
    "",
  ];
  const socketLock = join(dataDir, "postgres", "socket", ".s.PGSQL.5432.lock");
  for (const file of [join(cluster(dataDir), "postmaster.pid"), socketLock]) {
    await writeFile(file, lines.join("\n"), { mode: 0o600 });
    const { uid, gid } = await stat(cluster(dataDir));
    await chown(file, uid, gid);
  }
  const next = await start(dataDir);
  expect(await query(next.url, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
  await next.stop();
  expect(isAlive(Number(other.pid))).toBe(true);
  other.kill();
});

test("of several processes that start together one starts the server and the last to leave stops it", async () => {
  const dataDir = newDataDir();
  const together = [1, 2, 3].map(() => startProcess(clone, dataDir, { systemFolder }));
  const said = await Promise.all(together.map((one) => one.said("url")));
  expect(said.filter(({ attached }) => !attached)).toHaveLength(1);
  expect(new Set(said.map(({ url }) => url)).size).toBe(1);
  const pid = await serverPid(dataDir);
  const [first, ...others] = together;
  await first?.leave();
  expect(await query(String(said[0]?.url), "SELECT 1 AS n")).toEqual([{ n: 1 }]);
  await Promise.all(others.map((one) => one.leave()));
  await until(() => !isAlive(pid));
});

test("a start while the last process stops the server waits and starts it again", async () => {
  const dataDir = newDataDir();
  const first = await start(dataDir);
  const [, second] = await Promise.all([first.stop(), start(dataDir)]);
  expect(await query(second.url, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
  await second.stop();
});

test("a first start killed at any moment does not spoil the next", async () => {
  const dataDir = newDataDir();
  for (const milliseconds of [150, 400, 600, 800, 1_000]) {
    const killed = startProcess(clone, dataDir, { systemFolder });
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    await killed.kill();
  }
  const next = await start(dataDir);
  expect(await query(next.url, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
  await next.stop();
  // The initdb of a killed process may go on for a moment; a later start removes what it leaves.
  await until(async () => {
    await (await start(dataDir)).stop();
    // Where the clone lies out of the account's reach, a copy of the programs is there too.
    const names = (await readdir(join(dataDir, "postgres"))).filter((name) => !name.startsWith("software-"));
    return names.sort().join() === "cluster,server.log,socket";
  });
});

test("a server that dies under a living process is started again at the same address", async () => {
  for (const transport of ["socket", "tcp"] as const) {
    const dataDir = newDataDir();
    const running = await start(dataDir, { transport });
    const pid = await serverPid(dataDir);
    process.kill(pid, "SIGKILL");
    await until(async () => (await serverPid(dataDir).catch(() => pid)) !== pid);
    await until(() =>
      query(running.url, "SELECT 1 AS n").then(
        () => true,
        () => false,
      ),
    );
    await running.stop();
    expect(await readdir(cluster(dataDir))).not.toContain("postmaster.pid");
  }
});

test("over TCP the server listens on the loopback address, asks for its password and avoids a taken port", async () => {
  const dataDir = newDataDir();
  const first = await start(dataDir, { transport: "tcp" });
  const address = new URL(first.url);
  expect(address.hostname).toBe("127.0.0.1");
  address.password = "wrong";
  await expect(query(address.href, "SELECT 1")).rejects.toThrow("password authentication failed");
  // A crash leaves the port in the lock file; meanwhile somebody else takes it.
  const other = startProcess(clone, dataDir, { systemFolder });
  await other.said("url");
  await first.stop();
  await other.kill();
  process.kill(await serverPid(dataDir), "SIGKILL");
  const taken = createServer((socket) => socket.destroy());
  await until(
    () =>
      new Promise((resolve) => {
        taken.once("error", () => resolve(false));
        taken.listen(Number(address.port), "127.0.0.1", () => resolve(true));
      }),
  );
  const next = await start(dataDir, { transport: "tcp" });
  expect(new URL(next.url).port).not.toBe(address.port);
  expect(await query(next.url, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
  await next.stop();
  taken.close();
});

test("the server is out of reach of the terminal's Ctrl-C and knows none of our secrets", async () => {
  const dataDir = newDataDir();
  const app = startProcess(clone, dataDir, {
    systemFolder,
    env: { STRIPE_SECRET_KEY: "sk_test_not_for_postgres" },
  });
  await app.said("url");
  const pid = await serverPid(dataDir);
  const groups = execFileSync("ps", ["-o", "pgid=", "-p", `${pid},${app.child.pid}`], { encoding: "utf8" });
  expect(new Set(groups.trim().split(/\s+/)).size).toBe(2);
  if (process.platform === "linux") {
    expect(await readFile(`/proc/${pid}/environ`, "utf8")).not.toContain("sk_test_not_for_postgres");
  }
  await app.leave();
  await until(() => !isAlive(pid));
});

test("a folder of another PostgreSQL version or of no database at all is refused with a remedy", async () => {
  const dataDir = newDataDir();
  await (await start(dataDir)).stop();
  const version = join(cluster(dataDir), "PG_VERSION");
  await writeFile(version, "99\n");
  expect(await problemOf(start(dataDir))).toMatch(
    /made by PostgreSQL 99, newer than the 18 .*: start the newer Latchkey/,
  );
  await writeFile(version, "16\n");
  expect(await problemOf(start(dataDir))).toMatch(
    /made by PostgreSQL 16, older than the 18 .*: make a backup/,
  );
  await rm(version);
  expect(await problemOf(start(dataDir))).toMatch(/is not a PostgreSQL database: restore it/);
  await writeFile(version, "18\n");
  await (await start(dataDir)).stop();
});

test("a damaged database is reported with the way out, not started", async () => {
  const dataDir = newDataDir();
  await (await start(dataDir)).stop();
  await writeFile(join(cluster(dataDir), "global", "pg_control"), Buffer.alloc(8192));
  expect(await problemOf(start(dataDir))).toMatch(
    /does not start because .*: (restore the last backup|start the Latchkey release)/,
  );
});

test("a data folder that cannot be written is refused with a remedy", async () => {
  await writeFile(join(base, "a-file"), "");
  expect(await problemOf(start(join(base, "a-file", "data")))).toMatch(
    /a part of the path is not a folder\): make it writable/,
  );
  const closed = join(base, "closed");
  await mkdir(closed, { mode: 0o555 });
  const refused = startProcess(clone, join(closed, "data"), { systemFolder, ...ordinaryUser });
  expect(await refused.said("problem")).toMatchObject({
    name: "DatabaseStartError",
    problem: expect.stringMatching(/this user may not write there\): make it writable, set DATA_DIR/),
  });
});

test("an ordinary user's clone works in a folder nobody else may enter", async () => {
  const home = join(base, "home");
  await mkdir(home, { mode: 0o700 });
  if (ordinaryUser.uid !== undefined) await chown(home, ordinaryUser.uid, ordinaryUser.gid);
  for (const attempt of [1, 2]) {
    const app = startProcess(clone, join(home, "data"), { systemFolder, ...ordinaryUser });
    const { url } = await app.said("url");
    expect(await query(String(url), `SELECT ${attempt} AS n`)).toEqual([{ n: attempt }]);
    await app.leave();
  }
  expect(await readdir(join(home, "data", "postgres"))).not.toContain("LOCATION");
});

test("a clone in a private folder of root works, with its database where the server may go", async () => {
  const home = join(base, "private");
  await mkdir(home, { mode: 0o700 });
  const privateClone = await makeClone(join(home, "clone"));
  const dataDir = join(privateClone, "data");
  for (const attempt of [1, 2]) {
    const app = startProcess(privateClone, dataDir, { systemFolder });
    const { url } = await app.said("url");
    if (attempt === 1) await query(String(url), "CREATE TABLE kept AS SELECT 1 AS n");
    expect(await query(String(url), "SELECT n FROM kept")).toEqual([{ n: 1 }]);
    await app.leave();
  }
  const files = await readdir(join(dataDir, "postgres"));
  expect(files.includes("LOCATION")).toBe(isRoot);
  if (!isRoot) return;
  await rm((await readFile(join(dataDir, "postgres", "LOCATION"), "utf8")).trim(), { recursive: true });
  expect(await problemOf(start(dataDir))).toMatch(/which is not there: restore that folder, or delete/);
});

test("a path too long for a socket address still works", async () => {
  const dataDir = join(newDataDir(), "a".repeat(60), "b".repeat(60));
  const running = await start(dataDir);
  expect(await query(running.url, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
  await running.stop();
  const socketFolder = new URL(running.url).searchParams.get("host") ?? "";
  expect(socketFolder).not.toContain("bbb");
  await rm(socketFolder, { recursive: true });
});
