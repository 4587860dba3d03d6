import { z } from "zod";
import { callApi } from "#tests/stripe-stand-in/call-api.ts";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { StripeApiError } from "#tests/stripe-stand-in/errors.ts";

const recurring = z.object({ interval: z.string(), interval_count: z.number() });
const price = z.object({
  id: z.string(),
  product: z.string(),
  nickname: z.string().nullable(),
  currency: z.string(),
  unit_amount: z.number().nullable(),
  recurring: recurring.nullable(),
});
const item = z.object({
  id: z.string(),
  quantity: z.number().optional(),
  current_period_end: z.number(),
  price,
});
const subscription = z.object({
  id: z.string(),
  customer: z.string(),
  status: z.string(),
  billing_mode: z.object({ type: z.string() }),
  cancel_at: z.number().nullable(),
  cancel_at_period_end: z.boolean(),
  items: z.object({ data: z.array(item) }),
});
const invoice = z.object({
  id: z.string(),
  number: z.string().nullable(),
  created: z.number(),
  currency: z.string(),
  status: z.string().nullable(),
  total: z.number(),
  amount_remaining: z.number(),
});

export type PortalPrice = z.output<typeof price>;
export type PortalSubscription = z.output<typeof subscription>;
export type PortalInvoice = z.output<typeof invoice>;

const listOf = <S extends z.ZodType>(element: S) => z.object({ data: z.array(element) });

/** What a customer sees in the billing portal, read as the shop would read it: from the API. */
export function subscriptionsOf(standIn: StandIn, customer: string): PortalSubscription[] {
  const answer = callApi(standIn, "GET", "/v1/subscriptions", { customer, status: "all", limit: 100 });
  return listOf(subscription).parse(answer).data;
}

export function invoicesOf(standIn: StandIn, customer: string): PortalInvoice[] {
  const answer = callApi(standIn, "GET", "/v1/invoices", { customer, limit: 24 });
  return listOf(invoice).parse(answer).data;
}

/** Throws StripeApiError when it is not there. */
export function requireSubscription(standIn: StandIn, id: string): PortalSubscription {
  return subscription.parse(callApi(standIn, "GET", `/v1/subscriptions/${id}`));
}

/** A subscription of this customer, or null when it is not there or another customer's. */
export function findOwnSubscription(
  standIn: StandIn,
  customer: string,
  id: string,
): PortalSubscription | null {
  try {
    const found = requireSubscription(standIn, id);
    return found.customer === customer ? found : null;
  } catch (error) {
    if (error instanceof StripeApiError) return null;
    throw error;
  }
}

/** The prices a subscriber can change to: the other ones of the same product that recur in the same currency. */
export function alternativesTo(standIn: StandIn, current: PortalPrice): PortalPrice[] {
  const prices = standIn.store.prices
    .all()
    .filter(
      ({ active, product, currency, recurring: every, id }) =>
        active &&
        product === current.product &&
        currency === current.currency &&
        every !== null &&
        id !== current.id,
    );
  return z.array(price).parse(prices);
}

export function hasEnded({ status }: { status: string }): boolean {
  return status === "canceled" || status === "incomplete_expired";
}

type Ending = {
  cancel_at: number | null;
  cancel_at_period_end: boolean;
  items: { data: ReadonlyArray<{ current_period_end: number }> };
};

function periodEnd({ items }: Pick<Ending, "items">): number {
  return Math.max(...items.data.map((item) => item.current_period_end));
}

/** When it ends by itself, in seconds; null while it renews. */
export function endsAt(subscription: Ending): number | null {
  if (subscription.cancel_at !== null) return subscription.cancel_at;
  return subscription.cancel_at_period_end ? periodEnd(subscription) : null;
}

/** The parameters that end a subscription with its period: a date in flexible billing mode, the flag in the classic one. */
export function scheduleEnd(subscription: PortalSubscription): object {
  if (subscription.billing_mode.type !== "flexible") return { cancel_at_period_end: true };
  return { cancel_at: periodEnd(subscription) };
}

/** The parameters that take a planned end back. */
export function keepSubscription(subscription: PortalSubscription): object {
  return subscription.cancel_at_period_end ? { cancel_at_period_end: false } : { cancel_at: "" };
}
