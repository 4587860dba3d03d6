import { formatMoney } from "#app/domain/money.ts";

export function Money({ amountMinor, currency }: { amountMinor: number; currency: string }) {
  return <span className="whitespace-nowrap tabular-nums">{formatMoney(amountMinor, currency)}</span>;
}
