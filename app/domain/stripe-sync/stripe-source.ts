/**
 * What a Stripe event is about, read from ids alone. An event is a hint: which purchase to look at again. What
 * happened to it is always fetched, so payload shapes, versions and delivery order do not matter.
 */
export type SourceKind = PurchaseKind | LeadKind | "customer" | "price";

/** What licenses come from. */
export type PurchaseKind = "checkout_session" | "subscription";

/** What belongs to a purchase, which is found and then looked at. */
export type LeadKind =
  | "payment_intent"
  | "charge"
  | "invoice"
  | "invoice_payment"
  | "refund"
  | "dispute"
  | "fraud_warning"
  | "review"
  | "credit_note"
  | "subscription_schedule";

export type SourceRef = { sourceId: string; kind: SourceKind };

/** Snapshot and thin events, reduced to what may be read from a payload: ids and the type. */
export type EventHint = {
  type: string;
  /** `data.object.id`, or `related_object.id` of a thin event. */
  objectId: string | null;
  paymentIntentId: string | null;
  chargeId: string | null;
  invoiceId: string | null;
  subscriptionId: string | null;
};

type IdName = Exclude<keyof EventHint, "type">;
type Rule = { types: RegExp; ids: readonly IdName[]; kinds: readonly SourceKind[] };

/** The first id of an allowed kind decides (stripe.md 1.2); the first rule that knows the type is the only one. */
const rules: readonly Rule[] = [
  { types: /^checkout\.session\./, ids: ["objectId"], kinds: ["checkout_session"] },
  { types: /^customer\.subscription\./, ids: ["objectId"], kinds: ["subscription"] },
  { types: /^customer\.(created|updated|deleted)$/, ids: ["objectId"], kinds: ["customer"] },
  // The invoice that is coming has no id that could be fetched.
  { types: /^invoice\.upcoming$/, ids: ["subscriptionId"], kinds: ["subscription"] },
  { types: /^invoice\./, ids: ["subscriptionId", "objectId"], kinds: ["subscription", "invoice"] },
  { types: /^invoice_payment\./, ids: ["invoiceId", "objectId"], kinds: ["invoice", "invoice_payment"] },
  { types: /^payment_intent\./, ids: ["objectId"], kinds: ["payment_intent"] },
  {
    types: /^(charge|refund|radar\.early_fraud_warning|review)\./,
    ids: ["paymentIntentId", "invoiceId", "chargeId", "objectId"],
    kinds: ["payment_intent", "invoice", "charge", "refund", "dispute", "fraud_warning", "review"],
  },
  { types: /^credit_note\./, ids: ["invoiceId", "objectId"], kinds: ["invoice", "credit_note"] },
  {
    types: /^subscription_schedule\./,
    ids: ["subscriptionId", "objectId"],
    kinds: ["subscription", "subscription_schedule"],
  },
  { types: /^price\./, ids: ["objectId"], kinds: ["price"] },
];

/**
 * The one object an event is about.
 * @returns null for events that ask nothing of us; they are stored and answered all the same.
 */
export function sourceOfEvent(event: EventHint): SourceRef | null {
  const type = event.type.replace(/^v1\./, "");
  const rule = rules.find(({ types }) => types.test(type));
  for (const name of rule?.ids ?? []) {
    const source = sourceOfId(event[name]);
    if (source && rule?.kinds.includes(source.kind)) return source;
  }
  return null;
}

/** Whether an event of this type says that a payment may have been taken back: such a payment is looked at from then on. */
export function concernsReversal(type: string): boolean {
  return /^(v1\.)?(charge\.(refunded|refund\.|dispute\.)|refund\.|radar\.early_fraud_warning\.)/.test(type);
}

const prefixes: readonly [RegExp, SourceKind][] = [
  [/^cs_(test|live)_\w+$/, "checkout_session"],
  [/^sub_sched_\w+$/, "subscription_schedule"],
  [/^sub_\w+$/, "subscription"],
  [/^pi_\w+$/, "payment_intent"],
  [/^(ch|py)_\w+$/, "charge"],
  [/^in_\w+$/, "invoice"],
  [/^inpay_\w+$/, "invoice_payment"],
  [/^(re|pyr)_\w+$/, "refund"],
  [/^(dp|du)_\w+$/, "dispute"],
  [/^issfr_\w+$/, "fraud_warning"],
  [/^prv_\w+$/, "review"],
  [/^cn_\w+$/, "credit_note"],
  [/^cus_\w+$/, "customer"],
  [/^price_\w+$/, "price"],
];

/** Stripe's ids say what they are by their prefix; null for what is none that can be synced. */
export function sourceOfId(id: string | null | undefined): SourceRef | null {
  if (!id) return null;
  const kind = prefixes.find(([prefix]) => prefix.test(id))?.[1];
  return kind ? { sourceId: id, kind } : null;
}
