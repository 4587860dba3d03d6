import pg from "pg";
import { sealAuditLog } from "#app/domain/audit-log/seal-audit-log.server.ts";
import { createSourceSyncer } from "#app/domain/stripe-sync/sync-due-sources.server.ts";
import { currentTime } from "#app/infra/clock.server.ts";
import { getEnv } from "#app/infra/env.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { onWake, wakeChannel } from "#app/infra/wake-worker.server.ts";
import { deleteExpired } from "#app/jobs/delete-expired.server.ts";
import { queueDueEndReminders } from "#app/jobs/queue-end-reminders.server.ts";
import { sendDueEmails } from "#app/jobs/send-due-emails.server.ts";
import { runHourlySweep, runNightlySweep } from "#app/jobs/sweep.server.ts";

export type Worker = { stop: () => Promise<void> };

/** Work found by looking, when a wake-up was lost. */
const pollMs = 1_000;
const slowPollMs = 60_000;

/**
 * Drains the tables of owed work: purchases to sync, mails to send, records to seal, sweeps and reminders
 * that are due. Any number of workers share one database; each piece of work is leased to one of them.
 */
export function startWorker(): Worker {
  let stopping = false;
  const isStopping = () => stopping;
  const syncer = createSourceSyncer(() => purchases.wake());
  const purchases = loop("purchases", pollMs, syncer.start);
  const loops = [
    purchases,
    loop("mails", pollMs, () => sendBatches(isStopping)),
    loop("records", slowPollMs, (now) => sealAll(now, isStopping)),
    loop("hourly sweeps", slowPollMs, (now) => runHourlySweep(now, isStopping)),
    loop("nightly sweeps", slowPollMs, (now) => runNightlySweep(now, isStopping)),
    loop("reminders", slowPollMs, queueDueEndReminders),
    loop("leftovers", slowPollMs, deleteExpired),
  ];
  const wakeAll = () => {
    for (const each of loops) if (each.wakes) each.wake();
  };
  const offWake = onWake(wakeAll);
  const listening = listen(wakeAll, isStopping);
  return {
    stop: async () => {
      stopping = true;
      offWake();
      await Promise.all([...loops.map((each) => each.stop()), listening.stop()]);
      await syncer.idle();
    },
  };
}

const batchSize = 20;

/** One batch after the other while they are full, so that a burst does not wait for the next poll. */
async function sendBatches(isStopping: () => boolean): Promise<number> {
  let sent = 0;
  for (;;) {
    const result = await sendDueEmails({ now: currentTime(), limit: batchSize });
    sent += result.sent;
    const taken = result.sent + result.dropped + result.deferred + result.failed;
    if (taken < batchSize || isStopping()) return sent;
  }
}

const sealBatchSize = 1_000;

async function sealAll(now: Date, isStopping: () => boolean): Promise<number> {
  let sealed = 0;
  for (;;) {
    const count = await sealAuditLog({ now, limit: sealBatchSize });
    sealed += count;
    if (count < sealBatchSize || isStopping()) return sealed;
  }
}

type Loop = { wakes: boolean; wake: () => void; stop: () => Promise<void> };

/** Runs `work` again and again: at once after a wake-up, else after `pauseMs`. A failure is logged, never the end. */
function loop(name: string, pauseMs: number, work: (now: Date) => Promise<number>): Loop {
  let running: Promise<void> | null = null;
  let again = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  async function run(): Promise<void> {
    do {
      again = false;
      try {
        await work(currentTime());
      } catch (error) {
        logger().error({ err: error, loop: name }, "a worker loop failed; it goes on");
      }
    } while (again && !stopped);
  }
  function start(): void {
    if (stopped) return;
    if (running) {
      again = true;
      return;
    }
    clearTimeout(timer);
    running = run().finally(() => {
      running = null;
      if (!stopped) timer = setTimeout(start, pauseMs);
    });
  }
  start();
  return {
    wakes: pauseMs === pollMs,
    wake: start,
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/** Hears the wake-ups of other processes; reconnects by itself. */
function listen(wake: () => void, isStopping: () => boolean): { stop: () => Promise<void> } {
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | undefined;
  let connecting = connect();

  async function connect(): Promise<void> {
    if (isStopping()) return;
    const connection = new pg.Client({
      connectionString: getEnv().databaseUrl,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
    });
    client = connection;
    let isOver = false;
    // One failure may be told twice, by `end` and by `connect`; twice as many connections each second would be the end.
    const reconnect = () => {
      if (isOver || isStopping()) return;
      isOver = true;
      timer = setTimeout(() => {
        connecting = connect();
      }, pollMs);
    };
    connection.on("error", () => undefined); // `end` follows and reconnects
    connection.on("end", reconnect);
    connection.on("notification", wake);
    try {
      await connection.connect();
      await connection.query(`LISTEN ${wakeChannel}`);
      wake();
    } catch {
      reconnect();
      await connection.end().catch(() => undefined);
    }
  }
  return {
    stop: async () => {
      clearTimeout(timer);
      await connecting;
      await client?.end().catch(() => undefined);
    },
  };
}
