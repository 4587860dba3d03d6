import { z } from "zod";
import { type SourceRef, sourceOfEvent } from "#app/domain/stripe-sync/stripe-source.ts";

/** Control characters have no place in an id, and a NUL cannot be stored. */
const word = z
  .string()
  .max(255)
  .regex(/^\P{Cc}+$/u);

const idOf = z
  .union([z.string(), z.object({ id: z.string() })])
  .nullish()
  .transform((value) => (typeof value === "string" ? value : (value?.id ?? null)))
  .catch(null);

/** Anything else than what is expected here is no id, whatever version of Stripe's API shaped it. */
const lenient = <Shape extends z.ZodRawShape>(shape: Shape) => z.object(shape).nullish().catch(null);

/** Lines name their subscription in one place or another; only the first ones are looked at. */
const lines = lenient({
  data: z.array(
    lenient({
      subscription: idOf,
      parent: lenient({
        subscription_item_details: lenient({ subscription: idOf }),
        invoice_item_details: lenient({ subscription: idOf }),
      }),
    }),
  ),
});

const Snapshot = z.object({
  object: z.literal("event"),
  id: word,
  account: word.nullish(),
  type: word,
  livemode: z.boolean(),
  api_version: word.nullish(),
  created: z.number().int().nonnegative().max(8_640_000_000_000),
  data: z.object({
    object: z.object({
      object: word.nullish().catch(null),
      id: word.nullish().catch(null),
      payment_intent: idOf,
      charge: idOf,
      // Until 2025-03-31.basil invoices named their subscription, and charges and payments their invoice, like this.
      subscription: idOf,
      invoice: idOf,
      parent: lenient({ subscription_details: lenient({ subscription: idOf }) }),
      lines,
    }),
  }),
});

const Thin = z.object({
  object: z.literal("v2.core.event"),
  id: word,
  type: word,
  livemode: z.boolean(),
  created: z.union([z.iso.datetime({ offset: true }), z.number().int().nonnegative()]),
  snapshot_event: word.nullish(),
  related_object: z.object({ id: word, type: word }).nullish(),
});

const Envelope = z.union([Snapshot, Thin]);

/** An event as the inbox keeps it. */
export type IncomingEvent = {
  /** `snapshot_event ?? id`: a thin event and its snapshot twin are one. */
  dedupeKey: string;
  eventId: string;
  type: string;
  objectType: string | null;
  objectId: string | null;
  source: SourceRef | null;
  livemode: boolean;
  /** The connected account it comes from; null = the account of the configured key. */
  accountId: string | null;
  apiVersion: string | null;
  created: Date;
};

/**
 * Reads ids, type and mode from a verified body; nothing else in it is believed.
 * @returns null when the signed bytes are not an event.
 */
export function parseEvent(body: string): IncomingEvent | null {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return null;
  }
  const parsed = Envelope.safeParse(json);
  if (!parsed.success) return null;
  return parsed.data.object === "event" ? fromSnapshot(parsed.data) : fromThin(parsed.data);
}

type SnapshotObject = z.infer<typeof Snapshot>["data"]["object"];

/** Where the API versions keep the subscription of an invoice or schedule, the newest place first. */
function subscriptionOf({ parent, subscription, lines }: SnapshotObject): string | null {
  const fromLines = lines?.data.flatMap(
    (line) =>
      line?.parent?.subscription_item_details?.subscription ??
      line?.parent?.invoice_item_details?.subscription ??
      line?.subscription ??
      [],
  );
  return parent?.subscription_details?.subscription ?? subscription ?? fromLines?.[0] ?? null;
}

function fromSnapshot(event: z.infer<typeof Snapshot>): IncomingEvent {
  const { object } = event.data;
  const objectId = object.id ?? null;
  return {
    dedupeKey: event.id,
    eventId: event.id,
    type: event.type,
    objectType: object.object ?? null,
    objectId,
    source: sourceOfEvent({
      type: event.type,
      objectId,
      paymentIntentId: object.payment_intent,
      chargeId: object.charge,
      invoiceId: object.invoice,
      subscriptionId: subscriptionOf(object),
    }),
    livemode: event.livemode,
    accountId: event.account ?? null,
    apiVersion: event.api_version ?? null,
    created: new Date(event.created * 1000),
  };
}

function fromThin(event: z.infer<typeof Thin>): IncomingEvent {
  const related = event.related_object ?? null;
  const objectId = related?.id ?? null;
  const unknown = { paymentIntentId: null, chargeId: null, invoiceId: null, subscriptionId: null };
  return {
    dedupeKey: event.snapshot_event ?? event.id,
    eventId: event.id,
    type: event.type,
    objectType: related?.type ?? null,
    objectId,
    source: sourceOfEvent({ type: event.type, objectId, ...unknown }),
    livemode: event.livemode,
    accountId: null,
    apiVersion: null,
    created: new Date(event.created),
  };
}
