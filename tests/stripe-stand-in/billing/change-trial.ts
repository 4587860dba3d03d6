import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest } from "#tests/stripe-stand-in/errors.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";
import { announceDraft, draftInvoice } from "./draft-invoice.ts";
import { finalizeInvoice } from "./finalize-invoice.ts";
import { intervalOf } from "./items.ts";
import { periodLine } from "./lines.ts";
import { periodEndAfter } from "./periods.ts";
import { scheduleNext } from "./schedule.ts";
import { changeSubscription, requireSubscription, wireSubscription } from "./wire.ts";

/** Ends a trial now or moves its end. Cut short, `trial_will_end` is sent at once, after the money was taken. */
export function changeTrial(standIn: StandIn, id: string, trialEnd: "now" | number, cause: Cause): void {
  if (trialEnd === "now") endTrialNow(standIn, id, cause);
  else moveTrialEnd(standIn, id, trialEnd, cause);
}

function endTrialNow(standIn: StandIn, id: string, cause: Cause): void {
  const before = requireSubscription(standIn, id);
  if (before.status !== "trialing") return;
  const now = standIn.clock.seconds();
  const data = before.items.data.map((item) => ({
    ...item,
    current_period_start: now,
    current_period_end: periodEndAfter(now, intervalOf(item.price), now),
  }));
  const active = changeSubscription(
    standIn,
    id,
    {
      status: "active",
      trial_end: now,
      billing_cycle_anchor: now,
      items: { ...before.items, data },
    },
    cause,
  );
  scheduleNext(standIn, active);
  billPeriods(standIn, id, false, cause);
  warn(standIn, id, cause);
}

function moveTrialEnd(standIn: StandIn, id: string, trialEnd: number, cause: Cause): void {
  const before = requireSubscription(standIn, id);
  const now = standIn.clock.seconds();
  if (trialEnd <= now) throw invalidRequest("The trial_end must be in the future.", "trial_end");
  if (trialEnd === before.trial_end) return;
  if (!["trialing", "active", "past_due"].includes(before.status)) {
    throw invalidRequest(`A subscription that is \`${before.status}\` can have no trial.`, "trial_end");
  }
  const wasTrial = before.status === "trialing";
  const data = before.items.data.map((item) => ({
    ...item,
    current_period_start: wasTrial ? item.current_period_start : now,
    current_period_end: trialEnd,
  }));
  const changed = changeSubscription(
    standIn,
    id,
    {
      status: "trialing",
      trial_start: wasTrial ? before.trial_start : now,
      trial_end: trialEnd,
      billing_cycle_anchor: trialEnd,
      items: { ...before.items, data },
    },
    cause,
  );
  scheduleNext(standIn, changed);
  if (!wasTrial) billPeriods(standIn, id, true, cause);
}

function billPeriods(standIn: StandIn, id: string, isTrial: boolean, cause: Cause): void {
  const subscription = requireSubscription(standIn, id);
  const lines = subscription.items.data.map((item) =>
    periodLine(standIn, item, { start: item.current_period_start, end: item.current_period_end }, isTrial),
  );
  const { customer } = subscription;
  const invoice = draftInvoice(standIn, { customer, subscription, reason: "subscription_update", lines });
  announceDraft(standIn, invoice, cause);
  finalizeInvoice(standIn, invoice.id, { collect: true, cause });
}

function warn(standIn: StandIn, id: string, cause: Cause): void {
  const subscription = requireSubscription(standIn, id);
  emit(standIn, "customer.subscription.trial_will_end", wireSubscription(standIn, subscription), cause);
}
