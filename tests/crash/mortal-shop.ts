import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readPostmasterFile } from "#app/infra/embedded-postgres-lock-files.server.ts";
import { startMailbox } from "#tests/mailbox/mailbox.ts";
import { createTestDatabase, startTestDatabaseServer } from "#tests/setup/database.ts";
import { startStripeStandIn } from "#tests/stripe-stand-in/server.ts";

const webhookSecret = "whsec_crash";

/** Quick, and far more of them than any pause of the shop lasts: Stripe's three days in small. */
const retryDelaysMs = Array.from({ length: 400 }, (_, index) => Math.min(200 + index * 200, 2_000));

export type Victim = "app" | "database" | "both";
export type MortalShop = Awaited<ReturnType<typeof openMortalShop>>;

/**
 * A whole shop whose application and database die by SIGKILL on request and are started again; Stripe and the mailbox
 * live on in this process. Without DATABASE_URL the database is the embedded one, which can be killed too. With a
 * `clockFile` the shop lives in the stand-in's time.
 */
export async function openMortalShop(options: { clockFile?: string } = {}) {
  const port = await freePort();
  const appUrl = `http://127.0.0.1:${port}`;
  const mailbox = await startMailbox();
  const standIn = await startStripeStandIn({
    endpoints: [{ url: `${appUrl}/webhooks/stripe`, secret: webhookSecret }],
    retryDelaysMs,
    ...options,
  });
  const database = await chooseDatabase();
  const env: Record<string, string> = {
    NODE_ENV: "production",
    PORT: String(port),
    HOST: "127.0.0.1",
    APP_URL: appUrl,
    ...database.env,
    // The buyers are counted each by an address of their own.
    TRUST_PROXY: "loopback",
    STRIPE_SECRET_KEY: "sk_test_crash",
    STRIPE_WEBHOOK_SECRET: webhookSecret,
    STRIPE_API_BASE: standIn.apiBase,
    SMTP_URL: mailbox.smtpUrl,
    MAIL_FROM: "Tidepool <shop@example.com>",
    LOG_LEVEL: process.env.CRASH_LOG ?? "silent",
    WORKER: "inline",
    ...(options.clockFile && { CLOCK_FILE: options.clockFile }),
  };
  await stockUp(env);
  let app = launch(env);
  await untilReady(app, appUrl);
  const killApp = async () => {
    app.kill("SIGKILL");
    await ended(app);
  };
  return {
    appUrl,
    env,
    mailbox,
    standIn,
    isDatabaseMortal: database.dataDir !== null,
    async kill(victim: Victim): Promise<void> {
      if (victim !== "app" && database.dataDir) await killServer(database.dataDir);
      if (victim !== "database") await killApp();
    },
    /** Starts the application again if it is dead, and waits until it answers. */
    async revive(): Promise<void> {
      if (app.exitCode !== null || app.signalCode !== null) app = launch(env);
      await untilReady(app, appUrl);
    },
    /** Ends the application in order. */
    async close(): Promise<void> {
      app.kill("SIGTERM");
      await ended(app);
    },
    /** Removes everything. */
    async remove(): Promise<void> {
      await killApp();
      await standIn.stop();
      await mailbox.stop();
      await database.remove();
    },
  };
}

async function chooseDatabase(): Promise<{
  env: Record<string, string>;
  dataDir: string | null;
  remove: () => Promise<void>;
}> {
  if (process.env.DATABASE_URL) {
    const { server, stop } = await startTestDatabaseServer();
    const { url } = await createTestDatabase(server);
    const env = { DATABASE_URL: url, MASTER_KEY: randomBytes(32).toString("base64") };
    return { env, dataDir: null, remove: stop };
  }
  const dataDir = await mkdtemp(join(tmpdir(), "latchkey-crash-"));
  // The embedded server's account must be able to pass when this runs as root.
  await chmod(dataDir, 0o711);
  const remove = async () => {
    await killServer(dataDir);
    await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
  return { env: { DATA_DIR: dataDir }, dataDir, remove };
}

/** Kills the embedded server's first process; its children notice and end. */
async function killServer(dataDir: string): Promise<void> {
  const file = await readPostmasterFile(join(dataDir, "postgres", "cluster"));
  if (!file) return;
  try {
    process.kill(file.pid, "SIGKILL");
  } catch {
    // It was dead already: the kill before this one left its lock file.
  }
}

/** Puts the demo's plans on sale. */
async function stockUp(env: Record<string, string>): Promise<void> {
  const child = start(
    ["app/commands/catalog.ts", "apply", "prisma/demo-catalog.json", "--yes"],
    env,
    "ignore",
  );
  await ended(child);
  if (child.exitCode !== 0) throw new Error(`The catalog could not be applied: ${child.exitCode}.`);
}

const launch = (env: Record<string, string>) => start(["app/commands/start.ts"], env, "inherit");

function start(args: string[], env: Record<string, string>, output: "ignore" | "inherit"): ChildProcess {
  return spawn(process.execPath, ["--import", "tsx", ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", output, "inherit"],
  });
}

async function untilReady(app: ChildProcess, appUrl: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (app.exitCode !== null) throw new Error(`The app ended with ${app.exitCode} instead of starting.`);
    const answer = await fetch(`${appUrl}/health/ready`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("The app did not get ready within a minute.");
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  return typeof address === "object" && address ? address.port : 0;
}
