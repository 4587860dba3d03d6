/**
 * What a Stripe event is about, read from ids alone. An event is a hint: which purchase to look at again. What
 * happened to it is always fetched, so payload shapes, versions and delivery order do not matter.
 */
export type SourceKind = "checkout_session" | "payment_intent" | "charge";

export type SourceRef = { sourceId: string; kind: SourceKind };

/** Snapshot and thin events, reduced to what may be read from a payload. */
export type EventHint = {
  type: string;
  objectId: string | null;
  /** `data.object.payment_intent` or `data.object.charge`, as an id. */
  paymentIntentId: string | null;
  chargeId: string | null;
};

/**
 * @returns null for events that ask nothing of us; they are stored and answered all the same.
 */
export function sourceOfEvent(event: EventHint): SourceRef | null {
  const type = event.type.replace(/^v1\./, "");
  if (type.startsWith("checkout.session.")) return sourceOfId(event.objectId);
  if (type.startsWith("payment_intent.")) return sourceOfId(event.objectId);
  if (/^(charge|refund|radar\.early_fraud_warning|review)\./.test(type))
    return sourceOfId(event.paymentIntentId) ?? sourceOfId(event.chargeId) ?? sourceOfId(event.objectId);
  return null;
}

/** Stripe's ids say what they are by their prefix. */
export function sourceOfId(id: string | null | undefined): SourceRef | null {
  if (!id) return null;
  if (/^cs_(test|live)_\w+$/.test(id)) return { sourceId: id, kind: "checkout_session" };
  if (/^pi_\w+$/.test(id)) return { sourceId: id, kind: "payment_intent" };
  if (/^(ch|py)_\w+$/.test(id)) return { sourceId: id, kind: "charge" };
  return null;
}
