import { minorUnitDigits } from "#app/domain/money.ts";

type OfferedProduct = {
  name: string;
  description: string;
  plans: readonly {
    name: string;
    prices: readonly { amount: number; currency: string; interval: string | null }[];
  }[];
};

/**
 * What search engines read of a product (schema.org, for JSON-LD): only what can be bought here now. It is put
 * into the page by Remix's `script:ld+json`, which escapes `<`, `>` and `&`.
 */
export function productStructuredData(product: OfferedProduct, shopUrl: string) {
  const offers = product.plans.flatMap((plan) =>
    plan.prices
      .filter((price) => price.interval === null)
      .map((price) => ({
        "@type": "Offer",
        name: plan.name,
        price: decimalAmount(price.amount, price.currency),
        priceCurrency: price.currency.toUpperCase(),
        availability: "https://schema.org/InStock",
        url: shopUrl,
      })),
  );
  return {
    "@context": "https://schema.org",
    "@type": "Product",
    name: product.name,
    ...(product.description && { description: product.description }),
    offers,
  };
}

function decimalAmount(amount: number, currency: string): string {
  const digits = minorUnitDigits(currency);
  return (amount / 10 ** digits).toFixed(digits);
}
