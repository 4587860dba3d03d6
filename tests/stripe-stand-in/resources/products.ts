import { z } from "zod";
import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest, resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { newId } from "#tests/stripe-stand-in/ids.ts";
import { listPage } from "#tests/stripe-stand-in/list.ts";
import {
  accepted,
  acceptedAll,
  flag,
  given,
  listParameters,
  mergeMetadata,
  metadata,
  nothing,
  text,
  unsettableText,
} from "#tests/stripe-stand-in/parameters.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredProduct } from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";
import { amountParameters, makePrice } from "./pricing.ts";

const details = {
  active: flag.optional(),
  description: unsettableText.optional(),
  images: z.array(text).optional(),
  statement_descriptor: text.optional(),
  unit_label: unsettableText.optional(),
  url: unsettableText.optional(),
};
const notActedOn = acceptedAll([
  "marketing_features",
  "package_dimensions",
  "shippable",
  "tax_code",
  "tax_details",
]);
const defaultPrice = z.strictObject({
  ...amountParameters,
  metadata,
  currency_options: accepted,
  custom_unit_amount: accepted,
});
const createParameters = z.strictObject({
  ...details,
  ...notActedOn,
  name: text,
  id: text.optional(),
  type: accepted,
  metadata,
  default_price_data: defaultPrice.optional(),
});
const updateParameters = z.strictObject({
  ...details,
  ...notActedOn,
  name: text.optional(),
  metadata,
  default_price: text.optional(),
});
const searchParameters = z.strictObject({
  ...listParameters,
  ...acceptedAll(["shippable", "type", "url"]),
  active: flag.optional(),
  ids: z.array(text).optional(),
});

export type ProductInput = Partial<Omit<z.output<typeof createParameters>, "name">> & { name: string };

/** A new product in the store, with its event and, when asked for, its default price. */
export function createProduct(standIn: StandIn, input: ProductInput, cause: Cause): StoredProduct {
  const id = input.id ?? newId("prod", 14);
  if (standIn.store.products.get(id) !== undefined) {
    throw invalidRequest("Product already exists.", "id", "resource_already_exists");
  }
  const created = standIn.clock.seconds();
  const product = standIn.store.products.put({
    id,
    object: "product",
    active: input.active ?? true,
    created,
    default_price: null,
    description: input.description ?? null,
    images: input.images ?? [],
    livemode: standIn.settings.livemode,
    marketing_features: [],
    metadata: mergeMetadata(null, input.metadata),
    name: input.name,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: input.statement_descriptor ?? null,
    tax_code: null,
    tax_details: null,
    type: "service",
    unit_label: input.unit_label ?? null,
    updated: created,
    url: input.url ?? null,
  });
  emit(standIn, "product.created", product, cause);
  if (input.default_price_data === undefined) return product;
  const price = makePrice(standIn, { ...input.default_price_data, product: id }, cause);
  return standIn.store.products.update(id, { default_price: price.id });
}

export function requireProduct(standIn: StandIn, id: string, param?: string): StoredProduct {
  const product = standIn.store.products.get(id);
  if (product === undefined) throw resourceMissing("product", id, param);
  return product;
}

function update(
  standIn: StandIn,
  id: string,
  sent: z.output<typeof updateParameters>,
  cause: Cause,
): StoredProduct {
  const before = requireProduct(standIn, id);
  const { active, description, images, name, statement_descriptor, unit_label, url, default_price } = sent;
  const changes = given({
    active,
    description,
    images,
    name,
    statement_descriptor,
    unit_label,
    url,
    default_price,
  });
  const product = standIn.store.products.update(id, {
    ...changes,
    metadata: mergeMetadata(before.metadata, sent.metadata === undefined ? {} : sent.metadata),
    updated: standIn.clock.seconds(),
  });
  emit(standIn, "product.updated", product, cause, { updated: before.updated });
  return product;
}

function list(standIn: StandIn, sent: z.output<typeof searchParameters>, url: string) {
  const matching = standIn.store.products.all().filter((product) => {
    if (sent.active !== undefined && product.active !== sent.active) return false;
    return sent.ids === undefined || sent.ids.includes(product.id);
  });
  return listPage(matching, sent, url, "product");
}

export const productRoutes: Route[] = [
  route("GET", "/v1/products", searchParameters, (standIn, sent, call) => list(standIn, sent, call.path)),
  route("POST", "/v1/products", createParameters, (standIn, sent, call) =>
    createProduct(standIn, sent, call.cause),
  ),
  route("GET", "/v1/products/:id", nothing, (standIn, _sent, call) => requireProduct(standIn, firstId(call))),
  route("POST", "/v1/products/:id", updateParameters, (standIn, sent, call) =>
    update(standIn, firstId(call), sent, call.cause),
  ),
];
