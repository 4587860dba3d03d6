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

const Snapshot = z.object({
  object: z.literal("event"),
  id: word,
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
  const event = parsed.data;
  if (event.object === "event") {
    const { object } = event.data;
    const hint = {
      type: event.type,
      objectId: object.id ?? null,
      paymentIntentId: object.payment_intent,
      chargeId: object.charge,
    };
    return {
      dedupeKey: event.id,
      eventId: event.id,
      type: event.type,
      objectType: object.object ?? null,
      objectId: object.id ?? null,
      source: sourceOfEvent(hint),
      livemode: event.livemode,
      apiVersion: event.api_version ?? null,
      created: new Date(event.created * 1000),
    };
  }
  const related = event.related_object ?? null;
  const hint = { type: event.type, objectId: related?.id ?? null, paymentIntentId: null, chargeId: null };
  return {
    dedupeKey: event.snapshot_event ?? event.id,
    eventId: event.id,
    type: event.type,
    objectType: related?.type ?? null,
    objectId: related?.id ?? null,
    source: sourceOfEvent(hint),
    livemode: event.livemode,
    apiVersion: null,
    created: new Date(event.created),
  };
}
