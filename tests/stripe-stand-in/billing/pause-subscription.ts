import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest } from "#tests/stripe-stand-in/errors.ts";
import type {
  StoredInvoice,
  StoredSubscription,
  StoredSubscriptionItem,
} from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";
import { announceDraft, draftInvoice } from "./draft-invoice.ts";
import { finalizeInvoice } from "./finalize-invoice.ts";
import { intervalOf } from "./items.ts";
import { periodLine } from "./lines.ts";
import { periodEndAfter } from "./periods.ts";
import { rollDue } from "./roll.ts";
import { scheduleNext } from "./schedule.ts";
import {
  announceChange,
  changeSubscription,
  requireInvoice,
  requireSubscription,
  wireSubscription,
} from "./wire.ts";

export type PauseReason =
  | "pause_requested"
  | "trial_end_without_payment_method"
  | "first_payment_failure"
  | "final_payment_failure";

/** Nothing is provided and nothing billed: `paused`, with `customer.subscription.updated` and `.paused`. */
export function pauseSubscription(
  standIn: StandIn,
  id: string,
  type: PauseReason,
  cause: Cause,
  awaitedInvoice: string | null = null,
): StoredSubscription {
  const { status } = requireSubscription(standIn, id);
  const pausable = ["active", "trialing", "past_due", "unpaid", "incomplete"];
  if (!pausable.includes(status)) {
    throw invalidRequest(`This subscription cannot be paused: its status is \`${status}\`.`);
  }
  standIn.store.subscriptionRecords.update(id, { awaitedInvoice });
  standIn.timers.cancel("expire_incomplete", id);
  const paused = changeSubscription(
    standIn,
    id,
    {
      status: "paused",
      status_details: {
        paused: {
          subscription: { type },
          transitioned_at: standIn.clock.seconds(),
          type: "subscription",
        },
      },
    },
    cause,
  );
  scheduleNext(standIn, paused);
  emit(standIn, "customer.subscription.paused", wireSubscription(standIn, paused), cause);
  return paused;
}

/** `active` again, or `past_due` when its newest invoice is not paid: `customer.subscription.updated` and `.resumed`. */
function resumeAs(
  standIn: StandIn,
  before: StoredSubscription,
  changes: Partial<StoredSubscription>,
  cause: Cause,
): StoredSubscription {
  const { status_details: _paused, ...rest } = before;
  standIn.store.subscriptionRecords.update(before.id, { awaitedInvoice: null });
  const going: StoredSubscription = { ...rest, status: "active", ...changes };
  const after = { ...going, items: { ...going.items, data: skipMissed(standIn, going) } };
  const resumed = announceChange(standIn, before, after, cause);
  emit(standIn, "customer.subscription.resumed", wireSubscription(standIn, resumed), cause);
  scheduleNext(standIn, resumed);
  rollDue(standIn, resumed.id);
  return resumed;
}

/** Periods that passed during the pause are not billed: the next roll begins the one that runs now. */
function skipMissed(
  standIn: StandIn,
  { items, billing_cycle_anchor: anchor }: StoredSubscription,
): StoredSubscriptionItem[] {
  const now = standIn.clock.seconds();
  return items.data.map((item) => {
    let end = item.current_period_end;
    for (let next = end; next <= now; next = periodEndAfter(anchor, intervalOf(item.price), next)) end = next;
    return end === item.current_period_end ? item : { ...item, current_period_end: end };
  });
}

export type ResumeInput = {
  anchor: "now" | "unchanged";
  behaviour: "resume_on_payment_attempt" | "resume_on_payment_success";
  cause: Cause;
};

/**
 * Goes on with a new period, billed at once, or with the old one. With `resume_on_payment_success` it stays paused until
 * the invoice of the new period is paid.
 */
export function resumeSubscription(standIn: StandIn, id: string, input: ResumeInput): StoredSubscription {
  const before = requireSubscription(standIn, id);
  if (before.status !== "paused") {
    throw invalidRequest(`This subscription cannot be resumed: its status is \`${before.status}\`.`);
  }
  const now = standIn.clock.seconds();
  const isTrial = before.trial_end !== null && before.trial_end > now;
  if (isTrial) return resumeAs(standIn, before, { status: "trialing" }, input.cause);
  if (input.anchor === "unchanged") return resumeAs(standIn, before, {}, input.cause);
  const items = before.items.data.map((item) => startedNow(item, now));
  const lines = items.map((item) =>
    periodLine(standIn, item, { start: item.current_period_start, end: item.current_period_end }),
  );
  const invoice = draftInvoice(standIn, {
    customer: before.customer,
    subscription: before,
    reason: "subscription_update",
    lines,
  });
  announceDraft(standIn, invoice, input.cause);
  standIn.store.subscriptionRecords.update(id, { awaitedInvoice: invoice.id });
  if (input.behaviour === "resume_on_payment_attempt") {
    const current = requireSubscription(standIn, id);
    const changes = { items: { ...before.items, data: items }, billing_cycle_anchor: now };
    resumeAs(standIn, current, changes, input.cause);
  }
  finalizeInvoice(standIn, invoice.id, { collect: true, cause: input.cause });
  return requireSubscription(standIn, id);
}

function startedNow(item: StoredSubscriptionItem, now: number): StoredSubscriptionItem {
  const every = { interval: item.plan.interval, interval_count: item.plan.interval_count };
  return { ...item, current_period_start: now, current_period_end: periodEndAfter(now, every, now) };
}

/** The invoice a paused subscription waited for is paid: it goes on with the period that invoice is for. */
export function resumeAfterPayment(standIn: StandIn, id: string, invoice: StoredInvoice, cause: Cause): void {
  const before = requireSubscription(standIn, id);
  if (before.status !== "paused") return;
  const { lines } = requireInvoice(standIn, invoice.id);
  const data = before.items.data.map((item) => {
    const line = lines.data.find(
      ({ parent }) => parent?.subscription_item_details?.subscription_item === item.id,
    );
    if (line === undefined || line.period.end <= item.current_period_end) return item;
    return { ...item, current_period_start: line.period.start, current_period_end: line.period.end };
  });
  const anchor = data[0]?.current_period_start ?? before.billing_cycle_anchor;
  const isMoved = data.some((item, index) => item !== before.items.data[index]);
  const changes = { items: { ...before.items, data }, ...(isMoved ? { billing_cycle_anchor: anchor } : {}) };
  resumeAs(standIn, before, changes, cause);
}
