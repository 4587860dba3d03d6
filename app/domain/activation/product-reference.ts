import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import { uuidOf } from "#app/domain/ids.ts";

/** Whether `reference`, a slug or an id in any of its forms, names the product of this license, or its policy. */
export function isProduct(
  { product, policy }: Pick<FoundLicense, "product" | "policy">,
  reference: string,
): boolean {
  return (
    [product.slug, product.id, policy.slug, policy.id].includes(reference) || isUuid(product.id, reference)
  );
}

function isUuid(id: string, reference: string): boolean {
  return reference.length === 36 && uuidOf(id) === reference.toLowerCase();
}
