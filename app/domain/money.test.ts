import { expect, test } from "vitest";
import { formatMoney } from "#app/domain/money.ts";

test.each([
  [9900, "usd", "$99.00"],
  [5, "eur", "€0.05"],
  [-1250, "gbp", "-£12.50"],
  [1200, "jpy", "¥1,200"],
  [1250, "kwd", "KWD 1.250"],
  [123456789, "usd", "$1,234,567.89"],
  [0, "chf", "CHF 0.00"],
  [50000, "rsd", "RSD 500.00"],
])("%i %s is written %s", (amount, currency, expected) => {
  expect(formatMoney(amount, currency).replaceAll("\u00a0", " ")).toBe(expected);
});
