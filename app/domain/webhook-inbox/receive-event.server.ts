import { raiseAlert } from "#app/domain/alert/alert.server.ts";
import { type IncomingEvent, parseEvent } from "#app/domain/webhook-inbox/parse-event.server.ts";
import { createBatcher } from "#app/infra/batcher.ts";
import { inTransaction, pool } from "#app/infra/db.server.ts";
import { logger } from "#app/infra/logger.server.ts";
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
  await inboxWriter().ask({ event, payload: body, receivedAt });
  if (event.livemode !== isLivemode()) await tellOfOtherMode(event, receivedAt);
  else if (event.source) wakeWorker();
  return "stored";
}

export type Receipt = {
  event: IncomingEvent;
  payload: string;
  receivedAt: Date;
  /** How it came here, when Stripe did not deliver it. */
  note?: string;
};

/** Deliveries that share one statement, and so one commit. Each size is a prepared statement of its own. */
const maxBatch = 16;

/**
 * Deliveries that arrive while others are being committed share the next commit; one statement is being flushed to disk
 * while the next is carried out. Nobody is answered before the commit that holds their event has returned.
 */
const inboxWriter = () =>
  singleton("inbox-writer", () =>
    createBatcher<Receipt, undefined>({
      maxUnderWay: 2,
      maxBatch,
      answer: async (batch) => {
        await insert(batch);
        return [];
      },
    }),
  );

/** The parameters of one event, in the order of `parametersOf`: the columns of the inbox, and the kind of its source. */
const parameterTypes = {
  dedupe_key: "text",
  event_id: "text",
  type: "text",
  object_type: "text",
  object_id: "text",
  source_id: "text",
  livemode: "bool",
  api_version: "text",
  created: "timestamptz",
  received_at: "timestamptz",
  deliveries: "int",
  ignored_at: "timestamptz",
  note: "text",
  payload: "text",
  source_kind: "text",
};
const parameters = Object.entries(parameterTypes);
const inboxColumns = Object.keys(parameterTypes).filter((name) => name !== "source_kind");

/** `($1::text, $2::text, …), (…)`: these parameters of each of `size` events. */
function rowsOf(size: number, names: readonly string[]): string {
  const placeholder = (row: number, name: string) => {
    const index = parameters.findIndex(([parameter]) => parameter === name);
    return `$${row * parameters.length + index + 1}::${parameters[index]?.[1]}`;
  };
  const rows = Array.from({ length: size }, (_, row) => names.map((name) => placeholder(row, name)));
  return rows.map((row) => `(${row.join(", ")})`).join(", ");
}

/**
 * Stores `size` events and marks their sources, as one statement, so that both are durable together or not at all.
 * Rows of plain parameters: taking arrays apart would cost the server nearly as much again as the insert.
 */
function insertEvents(size: number): string {
  return `WITH inbox AS (
  INSERT INTO stripe_event AS known (${inboxColumns.join(", ")})
    VALUES ${rowsOf(size, inboxColumns)}
  ON CONFLICT (dedupe_key) DO UPDATE SET deliveries = known.deliveries + excluded.deliveries
)
INSERT INTO stripe_source AS known (id, kind, livemode, dirty_cause)
  SELECT ${size > 1 ? "DISTINCT ON (id)" : ""} id, kind, livemode, cause
    FROM (VALUES ${rowsOf(size, ["source_id", "source_kind", "livemode", "event_id", "ignored_at"])})
      AS mark (id, kind, livemode, cause, ignored_at)
    WHERE ignored_at IS NULL ${size > 1 ? "ORDER BY id" : ""}
ON CONFLICT (id) DO UPDATE SET dirty_seq = known.dirty_seq + 1, dirty_cause = excluded.dirty_cause, retry_at = NULL`;
}

const statements = Array.from({ length: maxBatch }, (_, index) => insertEvents(index + 1));

/** Stores events that were found in another way than by delivery, as durably and with the same effect. */
export async function storeEvents(receipts: readonly Receipt[]): Promise<void> {
  for (let from = 0; from < receipts.length; from += maxBatch)
    await insert(receipts.slice(from, from + maxBatch));
  if (receipts.length > 0) wakeWorker();
}

async function insert(batch: readonly Receipt[]): Promise<void> {
  const rows = mergeTwins(batch);
  await pool().query({
    name: `receive-${rows.length}-events`,
    text: statements[rows.length - 1] ?? "",
    values: rows.flatMap(parametersOf),
  });
}

/** In the order of `parameterTypes`. */
function parametersOf({ event, payload, receivedAt, deliveries, note }: Row): unknown[] {
  const ignoredBecause = whyIgnored(event);
  return [
    event.dedupeKey,
    event.eventId,
    event.type,
    event.objectType,
    event.objectId,
    event.source?.sourceId ?? null,
    event.livemode,
    event.apiVersion,
    event.created,
    receivedAt,
    deliveries,
    ignoredBecause === null ? null : receivedAt,
    ignoredBecause ?? note ?? null,
    payload,
    event.source?.kind ?? null,
  ];
}

type Row = Receipt & { deliveries: number };

/** A statement may not touch a row twice: the same event several times in a batch is one row with a count. */
function mergeTwins(batch: readonly Receipt[]): Row[] {
  const rows = new Map<string, Row>();
  for (const receipt of batch) {
    const twin = rows.get(receipt.event.dedupeKey);
    if (twin) twin.deliveries++;
    else rows.set(receipt.event.dedupeKey, { ...receipt, deliveries: 1 });
  }
  // Always in one order, so that two statements with events in common wait for each other instead of deadlocking.
  return [...rows.values()].sort((a, b) => (a.event.dedupeKey < b.event.dedupeKey ? -1 : 1));
}

function whyIgnored(event: IncomingEvent): string | null {
  if (event.livemode !== isLivemode())
    return event.livemode
      ? "A live event, but the configured Stripe key is a test key."
      : "A test event, but the configured Stripe key is a live key.";
  if (event.accountId) return "An event of a connected account; Latchkey sells for its own account only.";
  return event.source ? null : "This kind of event asks nothing of Latchkey.";
}

/**
 * Tells staff, once a day for each mode, that events of the other mode come in: real sales may be going by. The event
 * itself is stored by then, so a failure here is only logged.
 */
async function tellOfOtherMode({ livemode }: IncomingEvent, now: Date): Promise<void> {
  const mode = livemode ? "live" : "test";
  const causeKey = `${mode}:${now.toISOString().slice(0, 10)}`;
  const told = singleton("told-of-other-mode", () => ({ lately: "" }));
  if (told.lately === causeKey) return;
  const own = livemode ? "test" : "live";
  await inTransaction((tx) =>
    raiseAlert(tx, {
      now,
      kind: "mode-mismatch",
      causeKey,
      message: `Stripe delivers ${mode} events here, but STRIPE_SECRET_KEY is a ${own} key, so they are kept and ignored. Remove this webhook endpoint from the ${mode} mode of your Stripe account, or configure a ${mode} key with its own webhook secret.`,
    }),
  ).then(
    () => {
      told.lately = causeKey;
    },
    (error: unknown) => logger().warn({ err: error }, "the alert about the other mode could not be raised"),
  );
}
