import type { ShopPlan, ShopProduct } from "#app/domain/product/catalog.queries.server.ts";

/** How often somebody would rather be billed. */
export const billingChoices = ["month", "year"] as const;
export type BillingChoice = (typeof billingChoices)[number];

/** What an address asks for; monthly unless it says otherwise. */
export function billingChoiceOf(asked: string | null): BillingChoice {
  return asked === "year" ? "year" : "month";
}

/**
 * A product as the shop shows it to somebody who chose: of a plan that bills both ways only the chosen one, of any other
 * all it has. `choice` is null where there is nothing to choose.
 */
export function withBillingChoice(
  product: ShopProduct,
  chosen: BillingChoice,
): ShopProduct & { choice: BillingChoice | null } {
  const plans = product.plans.map((plan) => {
    if (!billsBothWays(plan)) return plan;
    return {
      ...plan,
      prices: plan.prices.filter(({ interval }) => interval === null || interval === chosen),
    };
  });
  return { ...product, plans, choice: product.plans.some(billsBothWays) ? chosen : null };
}

function billsBothWays({ prices }: ShopPlan): boolean {
  return billingChoices.every((choice) => prices.some(({ interval }) => interval === choice));
}
