import { dayWords } from "#app/domain/license/license-words.ts";

/** How often the owner of a license may release a device, as its policy says. */
export type ReleasePolicy = {
  /** Releases in any `windowDays`; null = as many as they like, 0 = none. */
  limit: number | null;
  windowDays: number;
  /** Least time between two releases. */
  cooldownHours: number;
};

/** `retryAt`: from when on it is allowed; null when it is allowed now, or never. */
export type ReleaseVerdict = { allowed: boolean; retryAt: Date | null };

const hourMs = 3_600_000;

/** Whether the owner may release one more device at `now`; `releases` are theirs so far, in any order. */
export function judgeRelease(
  request: ReleasePolicy & { releases: readonly Date[]; now: Date },
): ReleaseVerdict {
  const { limit, cooldownHours, now } = request;
  if (limit === 0) return { allowed: false, retryAt: null };
  const newestFirst = request.releases.map((at) => at.getTime()).sort((a, b) => b - a);
  const [last] = newestFirst;
  const rested = last === undefined ? 0 : last + cooldownHours * hourMs;
  // The window has room again once the release that filled it leaves it.
  const filling = limit === null ? undefined : newestFirst[limit - 1];
  const emptied = filling === undefined ? 0 : filling + request.windowDays * 24 * hourMs;
  const from = Math.max(rested, emptied);
  return from <= now.getTime()
    ? { allowed: true, retryAt: null }
    : { allowed: false, retryAt: new Date(from) };
}

/** How far back releases matter. */
export function releasesCountFrom({ windowDays, cooldownHours }: ReleasePolicy, now: Date): Date {
  return new Date(now.getTime() - Math.max(windowDays * 24, cooldownHours) * hourMs);
}

/** What the policy allows, for the owner of a license. */
export function releasePolicyWords({ limit, windowDays, cooldownHours }: ReleasePolicy): string {
  if (limit === 0) return "Only we can release a device of this license. Contact us when you need it.";
  const within = windowDays === 1 ? "a day" : `${windowDays} days`;
  const often =
    limit === null
      ? "You can release devices yourself as often as you like"
      : `You can release ${limit === 1 ? "one device" : `${limit} devices`} yourself within ${within}`;
  return cooldownHours === 0
    ? `${often}.`
    : `${often}, with at least ${cooldownHours === 1 ? "an hour" : `${cooldownHours} hours`} in between.`;
}

/** Why a release is refused, and when it is possible again. */
export function releaseRefusalWords({ retryAt }: ReleaseVerdict): string {
  if (!retryAt)
    return "You cannot release devices of this license yourself. Contact us, and we do it for you.";
  const minutes = Math.ceil(retryAt.getTime() / 60_000);
  const at = new Date(minutes * 60_000);
  const time = at.toISOString().slice(11, 16);
  return `You have released as many devices as you can for now. You can release another one from ${dayWords(at)}, ${time} UTC on; if that is too late, contact us.`;
}
