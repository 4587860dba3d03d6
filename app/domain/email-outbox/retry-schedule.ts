const minute = 60;
const hour = 60 * minute;

/** Seconds to wait after the first, second, … failed try: about 21 hours together, 24 with the longest jitter. */
const delaysSeconds = [30, 2 * minute, 10 * minute, 30 * minute, 2 * hour, 6 * hour, 12 * hour];

/** Share of the delay that is added at random, so that mails that failed together do not return together. */
const jitter = 0.15;

/** How often a mail is tried before it is given up. */
export const maxAttempts = delaysSeconds.length + 1;

/**
 * @param failedAttempts tries that failed so far, this one included
 * @param random from 0 to 1
 * @returns seconds until the next try; null = give up
 */
export function retryDelaySeconds(failedAttempts: number, random: number): number | null {
  const delay = delaysSeconds[failedAttempts - 1];
  return delay === undefined ? null : Math.round(delay * (1 + jitter * random));
}
