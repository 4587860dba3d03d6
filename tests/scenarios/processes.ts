import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { sessionsCursor } from "#app/domain/stripe-sync/sweep-checkout-sessions.server.ts";
import { reversalsCursor } from "#app/domain/stripe-sync/sweep-reversals.server.ts";
import { subscriptionsCursor } from "#app/domain/stripe-sync/sweep-subscriptions.server.ts";
import { eventsCursor } from "#app/domain/webhook-inbox/sweep-events.server.ts";
import { db } from "#app/infra/db.server.ts";
import type { RuntimeEnv } from "#app/infra/env.server.ts";

/** The commands of package.json that run until they are told to stop. */
export type Command = "start" | "worker";

/**
 * A process of the application's own, as `npm start` or `npm run worker` starts it, on the database and the Stripe of
 * this test. `variables` are set besides.
 */
export function startProcess(
  command: Command,
  env: RuntimeEnv,
  variables: Record<string, string> = {},
): ChildProcess {
  return spawn(process.execPath, ["--import", "tsx", `app/commands/${command}.ts`], {
    env: {
      ...process.env,
      NODE_ENV: "production",
      DATABASE_URL: env.databaseUrl,
      MASTER_KEY: env.masterKey.toString("base64"),
      APP_URL: env.appUrl,
      STRIPE_SECRET_KEY: env.stripeSecretKey,
      STRIPE_WEBHOOK_SECRET: env.stripeWebhookSecrets.join(","),
      STRIPE_API_BASE: env.stripeApiBase,
      LOG_LEVEL: "silent",
      ...variables,
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** Ends a process in order, or at once with `SIGKILL`; safe to repeat. @returns its exit code, null when it was killed. */
export async function endProcess(
  child: ChildProcess,
  signal: "SIGTERM" | "SIGKILL" = "SIGTERM",
): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }
  return child.exitCode;
}

/** Looks every so often until it is so. @throws Error after `limitMs`. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  limitMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`Waited in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const sweeps = [sessionsCursor, eventsCursor, reversalsCursor, subscriptionsCursor];

/** Whether every hourly and nightly sweep was begun at that time or later, and is through. */
export async function isSweptSince(date: Date): Promise<boolean> {
  const through = { name: { in: sweeps }, value: { gte: date.toISOString() } };
  return (await db().sweepCursor.count({ where: through })) === sweeps.length;
}

/** Whether every hint was acted on. */
export async function isInStep(): Promise<boolean> {
  const [row] = await db().$queryRaw<{ owed: number }[]>`
    SELECT ((SELECT count(*) FROM stripe_source WHERE dirty_seq > synced_seq)
      + (SELECT count(*) FROM stripe_event WHERE processed_at IS NULL AND ignored_at IS NULL))::int AS owed`;
  return row?.owed === 0;
}

/** A port nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}
