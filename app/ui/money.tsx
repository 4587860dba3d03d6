import { minorUnitDigits } from "#app/domain/money.ts";

/** "$99.00", "¥1,200", "KWD 1.250": an amount in minor units of an ISO currency, the same text everywhere. */
export function formatMoney(amountMinor: number, currency: string): string {
  const digits = minorUnitDigits(currency);
  return new Intl.NumberFormat("en-US", {
    style: "currency",
    currency: currency.toUpperCase(),
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(amountMinor / 10 ** digits);
}

export function Money({ amountMinor, currency }: { amountMinor: number; currency: string }) {
  return <span className="whitespace-nowrap tabular-nums">{formatMoney(amountMinor, currency)}</span>;
}
