import type { StoredEvent } from "#tests/stripe-stand-in/stored-types.ts";

export type ThinEvent = {
  id: string;
  object: "v2.core.event";
  type: string;
  created: string;
  livemode: boolean;
  related_object: { id: string; type: string; url: string } | null;
  snapshot_event: string;
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
};

/** The thin twin of an event: ids and no state. Its own id is derived, so every retry carries the same one. */
export function toThinEvent(event: StoredEvent): ThinEvent {
  const subject = event.data.object;
  const collection = COLLECTION_URL[subject.object];
  return {
    id: thinEventId(event.id),
    object: "v2.core.event",
    type: `v1.${event.type}`,
    created: new Date(event.created * 1000).toISOString(),
    livemode: event.livemode,
    related_object:
      subject.id === undefined || collection === undefined
        ? null
        : { id: subject.id, type: subject.object, url: `${collection}/${subject.id}` },
    snapshot_event: event.id,
  };
}

export function thinEventId(eventId: string): string {
  return eventId.replace(/^evt_/, "evt_test_");
}
