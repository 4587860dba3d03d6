import { minorUnitDigits } from "#app/domain/money.ts";

type OfferedProduct = {
  name: string;
  description: string;
  plans: readonly {
    name: string;
    prices: readonly {
      amount: number;
      currency: string;
      interval: string | null;
      intervalCount?: number | null;
    }[];
  }[];
};

/**
 * What search engines read of a product (schema.org, for JSON-LD): only what can be bought here now. It is put
 * into the page by Remix's `script:ld+json`, which escapes `<`, `>` and `&`.
 */
export function productStructuredData(product: OfferedProduct, shopUrl: string) {
  const offers = product.plans.flatMap((plan) =>
    plan.prices.map((price) => ({
      "@type": "Offer",
      name: plan.name,
      ...priceData(price),
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

/** What is paid again and again says for how long each payment is good, as ISO 8601 has it: P1M, P1Y. */
function priceData(price: OfferedProduct["plans"][number]["prices"][number]) {
  const amount = {
    price: decimalAmount(price.amount, price.currency),
    priceCurrency: price.currency.toUpperCase(),
  };
  if (price.interval === null) return amount;
  const billingDuration = `P${price.intervalCount ?? 1}${price.interval === "year" ? "Y" : "M"}`;
  return { ...amount, priceSpecification: { "@type": "UnitPriceSpecification", ...amount, billingDuration } };
}

function decimalAmount(amount: number, currency: string): string {
  const digits = minorUnitDigits(currency);
  return (amount / 10 ** digits).toFixed(digits);
}
