import type { StoredEvent } from "#tests/stripe-stand-in/stored-types.ts";

export type ThinEvent = {
  id: string;
  object: "v2.core.event";
  type: string;
  created: string;
  livemode: boolean;
  related_object: { id: string; type: string; url: string } | null;
  /** Missing on the types that have no snapshot. */
  snapshot_event?: string;
};

const COLLECTION_URL: Record<string, string> = {
  "checkout.session": "/v1/checkout/sessions",
  payment_intent: "/v1/payment_intents",
  charge: "/v1/charges",
  customer: "/v1/customers",
  product: "/v1/products",
  price: "/v1/prices",
  coupon: "/v1/coupons",
  promotion_code: "/v1/promotion_codes",
  payment_link: "/v1/payment_links",
  subscription: "/v1/subscriptions",
  subscription_schedule: "/v1/subscription_schedules",
  invoice: "/v1/invoices",
  invoice_payment: "/v1/invoice_payments",
  invoiceitem: "/v1/invoiceitems",
  refund: "/v1/refunds",
  dispute: "/v1/disputes",
  "radar.early_fraud_warning": "/v1/radar/early_fraud_warnings",
  review: "/v1/reviews",
  credit_note: "/v1/credit_notes",
  "test_helpers.test_clock": "/v1/test_helpers/test_clocks",
  "v2.core.event_destination": "/v2/core/event_destinations",
};

/** The thin twin of an event: ids and no state. Its own id is derived, so every retry carries the same one. */
export function toThinEvent(event: StoredEvent): ThinEvent {
  const subject = event.data.object;
  const collection = COLLECTION_URL[subject.object];
  return {
    id: thinEventId(event.id),
    object: "v2.core.event",
    type: thinType(event.type),
    created: new Date(event.created * 1000).toISOString(),
    livemode: event.livemode,
    related_object:
      subject.id === undefined || collection === undefined
        ? null
        : { id: subject.id, type: subject.object, url: `${collection}/${subject.id}` },
    ...(event.thin_only === true ? {} : { snapshot_event: event.id }),
  };
}

/** Events about v1 objects carry the prefix, those about v2 objects are named in full. */
export function thinType(type: string): string {
  return type.startsWith("v2.") ? type : `v1.${type}`;
}

export function thinEventId(eventId: string): string {
  return eventId.replace(/^evt_/, "evt_test_");
}

/** The stored event a thin id stands for. */
export function storedEventId(thinId: string): string {
  return thinId.replace(/^evt_test_/, "evt_");
}
