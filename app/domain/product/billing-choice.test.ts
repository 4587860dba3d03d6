import { expect, test } from "vitest";
import { billingChoiceOf, withBillingChoice } from "#app/domain/product/billing-choice.ts";
import type { ShopPlan, ShopPrice, ShopProduct } from "#app/domain/product/catalog.queries.server.ts";

const price = (id: string, interval: ShopPrice["interval"]): ShopPrice => ({
  id,
  amount: 1200,
  currency: "usd",
  interval,
  intervalCount: interval && 1,
  trialDays: null,
  maxQuantity: 1,
});
const plan = (id: string, ...prices: ShopPrice[]): ShopPlan => ({
  id,
  slug: id,
  name: id,
  term: "subscription",
  termDays: null,
  deviceLimit: 1,
  updatesDays: null,
  seats: "keys",
  entitlements: {},
  prices,
});
const product = (...plans: ShopPlan[]): ShopProduct => ({
  id: "p",
  slug: "p",
  name: "P",
  description: "",
  plans,
});
const shown = ({ plans }: ShopProduct) => plans.map(({ prices }) => prices.map(({ id }) => id));

test("a plan that bills both ways shows the chosen way, the others show what they have", () => {
  const signalbox = product(
    plan("both", price("monthly", "month"), price("yearly", "year")),
    plan("only", price("only-monthly", "month")),
    plan("once", price("once", null)),
  );
  const monthly = withBillingChoice(signalbox, "month");
  const yearly = withBillingChoice(signalbox, "year");
  expect(shown(monthly)).toEqual([["monthly"], ["only-monthly"], ["once"]]);
  expect(shown(yearly)).toEqual([["yearly"], ["only-monthly"], ["once"]]);
  expect([monthly.choice, yearly.choice]).toEqual(["month", "year"]);
});

test("there is nothing to choose where no plan bills both ways", () => {
  const apart = product(plan("a", price("monthly", "month")), plan("b", price("yearly", "year")));
  const shownAlways = withBillingChoice(apart, "year");
  expect(shownAlways.choice).toBeNull();
  expect(shown(shownAlways)).toEqual([["monthly"], ["yearly"]]);
});

test("an address may ask for yearly billing; anything else means monthly", () => {
  expect([null, "", "year", "month", "week"].map(billingChoiceOf)).toEqual([
    "month",
    "month",
    "year",
    "month",
    "month",
  ]);
});
