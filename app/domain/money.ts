// Stripe's minor units (docs.stripe.com/currencies), which differ from Intl's in places such as RSD and UGX.
const withoutDecimals = new Set("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(" "));
const withThreeDecimals = new Set("bhd jod kwd omr tnd".split(" "));

/** How many digits of an amount in minor units stand behind the point. */
export function minorUnitDigits(currency: string): number {
  const code = currency.toLowerCase();
  return withoutDecimals.has(code) ? 0 : withThreeDecimals.has(code) ? 3 : 2;
}

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
