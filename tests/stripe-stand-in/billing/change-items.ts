import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { StripeApiError } from "#tests/stripe-stand-in/errors.ts";
import type {
  StoredInvoiceLine,
  StoredSubscription,
  StoredSubscriptionItem,
} from "#tests/stripe-stand-in/stored-types.ts";
import { behaviourOf, bringsMoney, methodFor } from "./cards.ts";
import { announceDraft, draftInvoice } from "./draft-invoice.ts";
import { finalizeInvoice } from "./finalize-invoice.ts";
import { makeInvoiceItem } from "./invoice-items.ts";
import { HOUR_SECONDS } from "./periods.ts";
import { type ChangePlan, type ItemChange, planChange } from "./plan-change.ts";
import { scheduleNext } from "./schedule.ts";
import { changeSubscription, requireInvoice, requireSubscription } from "./wire.ts";

export type ProrationBehaviour = "create_prorations" | "always_invoice" | "none";
export type PaymentBehaviour =
  | "allow_incomplete"
  | "default_incomplete"
  | "error_if_incomplete"
  | "pending_if_incomplete";

export type ItemsInput = {
  changes: readonly ItemChange[];
  proration: ProrationBehaviour;
  payment: PaymentBehaviour;
  /** A new billing cycle starts now, whatever the items say. */
  resetsAnchor: boolean;
  now: number;
  cause: Cause;
};

/** A change waits this long for its payment. Source: "Pending updates". */
const PENDING_HOURS = 23;

/** Changes what is subscribed to, and bills for it as `proration` says. Throws when the money is wanted first and does not come. */
export function changeItems(standIn: StandIn, id: string, input: ItemsInput): StoredSubscription {
  const before = requireSubscription(standIn, id);
  const plan = planChange(standIn, before, input.changes, {
    prorates: input.proration !== "none",
    resetsAnchor: input.resetsAnchor,
    now: input.now,
  });
  const billsNow = plan.anchor !== null || input.proration === "always_invoice";
  const due = sumOf(plan.prorations) + sumOf(plan.fullLines);
  const isRefused = billsNow && due > 0 && !wouldPay(standIn, before);
  if (isRefused && input.payment === "error_if_incomplete") throw declined();
  if (isRefused && input.payment === "pending_if_incomplete") return holdBack(standIn, before, plan, input);
  standIn.store.subscriptionRecords.update(id, { pendingUpdate: null });
  const changed = changeSubscription(
    standIn,
    id,
    {
      items: { ...before.items, data: plan.items },
      pending_update: null,
      ...(plan.anchor === null ? {} : { billing_cycle_anchor: plan.anchor }),
    },
    input.cause,
  );
  scheduleNext(standIn, changed);
  for (const item of plan.prorations) makeInvoiceItem(standIn, item, input.cause);
  if (billsNow && (plan.prorations.length > 0 || plan.fullLines.length > 0)) {
    bill(standIn, changed, plan.fullLines, input);
  }
  return requireSubscription(standIn, id);
}

const sumOf = (amounts: ReadonlyArray<{ amount: number }>) =>
  amounts.reduce((sum, { amount }) => sum + amount, 0);

/** Whether an attempt would bring money, or at least a payment under way. */
function wouldPay(standIn: StandIn, subscription: StoredSubscription): boolean {
  if (subscription.collection_method === "send_invoice") return true;
  const method = methodFor(standIn, subscription, subscription.customer);
  return method !== null && bringsMoney(behaviourOf(standIn, method));
}

export function declined(): StripeApiError {
  return new StripeApiError(402, {
    type: "card_error",
    code: "card_declined",
    decline_code: "generic_decline",
    message: "Your card was declined.",
  });
}

/** An invoice of its own, finalized and charged now; drafted for an hour when it is sent. */
function bill(
  standIn: StandIn,
  subscription: StoredSubscription,
  lines: readonly StoredInvoiceLine[],
  { cause, payment }: ItemsInput,
): void {
  const { customer } = subscription;
  const input = { customer, subscription, reason: "subscription_update", lines } as const;
  const invoice = draftInvoice(standIn, input);
  announceDraft(standIn, invoice, cause);
  if (subscription.collection_method === "send_invoice" && invoice.total > 0) {
    standIn.timers.schedule("finalize_invoice", invoice.id, (invoice.created + HOUR_SECONDS) * 1000);
    return;
  }
  finalizeInvoice(standIn, invoice.id, { collect: payment !== "default_incomplete", cause });
}

/** The change is shown as `pending_update` and counts once its invoice is paid. */
function holdBack(
  standIn: StandIn,
  before: StoredSubscription,
  plan: ChangePlan,
  input: ItemsInput,
): StoredSubscription {
  const expiresAt = standIn.clock.seconds() + PENDING_HOURS * HOUR_SECONDS;
  for (const item of plan.prorations) makeInvoiceItem(standIn, item, input.cause);
  const { customer } = before;
  const draft = {
    customer,
    subscription: before,
    reason: "subscription_update",
    lines: plan.fullLines,
  } as const;
  const invoice = draftInvoice(standIn, draft);
  standIn.store.subscriptionRecords.update(before.id, {
    pendingUpdate: { invoice: invoice.id, items: plan.items, anchor: plan.anchor },
  });
  announceDraft(standIn, invoice, input.cause);
  changeSubscription(standIn, before.id, { pending_update: shownAs(plan.items, expiresAt) }, input.cause);
  standIn.timers.schedule("expire_pending_update", before.id, expiresAt * 1000);
  finalizeInvoice(standIn, requireInvoice(standIn, invoice.id).id, { collect: true, cause: input.cause });
  return requireSubscription(standIn, before.id);
}

function shownAs(
  items: StoredSubscriptionItem[],
  expiresAt: number,
): NonNullable<StoredSubscription["pending_update"]> {
  return {
    billing_cycle_anchor: null,
    cancel_at_period_end: null,
    discount: null,
    discounts: null,
    expires_at: expiresAt,
    metadata: null,
    subscription_items: items,
    trial_end: null,
    trial_from_plan: null,
  };
}
