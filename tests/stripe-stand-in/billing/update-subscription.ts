import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest } from "#tests/stripe-stand-in/errors.ts";
import { given, mergeMetadata } from "#tests/stripe-stand-in/parameters.ts";
import type { StoredSubscription } from "#tests/stripe-stand-in/stored-types.ts";
import { attachMethod } from "./cards.ts";
import { changeItems, type PaymentBehaviour, type ProrationBehaviour } from "./change-items.ts";
import { changeTrial } from "./change-trial.ts";
import { type DiscountInput, makeDiscount } from "./discounts.ts";
import { hasEnded } from "./ended.ts";
import type { ItemChange } from "./plan-change.ts";
import { scheduleNext } from "./schedule.ts";
import { changeSubscription, requireSubscription } from "./wire.ts";

export type UpdateInput = {
  items?: readonly ItemChange[] | undefined;
  proration_behavior?: ProrationBehaviour | undefined;
  proration_date?: number | undefined;
  payment_behavior?: PaymentBehaviour | undefined;
  billing_cycle_anchor?: "now" | "unchanged" | undefined;
  /** A moment, `""` to go on, or the end of the first or last period that is running. */
  cancel_at?: number | "min_period_end" | "max_period_end" | null | undefined;
  cancel_at_period_end?: boolean | undefined;
  cancellation_details?:
    | { comment?: string | null | undefined; feedback?: string | null | undefined }
    | undefined;
  trial_end?: "now" | number | undefined;
  trial_settings?:
    | { end_behavior: { missing_payment_method: "cancel" | "create_invoice" | "pause" } }
    | undefined;
  pause_collection?:
    | { behavior: "keep_as_draft" | "mark_uncollectible" | "void"; resumes_at?: number | undefined }
    | null
    | undefined;
  collection_method?: "charge_automatically" | "send_invoice" | undefined;
  days_until_due?: number | undefined;
  default_payment_method?: string | undefined;
  description?: string | null | undefined;
  discounts?: readonly DiscountInput[] | null | undefined;
  metadata?: Record<string, string> | null | undefined;
};

/** Everything an update can ask for, in one `customer.subscription.updated` for what costs nothing and one for what is billed. */
export function updateSubscription(
  standIn: StandIn,
  id: string,
  sent: UpdateInput,
  cause: Cause,
): StoredSubscription {
  const before = requireSubscription(standIn, id);
  if (hasEnded(before)) return updateEnded(standIn, before, sent, cause);
  const changed = changeSubscription(
    standIn,
    id,
    { ...plainChanges(standIn, before, sent, cause), ...cancellation(standIn, before, sent) },
    cause,
  );
  scheduleNext(standIn, changed);
  if (sent.trial_end !== undefined) changeTrial(standIn, id, sent.trial_end, cause);
  const resetsAnchor = sent.billing_cycle_anchor === "now";
  if ((sent.items?.length ?? 0) > 0 || resetsAnchor) {
    changeItems(standIn, id, {
      changes: sent.items ?? [],
      proration: sent.proration_behavior ?? "create_prorations",
      payment: sent.payment_behavior ?? "allow_incomplete",
      resetsAnchor,
      now: sent.proration_date ?? standIn.clock.seconds(),
      cause,
    });
  }
  return requireSubscription(standIn, id);
}

/** A subscription that has ended takes notes and nothing else. */
function updateEnded(
  standIn: StandIn,
  before: StoredSubscription,
  sent: UpdateInput,
  cause: Cause,
): StoredSubscription {
  const { metadata, cancellation_details: _details, ...others } = sent;
  const [other] = Object.entries(others).filter(([, value]) => value !== undefined);
  if (other !== undefined) {
    const message = "A canceled subscription can only update its cancellation_details and metadata.";
    throw invalidRequest(message, other[0], "invalid_canceled_subscription_fields");
  }
  return changeSubscription(
    standIn,
    before.id,
    { metadata: mergeMetadata(before.metadata, metadata) },
    cause,
  );
}

function plainChanges(
  standIn: StandIn,
  before: StoredSubscription,
  sent: UpdateInput,
  cause: Cause,
): Partial<StoredSubscription> {
  const { customer, id } = before;
  const param = "default_payment_method";
  const method =
    sent.default_payment_method === undefined
      ? undefined
      : attachMethod(standIn, sent.default_payment_method, customer, param, cause).id;
  const owner = { subscription: id, customer, session: null };
  const pause = sent.pause_collection;
  return {
    ...given({
      default_payment_method: method,
      description: sent.description,
      collection_method: sent.collection_method,
      days_until_due: sent.days_until_due,
      discounts: sent.discounts?.map((discount) => makeDiscount(standIn, discount, owner)),
      pause_collection: pause && { behavior: pause.behavior, resumes_at: pause.resumes_at ?? null },
    }),
    ...(pause === null ? { pause_collection: null } : {}),
    ...(sent.discounts === null ? { discounts: [] } : {}),
    ...(sent.metadata === undefined ? {} : { metadata: mergeMetadata(before.metadata, sent.metadata) }),
    ...(sent.trial_settings === undefined
      ? {}
      : {
          trial_settings: {
            end_behavior: { billing_cycle_anchor: null, ...sent.trial_settings.end_behavior },
          },
        }),
  };
}

/**
 * Classic subscriptions set the flag and the date together; flexible ones set what was asked for and nothing else.
 * Source: stripe.md 0.4.
 */
function cancellation(
  standIn: StandIn,
  before: StoredSubscription,
  sent: UpdateInput,
): Partial<StoredSubscription> {
  const { cancel_at: at, cancel_at_period_end: atPeriodEnd } = sent;
  const details = sent.cancellation_details;
  const noted = { comment: null, feedback: null, feedback_option: null, reason: null };
  const kept = { ...noted, ...before.cancellation_details, ...(details === undefined ? {} : given(details)) };
  if (at === undefined && atPeriodEnd === undefined) {
    return details === undefined ? {} : { cancellation_details: kept };
  }
  const ends = before.items.data.map((item) => item.current_period_end);
  if (atPeriodEnd === true) {
    const isClassic = before.billing_mode.type === "classic";
    return {
      cancel_at_period_end: true,
      cancel_at: isClassic ? Math.max(...ends) : null,
      canceled_at: standIn.clock.seconds(),
      cancellation_details: { ...kept, reason: "cancellation_requested" },
    };
  }
  if (at === undefined || at === null) {
    if (at === undefined && !before.cancel_at_period_end) return {};
    const undone = { ...noted, ...(details === undefined ? {} : given(details)) };
    return {
      cancel_at: null,
      cancel_at_period_end: false,
      canceled_at: null,
      cancellation_details: undone,
    };
  }
  const moment =
    at === "min_period_end" ? Math.min(...ends) : at === "max_period_end" ? Math.max(...ends) : at;
  if (moment <= standIn.clock.seconds()) {
    throw invalidRequest("`cancel_at` must be a timestamp in the future.", "cancel_at");
  }
  const isAtEnd = before.billing_mode.type === "classic" && moment === Math.max(...ends);
  return {
    cancel_at: moment,
    cancel_at_period_end: isAtEnd,
    canceled_at: standIn.clock.seconds(),
    cancellation_details: { ...kept, reason: "cancellation_requested" },
  };
}
