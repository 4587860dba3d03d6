import { expect, test } from "vitest";
import {
  allEntitlementWords,
  deviceWords,
  entitlementWords,
  intervalWords,
  planName,
  purchaseWords,
  rateWords,
  spanWords,
  termWords,
  updateWords,
} from "#app/domain/product/plan-words.ts";

test.each([
  [1, "1 day"],
  [14, "14 days"],
  [30, "1 month"],
  [90, "3 months"],
  [360, "12 months"],
  [365, "1 year"],
  [366, "366 days"],
  [730, "2 years"],
])("%i days read %s", (days, words) => {
  expect(spanWords(days)).toBe(words);
});

test("a plan says how long it runs and how long it is updated", () => {
  expect(termWords({ term: "perpetual", termDays: null })).toBe("Yours for good: it never ends");
  expect(termWords({ term: "days", termDays: 365 })).toBe("Valid for 1 year, does not renew itself");
  expect(termWords({ term: "subscription", termDays: null })).toBe("Runs as long as you subscribe");
  expect(updateWords({ term: "perpetual", updatesDays: 365 })).toBe("1 year of updates included");
  expect(updateWords({ term: "perpetual", updatesDays: null })).toBe("All updates included");
  expect(updateWords({ term: "days", updatesDays: null })).toBe("All updates included while it runs");
});

test("a plan says on how many devices it runs", () => {
  expect(deviceWords({ deviceLimit: 1, seats: "keys" })).toBe("Use it on 1 device");
  expect(deviceWords({ deviceLimit: null, seats: "keys" })).toBe("Any number of devices");
  expect(deviceWords({ deviceLimit: 10, seats: "devices" })).toBe(
    "One key for 10 devices; each extra unit adds 10",
  );
});

test("entitlements are named when a person can read them", () => {
  expect(
    entitlementWords({
      batchExport: true,
      raw_development: true,
      "Single sign-on": true,
      hidden: false,
      Projects: 25,
      tier: "pro",
      limits: { a: 1 },
      none: null,
      empty: "",
    }),
  ).toEqual(["Batch export", "Raw development", "Single sign-on", "Projects: 25", "Tier: pro"]);
});

test("staff also read what is false, nested or missing", () => {
  expect(
    allEntitlementWords({ rawDevelopment: true, export: false, Projects: 25, limits: { a: 1 }, none: null }),
  ).toEqual(["Raw development", "Export: no", "Projects: 25", 'Limits: {"a":1}', "None: not set"]);
  expect(allEntitlementWords(null)).toEqual([]);
});

test("a plan is named after its product", () => {
  expect(planName("Tidepool", "One year")).toBe("Tidepool: One year");
});

test("a price says how often it is paid", () => {
  expect(intervalWords({ interval: null, intervalCount: null })).toBe("one-time");
  expect(intervalWords({ interval: "month", intervalCount: 1 })).toBe("per month");
  expect(intervalWords({ interval: "year", intervalCount: 2 })).toBe("every 2 years");
});

test("the rate names the unit that is paid again and again, and only where there can be several", () => {
  const monthly = { interval: "month", intervalCount: 1, maxQuantity: 50 };
  expect(rateWords({ ...monthly, seats: "keys" })).toBe("per seat per month");
  expect(rateWords({ ...monthly, seats: "devices" })).toBe("per unit per month");
  expect(rateWords({ ...monthly, seats: "keys", maxQuantity: 1 })).toBe("per month");
  expect(rateWords({ ...monthly, seats: "keys", intervalCount: 3 })).toBe("per seat every 3 months");
  expect(rateWords({ interval: null, intervalCount: null, maxQuantity: 9, seats: "keys" })).toBe("one-time");
});

test("the button says what pressing it starts", () => {
  expect(purchaseWords({ interval: null, trialDays: null })).toBe("Buy");
  expect(purchaseWords({ interval: "year", trialDays: null })).toBe("Subscribe");
  expect(purchaseWords({ interval: "month", trialDays: 14 })).toBe("Start 14-day trial");
});
