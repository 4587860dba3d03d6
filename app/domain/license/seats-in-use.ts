/** Which activations take a seat at `now`: neither released nor, where seats are floating, past their lease. */
export function seatsInUse(now: Date) {
  return { releasedAt: null, OR: [{ leaseUntil: null }, { leaseUntil: { gt: now } }] };
}
