import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import type { StoredSubscription, TimerKind } from "#tests/stripe-stand-in/stored-types.ts";
import { hasEnded } from "./ended.ts";
import { DAY_SECONDS } from "./periods.ts";
import { billingSettings } from "./settings.ts";

export const TRIAL_WARNING_SECONDS = 3 * DAY_SECONDS;
const KINDS: readonly TimerKind[] = [
  "roll_subscription",
  "warn_of_trial_end",
  "announce_invoice",
  "expire_incomplete",
  "expire_pending_update",
  "resume_collection",
];

export function unschedule(standIn: StandIn, id: string): void {
  for (const kind of KINDS) standIn.timers.cancel(kind, id);
}

/** The first end of a period among the items; the ends differ when a flexible subscription mixes intervals. */
export function nextPeriodEnd({ items }: StoredSubscription): number {
  return Math.min(...items.data.map((item) => item.current_period_end));
}

/** When the subscription ends by itself, in seconds; null while it goes on. */
export function endsAt(subscription: StoredSubscription): number | null {
  if (subscription.cancel_at !== null) return subscription.cancel_at;
  if (!subscription.cancel_at_period_end) return null;
  return Math.max(...subscription.items.data.map((item) => item.current_period_end));
}

/** Plans what happens to a subscription by itself next. Call it after every change of its periods, trial, pauses or end; safe to repeat. */
export function scheduleNext(standIn: StandIn, subscription: StoredSubscription): void {
  const { id, status } = subscription;
  if (hasEnded(subscription)) {
    unschedule(standIn, id);
    return;
  }
  const ending = endsAt(subscription);
  const at = (kind: TimerKind, seconds: number | null) => {
    if (seconds === null) standIn.timers.cancel(kind, id);
    else standIn.timers.schedule(kind, id, seconds * 1000);
  };
  const isRunning = status !== "paused" && status !== "incomplete";
  const rollsAt = Math.min(nextPeriodEnd(subscription), ending ?? Number.POSITIVE_INFINITY);
  at("roll_subscription", isRunning ? rollsAt : ending);
  const now = standIn.clock.seconds();
  const warnAt = (subscription.trial_end ?? 0) - TRIAL_WARNING_SECONDS;
  at("warn_of_trial_end", status === "trialing" && warnAt > now ? warnAt : null);
  const announceAt = nextPeriodEnd(subscription) - billingSettings(standIn).upcomingDays * DAY_SECONDS;
  const renews = isRunning && (ending === null || ending > nextPeriodEnd(subscription));
  at("announce_invoice", renews && announceAt > now ? announceAt : null);
  at("resume_collection", subscription.pause_collection?.resumes_at ?? null);
}
