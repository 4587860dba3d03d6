const KEPT_REQUESTS = 500;

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
      if (entries.length > KEPT_REQUESTS) entries = entries.slice(-KEPT_REQUESTS);
      return entry;
    },
    all: () => entries,
    clear: () => {
      entries = [];
    },
  };
}
