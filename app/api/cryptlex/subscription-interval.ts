/** A duration of ISO 8601 in whole years, months, weeks and days, such as P1Y or P30D. */
export type Interval = { months: number; days: number };

const form = /^P(?=\d)(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?$/;
const dayMs = 86_400_000;

/** The interval of a text; null for any other text and for no time at all. */
export function parseInterval(text: string): Interval | null {
  const found = form.exec(text);
  if (!found) return null;
  const [years = 0, months = 0, weeks = 0, days = 0] = found.slice(1).map((count) => Number(count ?? 0));
  const interval = { months: years * 12 + months, days: weeks * 7 + days };
  return interval.months + interval.days > 0 ? interval : null;
}

/** Months first, then days, in UTC; a day the month does not have becomes its last. */
export function addInterval(from: Date, { months, days }: Interval): Date {
  const first = new Date(from);
  first.setUTCDate(1);
  first.setUTCMonth(first.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  first.setUTCDate(Math.min(from.getUTCDate(), lastDay));
  return new Date(first.getTime() + days * dayMs);
}
