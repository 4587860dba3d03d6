const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The slug that was chosen because it is the id by which programs know the product from before; null = there is none. */
export function formerProductId(license: {
  product: { slug: string };
  policy: { slug: string };
}): string | null {
  return [license.policy.slug, license.product.slug].find((slug) => uuid.test(slug)) ?? null;
}
