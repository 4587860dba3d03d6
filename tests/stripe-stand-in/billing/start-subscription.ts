import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { newId } from "#tests/stripe-stand-in/ids.ts";
import type {
  StoredInvoice,
  StoredPaymentIntent,
  StoredPrice,
  StoredSubscription,
} from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";
import { awaitSettlement } from "./attempt-invoice.ts";
import { type DiscountInput, makeDiscount } from "./discounts.ts";
import { announceDraft, draftInvoice } from "./draft-invoice.ts";
import { finalizeInvoice } from "./finalize-invoice.ts";
import { makeInvoiceItem } from "./invoice-items.ts";
import { intervalOf, newItem } from "./items.ts";
import { periodLine, pricingOf, productNameOf } from "./lines.ts";
import { markPaid } from "./mark-paid.ts";
import { newSubscription } from "./new-subscription.ts";
import { DAY_SECONDS, HOUR_SECONDS, periodEndAfter } from "./periods.ts";
import { warnOfTrialEnd } from "./roll.ts";
import { scheduleNext, TRIAL_WARNING_SECONDS } from "./schedule.ts";
import { billingSettings } from "./settings.ts";
import { activateWhenIncomplete } from "./standing.ts";
import { requireInvoice, requireSubscription, wireSubscription } from "./wire.ts";

/** A first payment has this long to come in. Source: "How subscriptions work". */
const FIRST_PAYMENT_HOURS = 23;

export type StartInput = {
  customer: string;
  items: ReadonlyArray<{
    price: StoredPrice;
    quantity: number | undefined;
    metadata?: Record<string, string>;
  }>;
  /** Paid once, with the first invoice. */
  oneTime?: ReadonlyArray<{ price: StoredPrice; quantity: number }>;
  trialDays?: number | null;
  /** In seconds; wins over the days. */
  trialEnd?: number | null;
  missingPaymentMethod?: "cancel" | "create_invoice" | "pause";
  collectionMethod?: "charge_automatically" | "send_invoice";
  daysUntilDue?: number;
  billingMode?: "flexible" | "classic" | null;
  discounts?: readonly DiscountInput[];
  defaultPaymentMethod?: string | null;
  description?: string | null;
  metadata?: Record<string, string>;
  /** Leave the first payment to the customer. */
  waitsForCustomer?: boolean;
  /** The Checkout Session it comes from, and what that was paid with. */
  session?: string;
  firstPayment?: { intent: StoredPaymentIntent; outcome: "paid" | "succeeds_later" | "fails_later" };
  cause: Cause;
};

/**
 * A subscription with its first invoice: `customer.subscription.created`, then whatever the invoice brings. One that has
 * to be paid starts as `incomplete` and is told of a second time when the money, or a delayed payment, is under way.
 */
export function startSubscription(standIn: StandIn, input: StartInput): StoredSubscription {
  const id = newId("sub");
  const now = standIn.clock.seconds();
  const trialEnd = input.trialEnd ?? (input.trialDays ? now + input.trialDays * DAY_SECONDS : null);
  const anchor = trialEnd ?? now;
  const items = input.items.map(({ price, quantity, metadata }) => {
    const end = trialEnd ?? periodEndAfter(now, intervalOf(price), now);
    return newItem(standIn, {
      subscription: id,
      price,
      quantity,
      period: { start: now, end },
      ...(metadata && { metadata }),
    });
  });
  const billingMode = input.billingMode ?? billingSettings(standIn).billingMode;
  const fresh = newSubscription(standIn, id, { ...input, trialEnd, anchor, billingMode }, items);
  const owner = { subscription: id, customer: input.customer, session: input.session ?? null };
  const discounts = (input.discounts ?? []).map((discount) => makeDiscount(standIn, discount, owner));
  const subscription = standIn.store.subscriptions.put({ ...fresh, discounts });
  standIn.store.subscriptionRecords.put({
    id,
    customer: input.customer,
    awaitedInvoice: null,
    pendingUpdate: null,
    hasBeenPaid: false,
  });
  const invoice = firstInvoice(standIn, subscription, input);
  const created = requireSubscription(standIn, id);
  emit(standIn, "customer.subscription.created", wireSubscription(standIn, created), input.cause);
  announceDraft(standIn, invoice, input.cause);
  scheduleNext(standIn, created);
  collectFirst(standIn, created, invoice, input);
  // Of a trial that is shorter than the warning, Stripe warns at its start.
  if (trialEnd !== null && trialEnd - TRIAL_WARNING_SECONDS <= now) warnOfTrialEnd(standIn, id);
  const started = requireSubscription(standIn, id);
  if (started.status === "incomplete") {
    const deadline = standIn.clock.now() + FIRST_PAYMENT_HOURS * HOUR_SECONDS * 1000;
    standIn.timers.schedule("expire_incomplete", id, deadline);
  }
  return started;
}

function firstInvoice(
  standIn: StandIn,
  subscription: StoredSubscription,
  { oneTime = [], customer, cause }: StartInput,
): StoredInvoice {
  for (const { price, quantity } of oneTime) {
    const amount = (price.unit_amount ?? 0) * quantity;
    const description = productNameOf(standIn, price);
    const pricing = pricingOf(price);
    const { currency } = price;
    const item = {
      customer,
      amount,
      currency,
      description,
      quantity,
      pricing,
      subscription: subscription.id,
    };
    makeInvoiceItem(standIn, item, cause);
  }
  const isTrial = subscription.trial_end !== null;
  const lines = subscription.items.data.map((item) =>
    periodLine(standIn, item, { start: item.current_period_start, end: item.current_period_end }, isTrial),
  );
  return draftInvoice(standIn, { customer, subscription, reason: "subscription_create", lines });
}

function collectFirst(
  standIn: StandIn,
  subscription: StoredSubscription,
  invoice: StoredInvoice,
  { firstPayment, session, waitsForCustomer, cause }: StartInput,
): void {
  const isFree = invoice.total <= 0;
  if (subscription.collection_method === "send_invoice" && !isFree) {
    standIn.store.invoices.update(invoice.id, {
      automatically_finalizes_at: invoice.created + HOUR_SECONDS,
    });
    standIn.timers.schedule("finalize_invoice", invoice.id, (invoice.created + HOUR_SECONDS) * 1000);
    return;
  }
  if (firstPayment === undefined || isFree) {
    finalizeInvoice(standIn, invoice.id, { collect: waitsForCustomer !== true, cause });
    return;
  }
  finalizeInvoice(standIn, invoice.id, { collect: false, intent: firstPayment.intent, cause });
  standIn.store.invoices.update(invoice.id, { attempt_count: 1, attempted: true });
  if (firstPayment.outcome === "paid") {
    markPaid(standIn, invoice.id, "charged", cause);
    return;
  }
  standIn.store.invoiceRecords.update(invoice.id, { session: session ?? null });
  const outcome = firstPayment.outcome === "succeeds_later" ? "succeeded" : "failed";
  awaitSettlement(standIn, requireInvoice(standIn, invoice.id).id, outcome);
  activateWhenIncomplete(standIn, subscription.id, cause);
}
