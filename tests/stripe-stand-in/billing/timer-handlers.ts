import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import type { TimerHandlers } from "#tests/stripe-stand-in/timers.ts";
import { attemptWhenOpen } from "./attempt-invoice.ts";
import { becomeOverdue, giveUpInvoice } from "./dunning.ts";
import { expireIncomplete } from "./end-subscription.ts";
import { hasEnded } from "./ended.ts";
import { finalizeWhenDraft } from "./finalize-invoice.ts";
import { settleWhenUnderWay } from "./invoice-actions.ts";
import { expirePendingUpdate } from "./pending-update.ts";
import { announceUpcoming, rollDue, warnOfTrialEnd } from "./roll.ts";
import { changeSubscription } from "./wire.ts";

type BillingTimers = Omit<TimerHandlers, "expire_session" | "settle_payment" | "attempt_delivery">;

/** What happens by itself to subscriptions and invoices. */
export function billingTimers(standIn: () => StandIn): BillingTimers {
  return {
    roll_subscription: (id) => rollDue(standIn(), id),
    warn_of_trial_end: (id) => warnOfTrialEnd(standIn(), id),
    announce_invoice: (id) => announceUpcoming(standIn(), id),
    expire_incomplete: (id) => void expireIncomplete(standIn(), id, null),
    expire_pending_update: (id) => expirePendingUpdate(standIn(), id),
    resume_collection: (id) => resumeCollection(standIn(), id),
    finalize_invoice: (id) => finalizeWhenDraft(standIn(), id),
    attempt_invoice: (id) => attemptWhenOpen(standIn(), id),
    settle_invoice: (id) => settleWhenUnderWay(standIn(), id),
    overdue_invoice: (id) => becomeOverdue(standIn(), id),
    give_up_invoice: (id) => giveUpInvoice(standIn(), id),
  };
}

function resumeCollection(standIn: StandIn, id: string): void {
  const subscription = standIn.store.subscriptions.get(id);
  if (subscription !== undefined && !hasEnded(subscription)) {
    changeSubscription(standIn, id, { pause_collection: null }, null);
  }
}
