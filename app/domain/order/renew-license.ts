/** One renewal of a dated license, as it counts towards its end. */
export type Renewal = { paidAt: Date; days: number; reversedAt: Date | null };

const dayMs = 86_400_000;

/**
 * The end of a dated license: that of its first purchase and, one after the other, what each renewal adds. A renewal
 * counts from the end that stands when it is paid, or from its payment when that end is over: nobody loses days by
 * renewing early, nobody pays for days that had passed. What was refunded or is disputed does not count.
 */
export function renewedUntil(soldUntil: Date, renewals: readonly Renewal[]): Date {
  return [...renewals]
    .filter(({ reversedAt }) => reversedAt === null)
    .sort((a, b) => a.paidAt.getTime() - b.paidAt.getTime())
    .reduce((end, { paidAt, days }) => {
      const from = end > paidAt ? end : paidAt;
      return new Date(from.getTime() + days * dayMs);
    }, soldUntil);
}
