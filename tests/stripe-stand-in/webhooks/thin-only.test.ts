import { expect, test } from "vitest";
import { thinOnlyTypes } from "./thin-only.ts";

function subscription(changes: object = {}) {
  return {
    id: "sub_1",
    object: "subscription",
    status: "active",
    cancel_at: null,
    items: { data: [{ id: "si_1", price: { id: "price_1" }, quantity: 3 }] },
    ...changes,
  };
}

test("a new status has a thin event, an unchanged one has none", () => {
  const updated = "customer.subscription.updated";
  expect(thinOnlyTypes(updated, subscription({ status: "past_due" }), { status: "active" })).toEqual([
    "customer.subscription.past_due",
  ]);
  expect(thinOnlyTypes(updated, subscription(), { metadata: {} })).toEqual([]);
  expect(thinOnlyTypes(updated, subscription({ status: "paused" }), { status: "active" })).toEqual([]);
  expect(thinOnlyTypes("customer.subscription.created", subscription(), undefined)).toEqual([
    "customer.subscription.active",
  ]);
});

test("quantity, price, added and removed items and the date of the end each have their own", () => {
  const items = {
    data: [
      { id: "si_1", price: { id: "price_2" }, quantity: 5 },
      { id: "si_2", price: { id: "price_1" }, quantity: 1 },
    ],
  };
  const before = {
    data: [
      { id: "si_1", price: { id: "price_1" }, quantity: 3 },
      { id: "si_0", price: { id: "price_1" }, quantity: 1 },
    ],
  };
  const after = subscription({ items, cancel_at: 1_800_000_000 });
  expect(thinOnlyTypes("customer.subscription.updated", after, { items: before, cancel_at: null })).toEqual([
    "customer.subscription.item_price_changed",
    "customer.subscription.item_quantity_changed",
    "customer.subscription.item_added",
    "customer.subscription.item_removed",
    "customer.subscription.cancel_at_changed",
  ]);
});

test("other objects and other events have none", () => {
  expect(thinOnlyTypes("invoice.paid", { id: "in_1", object: "invoice" }, undefined)).toEqual([]);
  expect(thinOnlyTypes("customer.subscription.trial_will_end", subscription(), { status: "x" })).toEqual([]);
});
