import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";
import { close } from "./close-invoice.ts";
import { scheduleNext } from "./schedule.ts";
import { changeSubscription, wireSubscription } from "./wire.ts";

/** The invoice a change waited for is paid: the change counts, `customer.subscription.pending_update_applied`. */
export function applyPendingUpdate(standIn: StandIn, id: string, cause: Cause): void {
  const pending = standIn.store.subscriptionRecords.get(id)?.pendingUpdate;
  const subscription = standIn.store.subscriptions.get(id);
  if (pending == null || subscription === undefined) return;
  standIn.timers.cancel("expire_pending_update", id);
  standIn.store.subscriptionRecords.update(id, { pendingUpdate: null });
  const changes = {
    pending_update: null,
    items: { ...subscription.items, data: pending.items },
    ...(pending.anchor === null ? {} : { billing_cycle_anchor: pending.anchor }),
  };
  const applied = changeSubscription(standIn, id, changes, cause);
  emit(standIn, "customer.subscription.pending_update_applied", wireSubscription(standIn, applied), cause);
  scheduleNext(standIn, applied);
}

/** Nobody paid in time: the old plan stays, the invoice is void, `customer.subscription.pending_update_expired`. */
export function expirePendingUpdate(standIn: StandIn, id: string): void {
  const pending = standIn.store.subscriptionRecords.get(id)?.pendingUpdate;
  if (pending == null) return;
  standIn.store.subscriptionRecords.update(id, { pendingUpdate: null });
  const expired = changeSubscription(standIn, id, { pending_update: null }, null);
  emit(standIn, "customer.subscription.pending_update_expired", wireSubscription(standIn, expired), null);
  const invoice = standIn.store.invoices.get(pending.invoice);
  if (invoice?.status === "open" || invoice?.status === "draft") close(standIn, invoice, "void", null);
}
