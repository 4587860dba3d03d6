import { z } from "zod";
import { changeItems } from "#tests/stripe-stand-in/billing/change-items.ts";
import type { ItemChange } from "#tests/stripe-stand-in/billing/plan-change.ts";
import { requireSubscription, wireItem } from "#tests/stripe-stand-in/billing/wire.ts";
import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { page } from "#tests/stripe-stand-in/list.ts";
import {
  acceptedAll,
  flag,
  integer,
  listParameters,
  metadata,
  nothing,
  text,
  timestamp,
} from "#tests/stripe-stand-in/parameters.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredSubscription, StoredSubscriptionItem } from "#tests/stripe-stand-in/stored-types.ts";

const billing = {
  payment_behavior: z
    .enum(["allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"])
    .optional(),
  proration_behavior: z.enum(["always_invoice", "create_prorations", "none"]).optional(),
  proration_date: timestamp.optional(),
};
const notActedOn = acceptedAll(["billing_thresholds", "current_trial", "discounts", "tax_rates"]);
const createParameters = z.strictObject({
  ...billing,
  ...notActedOn,
  subscription: text,
  price: text,
  quantity: integer(0, 999_999).optional(),
  metadata,
});
const updateParameters = z.strictObject({
  ...billing,
  ...notActedOn,
  ...acceptedAll(["off_session"]),
  price: text.optional(),
  quantity: integer(0, 999_999).optional(),
  metadata,
});
const deleteParameters = z.strictObject({ ...billing, clear_usage: flag.optional() });
const { limit, starting_after, ending_before } = listParameters;
const searchParameters = z.strictObject({ limit, starting_after, ending_before, subscription: text });

function requireItem(
  standIn: StandIn,
  id: string,
): { subscription: StoredSubscription; item: StoredSubscriptionItem } {
  for (const subscription of standIn.store.subscriptions.all()) {
    const item = subscription.items.data.find((candidate) => candidate.id === id);
    if (item !== undefined) return { subscription, item };
  }
  throw resourceMissing("subscription_item", id);
}

type Billing = Pick<z.output<typeof deleteParameters>, keyof typeof billing>;

function change(
  standIn: StandIn,
  subscription: string,
  itemChange: ItemChange,
  sent: Billing,
  cause: Cause,
): StoredSubscription {
  return changeItems(standIn, subscription, {
    changes: [itemChange],
    proration: sent.proration_behavior ?? "create_prorations",
    payment: sent.payment_behavior ?? "allow_incomplete",
    resetsAnchor: false,
    now: sent.proration_date ?? standIn.clock.seconds(),
    cause,
  });
}

export const subscriptionItemRoutes: Route[] = [
  route("GET", "/v1/subscription_items", searchParameters, (standIn, sent, call) => {
    const { items } = requireSubscription(standIn, sent.subscription, "subscription");
    const rows = items.data.map((item) => wireItem(standIn, item));
    return page(rows, sent, call.path, "subscription item");
  }),
  route("POST", "/v1/subscription_items", createParameters, (standIn, sent, call) => {
    const { subscription, price, quantity, metadata: sentMetadata, ...rest } = sent;
    requireSubscription(standIn, subscription, "subscription");
    const added = { price, quantity, metadata: sentMetadata };
    const changed = change(standIn, subscription, added, rest, call.cause);
    return changed.items.data.find((item) => item.price.id === price);
  }),
  route("GET", "/v1/subscription_items/:id", nothing, (standIn, _sent, call) =>
    wireItem(standIn, requireItem(standIn, firstId(call)).item),
  ),
  route("POST", "/v1/subscription_items/:id", updateParameters, (standIn, sent, call) => {
    const { subscription, item } = requireItem(standIn, firstId(call));
    const { price, quantity, metadata: sentMetadata, ...rest } = sent;
    const wanted = { id: item.id, price, quantity, metadata: sentMetadata };
    const changed = change(standIn, subscription.id, wanted, rest, call.cause);
    return changed.items.data.find(({ id }) => id === item.id) ?? item;
  }),
  route("DELETE", "/v1/subscription_items/:id", deleteParameters, (standIn, sent, call) => {
    const { subscription, item } = requireItem(standIn, firstId(call));
    change(standIn, subscription.id, { id: item.id, deleted: true }, sent, call.cause);
    return { id: item.id, object: "subscription_item", deleted: true };
  }),
];
