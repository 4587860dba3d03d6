import type { z } from "zod";
import { attachMethod, behaviourOf, bringsMoney } from "#tests/stripe-stand-in/billing/cards.ts";
import { declined } from "#tests/stripe-stand-in/billing/change-items.ts";
import { endNow } from "#tests/stripe-stand-in/billing/end-now.ts";
import { hasEnded } from "#tests/stripe-stand-in/billing/ended.ts";
import { pauseSubscription, resumeSubscription } from "#tests/stripe-stand-in/billing/pause-subscription.ts";
import { nextPeriodEnd } from "#tests/stripe-stand-in/billing/schedule.ts";
import { startSubscription } from "#tests/stripe-stand-in/billing/start-subscription.ts";
import { updateSubscription } from "#tests/stripe-stand-in/billing/update-subscription.ts";
import { requireSubscription, wireSubscription } from "#tests/stripe-stand-in/billing/wire.ts";
import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest } from "#tests/stripe-stand-in/errors.ts";
import { idOf } from "#tests/stripe-stand-in/ids.ts";
import { isInRange, listPage } from "#tests/stripe-stand-in/list.ts";
import { mergeMetadata, nothing } from "#tests/stripe-stand-in/parameters.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredSubscription } from "#tests/stripe-stand-in/stored-types.ts";
import { requireLiveCustomer } from "./customers.ts";
import { requirePrice } from "./prices.ts";
import {
  cancelSubscriptionParameters,
  createSubscriptionParameters,
  listSubscriptionParameters,
  pauseSubscriptionParameters,
  resumeSubscriptionParameters,
  updateSubscriptionParameters,
} from "./subscription-parameters.ts";

type Created = z.output<typeof createSubscriptionParameters>;

function create(standIn: StandIn, sent: Created, cause: Cause): StoredSubscription {
  const customer = requireLiveCustomer(standIn, sent.customer, "customer");
  if (sent.collection_method === "send_invoice" && sent.days_until_due === undefined) {
    const message = "You must pass `days_until_due` when `collection_method` is `send_invoice`.";
    throw invalidRequest(message, "days_until_due", "parameter_missing");
  }
  const method =
    sent.default_payment_method === undefined
      ? null
      : attachMethod(standIn, sent.default_payment_method, customer.id, "default_payment_method", cause).id;
  const trialEnd = sent.trial_end === "now" ? null : (sent.trial_end ?? null);
  const hasTrial = trialEnd !== null || (sent.trial_period_days ?? 0) > 0;
  const charged = method ?? idOf(customer.invoice_settings.default_payment_method);
  if (sent.payment_behavior === "error_if_incomplete" && !hasTrial && !wouldPay(standIn, charged)) {
    throw declined();
  }
  const items = sent.items.map((item, index) => ({
    price: requirePrice(standIn, item.price, `items[${index}][price]`),
    quantity: item.quantity,
    metadata: mergeMetadata(null, item.metadata),
  }));
  const started = startSubscription(standIn, {
    customer: customer.id,
    items,
    trialEnd,
    trialDays: sent.trial_period_days ?? null,
    ...(sent.trial_settings && {
      missingPaymentMethod: sent.trial_settings.end_behavior.missing_payment_method,
    }),
    collectionMethod: sent.collection_method ?? "charge_automatically",
    ...(sent.days_until_due === undefined ? {} : { daysUntilDue: sent.days_until_due }),
    billingMode: sent.billing_mode?.type ?? null,
    discounts: sent.discounts ?? [],
    defaultPaymentMethod: method,
    description: sent.description ?? null,
    metadata: mergeMetadata(null, sent.metadata),
    waitsForCustomer: sent.payment_behavior === "default_incomplete",
    cause,
  });
  if (sent.cancel_at === undefined && sent.cancel_at_period_end !== true) return started;
  const { cancel_at, cancel_at_period_end } = sent;
  return updateSubscription(standIn, started.id, { cancel_at, cancel_at_period_end }, cause);
}

function wouldPay(standIn: StandIn, method: string | null): boolean {
  return method !== null && bringsMoney(behaviourOf(standIn, method));
}

/** Unless asked for, those that have ended are left out. */
function list(standIn: StandIn, sent: z.output<typeof listSubscriptionParameters>, url: string) {
  const { customer, price, status } = sent;
  const rows =
    customer === undefined
      ? standIn.store.subscriptions.all()
      : standIn.store.subscriptions.where("customer", customer);
  const matching = rows.filter((row) => {
    if (status === undefined && row.status === "canceled") return false;
    if (status === "ended" && !hasEnded(row)) return false;
    if (status !== undefined && status !== "all" && status !== "ended" && row.status !== status) return false;
    if (price !== undefined && !row.items.data.some((item) => item.price.id === price)) return false;
    if (sent.collection_method !== undefined && row.collection_method !== sent.collection_method)
      return false;
    if (sent.test_clock !== undefined && row.test_clock !== sent.test_clock) return false;
    const [first] = row.items.data;
    if (!isInRange(first?.current_period_start ?? 0, sent.current_period_start)) return false;
    return isInRange(nextPeriodEnd(row), sent.current_period_end);
  });
  const page = listPage(matching, sent, url, "subscription");
  return { ...page, data: page.data.map((row) => wireSubscription(standIn, row)) };
}

export const subscriptionRoutes: Route[] = [
  route("GET", "/v1/subscriptions", listSubscriptionParameters, (standIn, sent, call) =>
    list(standIn, sent, call.path),
  ),
  route("POST", "/v1/subscriptions", createSubscriptionParameters, (standIn, sent, call) =>
    wireSubscription(standIn, create(standIn, sent, call.cause)),
  ),
  route("GET", "/v1/subscriptions/:id", nothing, (standIn, _sent, call) =>
    wireSubscription(standIn, requireSubscription(standIn, firstId(call))),
  ),
  route("POST", "/v1/subscriptions/:id", updateSubscriptionParameters, (standIn, sent, call) =>
    wireSubscription(standIn, updateSubscription(standIn, firstId(call), sent, call.cause)),
  ),
  route("DELETE", "/v1/subscriptions/:id", cancelSubscriptionParameters, (standIn, sent, call) =>
    wireSubscription(
      standIn,
      endNow(standIn, firstId(call), {
        prorates: sent.prorate ?? false,
        invoicesNow: sent.invoice_now ?? false,
        details: {
          comment: sent.cancellation_details?.comment ?? null,
          feedback: sent.cancellation_details?.feedback ?? null,
        },
        cause: call.cause,
      }),
    ),
  ),
  route("POST", "/v1/subscriptions/:id/pause", pauseSubscriptionParameters, (standIn, _sent, call) =>
    wireSubscription(standIn, pauseSubscription(standIn, firstId(call), "pause_requested", call.cause)),
  ),
  route("POST", "/v1/subscriptions/:id/resume", resumeSubscriptionParameters, (standIn, sent, call) =>
    wireSubscription(
      standIn,
      resumeSubscription(standIn, firstId(call), {
        anchor: sent.billing_cycle_anchor ?? "now",
        behaviour: sent.payment_behavior ?? "resume_on_payment_attempt",
        cause: call.cause,
      }),
    ),
  ),
];
