import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Mailbox, startMailbox } from "#tests/mailbox/mailbox.ts";
import { createTestDatabase, startTestDatabaseServer } from "#tests/setup/database.ts";
import { type RunningStandIn, startStripeStandIn } from "#tests/stripe-stand-in/server.ts";

export type StaffSignIn = { email: string; password: string };

/** A whole shop on this machine: the built app as its own process, its database, Stripe and a mailbox. */
export type Stack = {
  appUrl: string;
  databaseUrl: string;
  standIn: RunningStandIn;
  mailbox: Mailbox;
  staff: Record<"owner" | "admin" | "support" | "viewer", StaffSignIn>;
  /** Runs `npm run <command>` of the app against this stack and resolves with what it printed. */
  run: (file: string, args: string[], input?: string) => Promise<string>;
  stop: () => Promise<void>;
};

const webhookSecret = "whsec_journeys";

/** Starts it on free ports; `stop` leaves nothing behind. */
export async function startStack(): Promise<Stack> {
  const port = await freePort();
  const appUrl = `http://localhost:${port}`;
  const databaseServer = await startTestDatabaseServer();
  const database = await createTestDatabase(databaseServer.server);
  const mailbox = await startMailbox();
  const folder = await mkdtemp(join(tmpdir(), "latchkey-journey-"));
  // Moving the clock on the stand-in's control page moves it for the shop, too.
  const clockFile = join(folder, "clock-seconds-ahead");
  const standIn = await startStripeStandIn({
    clockFile,
    endpoints: [{ url: `http://127.0.0.1:${port}/webhooks/stripe`, secret: webhookSecret }],
  });
  const env: Record<string, string> = {
    NODE_ENV: "production",
    PORT: String(port),
    HOST: "127.0.0.1",
    APP_URL: appUrl,
    DATABASE_URL: database.url,
    MASTER_KEY: randomBytes(32).toString("base64"),
    STRIPE_SECRET_KEY: "sk_test_journeys",
    STRIPE_WEBHOOK_SECRET: webhookSecret,
    STRIPE_API_BASE: standIn.apiBase,
    CLOCK_FILE: clockFile,
    SMTP_URL: mailbox.smtpUrl,
    MAIL_FROM: "Tidepool <shop@example.com>",
    LOG_LEVEL: "warn",
  };
  const run = (file: string, args: string[], input?: string) => runProgram(file, args, env, input);
  await run("app/commands/catalog.ts", ["apply", "prisma/demo-catalog.json", "--yes"]);
  const staff = {
    owner: await addStaff(run, "owner"),
    admin: await addStaff(run, "admin"),
    support: await addStaff(run, "support"),
    viewer: await addStaff(run, "viewer"),
  };
  const app = spawnProgram("app/commands/start.ts", [], env, "inherit");
  await untilReady(`${appUrl}/health/ready`, app);
  return {
    appUrl,
    databaseUrl: database.url,
    standIn,
    mailbox,
    staff,
    run,
    stop: async () => {
      await end(app);
      await standIn.stop();
      await mailbox.stop();
      await database.drop();
      await databaseServer.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function addStaff(run: Stack["run"], role: keyof Stack["staff"]): Promise<StaffSignIn> {
  const signIn = { email: `${role}@example.com`, password: `${role} ${randomBytes(9).toString("hex")}` };
  await run(
    "app/commands/staff.ts",
    ["add", "--email", signIn.email, "--role", role],
    `${signIn.password}\n`,
  );
  return signIn;
}

function spawnProgram(file: string, args: string[], env: Record<string, string>, output: "inherit" | "pipe") {
  return spawn(process.execPath, ["--import", "tsx", file, ...args], {
    env: { ...process.env, ...env },
    stdio: ["pipe", output, output],
  });
}

async function runProgram(
  file: string,
  args: string[],
  env: Record<string, string>,
  input = "",
): Promise<string> {
  const child = spawnProgram(file, args, env, "pipe");
  let printed = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    printed += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    printed += chunk.toString();
  });
  child.stdin?.end(input);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`${file} ${args.join(" ")} ended with ${code}:\n${printed}`);
  return printed;
}

async function untilReady(url: string, app: ChildProcess): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (app.exitCode !== null) throw new Error(`The app ended with ${app.exitCode} instead of starting.`);
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`The app did not answer at ${url} within a minute.`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const last = setTimeout(() => child.kill("SIGKILL"), 15_000);
  await ended;
  clearTimeout(last);
}

export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
