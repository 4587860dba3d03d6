import { EventEmitter } from "node:events";
import { afterCommit, inTransaction, pool, type Tx } from "#app/infra/db.server.ts";
import { singleton } from "#app/infra/singleton.server.ts";

export const wakeChannel = "latchkey_work";

type Waker = { events: EventEmitter; hasLocalWorker: boolean; timer: NodeJS.Timeout | null };

function waker(): Waker {
  return singleton("waker", () => ({ events: new EventEmitter(), hasLocalWorker: false, timer: null }));
}

/**
 * Tells a worker that there is work: the one in this process at once, else those of other processes by NOTIFY,
 * at most once in 25 ms because every NOTIFY takes a lock that all commits share. Losing a wake-up costs a second,
 * not a sale: workers also poll.
 */
export function wakeWorker(): void {
  const state = waker();
  if (state.hasLocalWorker) {
    state.events.emit("wake");
    return;
  }
  state.timer ??= setTimeout(() => {
    state.timer = null;
    pool()
      .query("SELECT pg_notify($1, '')", [wakeChannel])
      .catch(() => undefined); // the poll finds the work
  }, 25).unref();
}

/** A transaction that leaves work behind, a mail for one; a worker hears of it as soon as it is committed. */
export async function inTransactionThenWake<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  const result = await inTransaction(work);
  afterCommit(wakeWorker);
  return result;
}

/** Registers the worker of this process; the answer takes it off again. */
export function onWake(listener: () => void): () => void {
  const state = waker();
  state.hasLocalWorker = true;
  state.events.on("wake", listener);
  return () => {
    state.events.off("wake", listener);
    state.hasLocalWorker = state.events.listenerCount("wake") > 0;
  };
}
