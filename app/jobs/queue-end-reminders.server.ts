import {
  lastLookAtComingEnds,
  queueComingEnds,
  queueExpiredNotices,
} from "#app/domain/email-outbox/queue-end-reminders.server.ts";

const hourMs = 3_600_000;

/** Queues every mail owed about ends that come near or are over. Safe to repeat. @returns how many. */
export async function queueEndReminders(now: Date): Promise<number> {
  return (await queueComingEnds(now)) + (await queueExpiredNotices(now));
}

/**
 * The same for the worker, which asks every minute: ends that come near are counted in days, so once an hour is enough
 * for them, in whichever process.
 */
export async function queueDueEndReminders(now: Date): Promise<number> {
  const last = await lastLookAtComingEnds();
  // Either way, since the clock of a stand-in may be set back.
  const isDue = !last || Math.abs(now.getTime() - last.getTime()) >= hourMs;
  return (isDue ? await queueComingEnds(now) : 0) + (await queueExpiredNotices(now));
}
