import { type IncomingEvent, parseEvent } from "#app/domain/webhook-inbox/parse-event.server.ts";
import { pool } from "#app/infra/db.server.ts";
import { singleton } from "#app/infra/singleton.server.ts";
import { isLivemode } from "#app/infra/stripe.server.ts";
import { wakeWorker } from "#app/infra/wake-worker.server.ts";

export type ReceiptOutcome = "stored" | "not-an-event";

/**
 * Stores a verified event and marks its purchase dirty, durably, before it resolves. The same event again only
 * counts a delivery and marks the purchase dirty once more, which heals and changes nothing else.
 * @throws when the database did not take it; Stripe must then be told to deliver again.
 */
export async function receiveEvent(body: string, receivedAt: Date): Promise<ReceiptOutcome> {
  const event = parseEvent(body);
  if (!event) return "not-an-event";
  await inboxWriter().write({ event, payload: body, receivedAt });
  if (event.source) wakeWorker();
  return "stored";
}

type Receipt = { event: IncomingEvent; payload: string; receivedAt: Date };
type Waiting = Receipt & { resolve: () => void; reject: (error: unknown) => void };

/** Statements under way at once: one is being flushed to disk while the next is being collected. */
const maxStatements = 4;
/** Deliveries that share one statement, and so one commit. */
const maxBatch = 64;

/**
 * Deliveries that arrive while others are being committed share the next commit. Nobody is answered before the
 * commit that holds their event has returned.
 */
function inboxWriter(): { write: (receipt: Receipt) => Promise<void> } {
  return singleton("inbox-writer", () => {
    const queue: Waiting[] = [];
    let running = 0;

    async function flush(): Promise<void> {
      running++;
      try {
        while (queue.length > 0) {
          const batch = queue.splice(0, maxBatch);
          try {
            await insert(batch);
            for (const waiting of batch) waiting.resolve();
          } catch (error) {
            for (const waiting of batch) waiting.reject(error);
          }
        }
      } finally {
        running--;
      }
    }

    return {
      write: (receipt) =>
        new Promise<void>((resolve, reject) => {
          queue.push({ ...receipt, resolve, reject });
          if (running < maxStatements) void flush();
        }),
    };
  });
}

const insertEvents = `
WITH incoming AS (
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
      $8::bool[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::int[], $13::text[], $14::text[])
    AS t(dedupe_key, event_id, type, object_type, object_id, source_id, source_kind,
      livemode, api_version, created, received_at, deliveries, ignored_because, payload)
), inbox AS (
  INSERT INTO stripe_event AS known (dedupe_key, event_id, type, object_type, object_id, source_id, livemode,
      api_version, created, received_at, deliveries, ignored_at, note, payload)
    SELECT dedupe_key, event_id, type, object_type, object_id, source_id, livemode, api_version, created,
      received_at, deliveries, CASE WHEN ignored_because IS NULL THEN NULL ELSE received_at END, ignored_because, payload
    FROM incoming ORDER BY dedupe_key
  ON CONFLICT (dedupe_key) DO UPDATE SET deliveries = known.deliveries + excluded.deliveries
)
INSERT INTO stripe_source AS known (id, kind, livemode, dirty_cause)
  SELECT DISTINCT ON (source_id) source_id, source_kind, livemode, event_id FROM incoming
    WHERE ignored_because IS NULL ORDER BY source_id
ON CONFLICT (id) DO UPDATE SET dirty_seq = known.dirty_seq + 1, dirty_cause = excluded.dirty_cause, retry_at = NULL`;

/** One statement, so the event and the dirty mark are durable together or not at all. */
async function insert(batch: Receipt[]): Promise<void> {
  const rows = mergeTwins(batch);
  const column = <T>(read: (row: (typeof rows)[number]) => T) => rows.map(read);
  await pool().query({
    name: "receive-events",
    text: insertEvents,
    values: [
      column((row) => row.event.dedupeKey),
      column((row) => row.event.eventId),
      column((row) => row.event.type),
      column((row) => row.event.objectType),
      column((row) => row.event.objectId),
      column((row) => row.event.source?.sourceId ?? null),
      column((row) => row.event.source?.kind ?? null),
      column((row) => row.event.livemode),
      column((row) => row.event.apiVersion),
      column((row) => row.event.created),
      column((row) => row.receivedAt),
      column((row) => row.deliveries),
      column((row) => whyIgnored(row.event)),
      column((row) => row.payload),
    ],
  });
}

/** One statement may not touch a row twice: the same event several times in a batch is one row with a count. */
function mergeTwins(batch: Receipt[]): (Receipt & { deliveries: number })[] {
  const rows = new Map<string, Receipt & { deliveries: number }>();
  for (const receipt of batch) {
    const twin = rows.get(receipt.event.dedupeKey);
    if (twin) twin.deliveries++;
    else rows.set(receipt.event.dedupeKey, { ...receipt, deliveries: 1 });
  }
  return [...rows.values()];
}

function whyIgnored(event: IncomingEvent): string | null {
  if (event.livemode !== isLivemode())
    return event.livemode
      ? "A live event, but the configured Stripe key is a test key."
      : "A test event, but the configured Stripe key is a live key.";
  return event.source ? null : "This kind of event asks nothing of Latchkey.";
}
