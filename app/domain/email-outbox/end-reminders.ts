import type { Ending } from "#app/domain/email-outbox/email-content.ts";
import { validUntil } from "#app/domain/license/assess-license.ts";
import {
  failingInvoice,
  isEnded,
  type SubscriptionFacts,
  scheduledEnd,
} from "#app/domain/subscription/subscription.ts";

/** Days before the end at which its owner is told, the earliest first. */
export const reminderStages = [30, 7, 1, 0] as const;
export type ReminderStage = (typeof reminderStages)[number];

/** An end that is near, and how long the span before it was, in days. */
export type ComingEnd = { ending: Ending; end: Date; spanDays: number };

/** What of a license its end depends on. */
export type EndingLicense = {
  term: string;
  issuedAt: Date;
  itemKey: string | null;
  paidUntil: Date | null;
  extendedUntil: Date | null;
  updatesUntil: Date | null;
};

const dayMs = 86_400_000;

/** That a license has ended is news for so long. */
export const expiryLookBackDays = 7;

/**
 * Which end a reminder would be about; null when there is none to speak of: nothing ends, or what ends is told in
 * another way (a renewal that fails, a trial, a pause).
 */
export function comingEnd(license: EndingLicense, subscription: SubscriptionFacts | null): ComingEnd | null {
  const end = validUntil(license);
  const spanTo = (until: Date) => (until.getTime() - license.issuedAt.getTime()) / dayMs;
  if (!end) {
    const { updatesUntil } = license;
    return updatesUntil && { ending: "updates", end: updatesUntil, spanDays: spanTo(updatesUntil) };
  }
  if (license.term !== "subscription") return { ending: "dated", end, spanDays: spanTo(end) };
  if (!subscription) return null;
  const canceled = scheduledEnd(subscription);
  if (isEnded(subscription) || (canceled && canceled <= end))
    return { ending: "canceled", end, spanDays: spanTo(end) };
  const isExtended = license.paidUntil?.getTime() !== end.getTime();
  const renews =
    subscription.status === "active" && !subscription.pauseCollection && !failingInvoice(subscription);
  if (!renews || isExtended) return null;
  const item = subscription.items.find(({ id }) => id === license.itemKey) ?? subscription.items[0];
  if (!item) return null;
  const spanDays = (item.periodEnd.getTime() - item.periodStart.getTime()) / dayMs;
  return { ending: "renews", end, spanDays };
}

/**
 * The stage that is due at `now`: the nearest, so that a silence is made up for with one mail. Days are days of UTC and
 * counted to the last one on which the license works. A stage in the first half of a span is left out: nobody wants to
 * hear on the day of the purchase that 30 days will be over in 30 days. Null = nothing is due, or the end is over.
 */
export function dueStage({ ending, end, spanDays }: ComingEnd, now: Date): ReminderStage | null {
  if (end <= now) return null;
  const daysLeft = dayOf(new Date(end.getTime() - 1)) - dayOf(now);
  const due = stagesOf(ending, spanDays).filter(
    (stage) => daysLeft <= stage && (stage === 0 || spanDays > 2 * stage),
  );
  return due.at(-1) ?? null;
}

/** Somebody who is charged every month need not hear of it; who canceled knows that it ends. */
const longPeriodDays = 60;

function stagesOf(ending: Ending, spanDays: number): readonly ReminderStage[] {
  if (ending === "renews") return spanDays > longPeriodDays ? [30, 7] : [];
  return ending === "canceled" ? [7, 1, 0] : reminderStages;
}

/** Whole days of UTC since 1970. */
export function dayOf(at: Date): number {
  return Math.floor(at.getTime() / dayMs);
}

/** Ends from `from` to before `to` are those that reached a stage since the last look. */
export type EndWindow = { from: Date; to: Date };

/** Further back than the earliest stage nothing can be missed. */
const longestSilenceDays = 31;

/**
 * Where to look for ends that reached a stage since `lastLook` (null = never looked): one span of days for each stage,
 * so that a look at every license whose end is within 30 days is needed only after a long silence. The stages of
 * today are always among them.
 */
export function windowsSince(lastLook: Date | null, now: Date): EndWindow[] {
  const today = dayOf(now);
  // A clock that was set back has not looked yet.
  const looked = lastLook && lastLook <= now ? dayOf(lastLook) : Number.NEGATIVE_INFINITY;
  const missedDays = Math.min(longestSilenceDays, Math.max(0, today - 1 - looked));
  return reminderStages.map((stage, index) => {
    const nearer = reminderStages[index + 1];
    const first = Math.max(today + stage - missedDays, nearer === undefined ? today : today + nearer + 1);
    // The end of a last day lies on it or at the first instant of the next.
    return { from: new Date(first * dayMs + 1), to: new Date((today + stage + 1) * dayMs + 1) };
  });
}
