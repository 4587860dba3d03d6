/** Enough for a test to count what a thousand renewals asked for. */
const KEPT_REQUESTS = 20_000;

export type LoggedRequest = {
  id: string;
  at: number;
  method: string;
  path: string;
  idempotencyKey: string | null;
  /** Null while it runs, and for ever when a fault kept the answer. */
  status: number | null;
  /** An idempotency key was seen before and its saved answer was sent again. */
  replayed: boolean;
};

export type RequestLog = { add(entry: LoggedRequest): LoggedRequest; all(): LoggedRequest[]; clear(): void };

/** The latest requests, oldest first. An entry is filled in while its request runs. */
export function createRequestLog(): RequestLog {
  let entries: LoggedRequest[] = [];
  return {
    add: (entry) => {
      entries.push(entry);
      // Cut now and then only: copying them all for each request would cost more than answering it.
      if (entries.length > 2 * KEPT_REQUESTS) entries = entries.slice(-KEPT_REQUESTS);
      return entry;
    },
    all: () => entries,
    clear: () => {
      entries = [];
    },
  };
}
