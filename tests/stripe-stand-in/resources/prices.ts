import { z } from "zod";
import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest, resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { listPage } from "#tests/stripe-stand-in/list.ts";
import {
  acceptedAll,
  currency,
  flag,
  given,
  listParameters,
  mergeMetadata,
  metadata,
  nothing,
  text,
} from "#tests/stripe-stand-in/parameters.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredPrice } from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";
import { amountParameters, makePrice } from "./pricing.ts";
import { createProduct, requireProduct } from "./products.ts";

const productData = z.strictObject({
  ...acceptedAll(["active", "statement_descriptor", "tax_code", "tax_details", "unit_label"]),
  id: text.optional(),
  metadata,
  name: text,
});
const notActedOn = acceptedAll([
  "billing_scheme",
  "currency_options",
  "custom_unit_amount",
  "tiers",
  "tiers_mode",
  "transform_quantity",
]);
const createParameters = z.strictObject({
  ...amountParameters,
  ...notActedOn,
  active: flag.optional(),
  lookup_key: text.optional(),
  transfer_lookup_key: flag.optional(),
  metadata,
  nickname: text.optional(),
  product: text.optional(),
  product_data: productData.optional(),
});
const updateParameters = z.strictObject({
  ...acceptedAll(["currency_options", "tax_behavior"]),
  active: flag.optional(),
  lookup_key: text.optional(),
  transfer_lookup_key: flag.optional(),
  metadata,
  nickname: text.optional(),
});
const searchParameters = z.strictObject({
  ...listParameters,
  active: flag.optional(),
  currency: currency.optional(),
  lookup_keys: z.array(text).max(10).optional(),
  product: text.optional(),
  type: z.enum(["one_time", "recurring"]).optional(),
  recurring: z.strictObject(acceptedAll(["interval", "meter", "usage_type"])).optional(),
});

export function requirePrice(standIn: StandIn, id: string, param?: string): StoredPrice {
  const price = standIn.store.prices.get(id);
  if (price === undefined) throw resourceMissing("price", id, param);
  return price;
}

/** One lookup key names one price: a second one must ask for the transfer. */
function claimLookupKey(standIn: StandIn, key: string | undefined, transfer: boolean, except?: string): void {
  if (key === undefined) return;
  const holder = standIn.store.prices.all().find((price) => price.lookup_key === key && price.id !== except);
  if (holder === undefined) return;
  if (!transfer) {
    const message = `A price (\`${holder.id}\`) already uses that lookup key.`;
    throw invalidRequest(message, "lookup_key", "resource_already_exists");
  }
  standIn.store.prices.update(holder.id, { lookup_key: null });
}

function create(standIn: StandIn, sent: z.output<typeof createParameters>, cause: Cause): StoredPrice {
  if (sent.product === undefined && sent.product_data === undefined) {
    throw invalidRequest("Missing required param: product.", "product", "parameter_missing");
  }
  const product =
    sent.product === undefined ? undefined : requireProduct(standIn, sent.product, "product").id;
  claimLookupKey(standIn, sent.lookup_key, sent.transfer_lookup_key ?? false);
  const { name = "", id, metadata: productMetadata } = sent.product_data ?? {};
  const owner = product ?? createProduct(standIn, { name, id, metadata: productMetadata }, cause).id;
  return makePrice(standIn, { ...sent, product: owner }, cause);
}

function update(
  standIn: StandIn,
  id: string,
  sent: z.output<typeof updateParameters>,
  cause: Cause,
): StoredPrice {
  const before = requirePrice(standIn, id);
  claimLookupKey(standIn, sent.lookup_key, sent.transfer_lookup_key ?? false, id);
  const { active, nickname, lookup_key } = sent;
  const price = standIn.store.prices.update(id, {
    ...given({ active, nickname, lookup_key }),
    metadata: mergeMetadata(before.metadata, sent.metadata === undefined ? {} : sent.metadata),
  });
  emit(standIn, "price.updated", price, cause, { active: before.active, metadata: before.metadata });
  return price;
}

function list(standIn: StandIn, sent: z.output<typeof searchParameters>, url: string) {
  const matching = standIn.store.prices.all().filter((price) => {
    if (sent.active !== undefined && price.active !== sent.active) return false;
    if (sent.currency !== undefined && price.currency !== sent.currency) return false;
    if (sent.product !== undefined && price.product !== sent.product) return false;
    if (sent.type !== undefined && price.type !== sent.type) return false;
    return sent.lookup_keys === undefined || sent.lookup_keys.includes(price.lookup_key ?? "");
  });
  return listPage(matching, sent, url, "price");
}

export const priceRoutes: Route[] = [
  route("GET", "/v1/prices", searchParameters, (standIn, sent, call) => list(standIn, sent, call.path)),
  route("POST", "/v1/prices", createParameters, (standIn, sent, call) => create(standIn, sent, call.cause)),
  route("GET", "/v1/prices/:id", nothing, (standIn, _sent, call) => requirePrice(standIn, firstId(call))),
  route("POST", "/v1/prices/:id", updateParameters, (standIn, sent, call) =>
    update(standIn, firstId(call), sent, call.cause),
  ),
];
