import { expect, test } from "vitest";
import { addInterval, parseInterval } from "#app/api/cryptlex/subscription-interval.ts";

test.each([
  ["P1Y", { months: 12, days: 0 }],
  ["P1M", { months: 1, days: 0 }],
  ["P30D", { months: 0, days: 30 }],
  ["P2W", { months: 0, days: 14 }],
  ["P1Y2M3W4D", { months: 14, days: 25 }],
])("%s is read", (text, interval) => {
  expect(parseInterval(text)).toEqual(interval);
});

test.each(["", "P", "1Y", "P0D", "PT1H", "P1.5Y", "P-1D", "p1y", "P1D1Y", "P99999999D"])(
  "%j is no interval of whole days",
  (text) => {
    expect(parseInterval(text)).toBeNull();
  },
);

test.each([
  ["2027-01-31T10:00:00.000Z", "P1M", "2027-02-28T10:00:00.000Z"],
  ["2028-02-29T00:00:00.000Z", "P1Y", "2029-02-28T00:00:00.000Z"],
  ["2026-12-31T23:59:59.999Z", "P30D", "2027-01-30T23:59:59.999Z"],
  ["2027-08-31T00:00:00.000Z", "P1M1D", "2027-10-01T00:00:00.000Z"],
])("%s and %s make %s", (from, text, to) => {
  const interval = parseInterval(text) ?? { months: 0, days: 0 };
  expect(addInterval(new Date(from), interval).toISOString()).toBe(to);
});
