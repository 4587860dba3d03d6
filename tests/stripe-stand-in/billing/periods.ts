export type Interval = { interval: string; interval_count: number };

export const HOUR_SECONDS = 3_600;
export const DAY_SECONDS = 24 * HOUR_SECONDS;
const FIXED_SECONDS: Readonly<Record<string, number>> = { day: DAY_SECONDS, week: 7 * DAY_SECONDS };
const MONTHS: Readonly<Record<string, number>> = { month: 1, year: 12 };

/** The anchor moved by whole intervals. A month without the anchor's day ends on its last one, and the next has it again. */
export function plusIntervals(anchorSeconds: number, { interval, interval_count }: Interval, count: number) {
  const fixed = FIXED_SECONDS[interval];
  if (fixed !== undefined) return anchorSeconds + fixed * interval_count * count;
  return plusMonths(anchorSeconds, (MONTHS[interval] ?? 1) * interval_count * count);
}

export function plusMonths(seconds: number, months: number): number {
  const from = new Date(seconds * 1000);
  const to = new Date(from);
  to.setUTCDate(1);
  to.setUTCMonth(from.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(to.getUTCFullYear(), to.getUTCMonth() + 1, 0)).getUTCDate();
  to.setUTCDate(Math.min(from.getUTCDate(), lastDay));
  return Math.floor(to.getTime() / 1000);
}

/** The end of the period that `from` lies in or begins: the first whole interval after the anchor that is later. */
export function periodEndAfter(anchorSeconds: number, every: Interval, from: number): number {
  const first = plusIntervals(anchorSeconds, every, 1);
  let count = Math.max(0, Math.floor((from - anchorSeconds) / (first - anchorSeconds)) - 1);
  while (plusIntervals(anchorSeconds, every, count) <= from) count += 1;
  return plusIntervals(anchorSeconds, every, count);
}
