import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { isBuildStale } from "#app/commands/build-freshness.ts";
import { currentTime } from "#app/infra/clock.server.ts";

// `npm run demo`: a whole shop on this machine, with our own stand-in for Stripe and a mailbox that keeps every mail.
// Nothing here is a default of the product: the sign-in is made up at the first demo and kept in DATA_DIR.

const webhookSecret = "whsec_latchkey_demo";
const secretKey = "sk_test_latchkey";

process.env.NODE_ENV = "production";
process.env.HOST ??= "127.0.0.1";
process.env.LOG_LEVEL ??= "warn";
process.env.PORT ??= "3000";
const dataDir = resolve(process.env.DATA_DIR ?? "./data");
/** The stand-in moves the clock, the shop follows. */
const clockFile = join(dataDir, "clock-seconds-ahead");

// Everything below comes from what the build makes, the database client included.
if (await isBuildStale()) {
  console.log("Building the site (only when something changed) …");
  const built = spawnSync("npm", ["run", "-s", "build"], { stdio: ["ignore", "ignore", "inherit"] });
  if (built.status !== 0) process.exit(built.status ?? 1);
}
const { bootstrap, runCommand } = await import("#app/commands/bootstrap.ts");
const { serve } = await import("#app/commands/serve.ts");
const { untilSignal } = await import("#app/commands/until-signal.ts");

runCommand(async () => {
  const asked = untilSignal();
  const stops: (() => Promise<void>)[] = [];
  const stopAll = async () => {
    for (const stop of stops.reverse()) await stop();
  };
  try {
    const addresses = await startParts(stops);
    const owner = await prepareShop();
    const serving = await serve();
    stops.push(serving.stop);
    printAddresses(addresses, owner);
    await asked;
    console.log("\nStopping …");
  } finally {
    await stopAll();
  }
});

type Addresses = { standIn: string; mailbox: string };

/** Stand-in and mailbox as processes of their own, then the database. */
async function startParts(stops: (() => Promise<void>)[]): Promise<Addresses> {
  await mkdir(dataDir, { recursive: true });
  const standInPort = await freePort(12_111);
  const mailPort = await freePort(1025);
  const mailboxPort = await freePort(1080);
  const standIn = `http://127.0.0.1:${standInPort}`;
  const mailbox = `http://127.0.0.1:${mailboxPort}`;
  const started = await Promise.all([
    startProcess("tests/stripe-stand-in/start.ts", {
      PORT: String(standInPort),
      STRIPE_SECRET_KEY: secretKey,
      STRIPE_WEBHOOK_SECRET: webhookSecret,
      STRIPE_WEBHOOK_URL: `http://127.0.0.1:${process.env.PORT}/webhooks/stripe`,
      STATE_FILE: join(dataDir, "stripe-stand-in.json"),
      CLOCK_FILE: clockFile,
      WATCH_URL: `${process.env.APP_URL ?? `http://localhost:${process.env.PORT}`}/admin`,
    }),
    startProcess("tests/mailbox/start.ts", { SMTP_PORT: String(mailPort), PORT: String(mailboxPort) }),
  ]);
  for (const child of started) stops.push(() => endProcess(child));
  const { stop } = await bootstrap({
    env: {
      STRIPE_SECRET_KEY: secretKey,
      STRIPE_WEBHOOK_SECRET: webhookSecret,
      STRIPE_API_BASE: standIn,
      CLOCK_FILE: clockFile,
      SMTP_URL: `smtp://127.0.0.1:${mailPort}`,
      MAIL_FROM: process.env.MAIL_FROM ?? "Latchkey demo <shop@example.com>",
    },
  });
  stops.push(stop);
  return { standIn, mailbox };
}

/** The demo catalog and an owner to sign in with; a second start finds both. */
async function prepareShop(): Promise<{ email: string; password: string }> {
  const { applyCatalog } = await import("#app/domain/product/apply-catalog.server.ts");
  const { parseCatalogFile } = await import("#app/domain/product/catalog-file.server.ts");
  const { systemActor } = await import("#app/domain/audit-log/audit-event.ts");
  const { addStaff } = await import("#app/domain/account/staff.server.ts");
  const { DomainError } = await import("#app/domain/domain-error.ts");
  const now = currentTime();
  const file = parseCatalogFile(await readFile("prisma/demo-catalog.json", "utf8"));
  await applyCatalog({ file, actor: systemActor("npm run demo"), now });
  const owner = await readOrMakeOwner();
  await addStaff({ ...owner, name: "Demo owner", role: "owner", now }).catch((error: unknown) => {
    if (!(error instanceof DomainError) || error.code !== "CONFLICT") throw error;
  });
  return owner;
}

async function readOrMakeOwner(): Promise<{ email: string; password: string }> {
  const file = join(dataDir, "demo-owner-password");
  const fresh = `demo-${randomBytes(9).toString("base64url")}`;
  await writeFile(file, fresh, { flag: "wx", mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  return { email: "owner@example.com", password: (await readFile(file, "utf8")).trim() };
}

function printAddresses({ standIn, mailbox }: Addresses, owner: { email: string; password: string }): void {
  const shop = process.env.APP_URL ?? `http://localhost:${process.env.PORT}`;
  console.log(`
Latchkey is running. Buy something: no real money moves.

  Shop       ${shop}/
  Portal     ${shop}/portal        sign in with the address you bought with; the code is in the mailbox
  Admin      ${shop}/admin         ${owner.email}  /  ${owner.password}
  Mailbox    ${mailbox}/           every mail the shop sends
  Stripe     ${standIn}/control    the stand-in's control page: move the clock, fail a card, refund, dispute

  Test card  4242 4242 4242 4242 pays, 4000 0000 0000 0002 is declined
  Data       ${dataDir}

Ctrl-C stops all of it; the next start keeps the data.`);
}

/** Starts one of our programs and waits until it says it is ready, which it does on its first line. */
async function startProcess(file: string, env: Record<string, string>): Promise<ChildProcess> {
  // A group of its own: Ctrl-C reaches us, and we end the parts in order.
  const child = spawn(process.execPath, ["--import", "tsx", file], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  process.once("exit", () => child.kill("SIGTERM"));
  await new Promise<void>((ready, fail) => {
    child.stdout?.once("data", () => ready());
    child.once("exit", (code) =>
      fail(new Error(`${file} ended with ${code ?? "a signal"} instead of starting.`)),
    );
  });
  child.stdout?.resume();
  return child;
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((done) => child.once("exit", () => done()));
  child.kill("SIGTERM");
  const last = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await ended;
  clearTimeout(last);
}

/** The port people know, or any free one when another program has it. */
async function freePort(wanted: number): Promise<number> {
  for (const port of [wanted, 0]) {
    const found = await new Promise<number | null>((done) => {
      const probe = createServer();
      probe.once("error", () => done(null));
      probe.listen(port, "127.0.0.1", () => {
        const address = probe.address();
        probe.close(() => done(typeof address === "object" && address ? address.port : null));
      });
    });
    if (found !== null) return found;
  }
  throw new Error("No free port was found on this machine.");
}
