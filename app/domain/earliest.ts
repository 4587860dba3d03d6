/** The first of the dates that there are; null when there is none. */
export function earliest(first: Date, ...others: readonly (Date | null)[]): Date;
export function earliest(...dates: readonly (Date | null)[]): Date | null;
export function earliest(...dates: readonly (Date | null)[]): Date | null {
  return dates.reduce((best, date) => (date && (!best || date < best) ? date : best), null);
}
