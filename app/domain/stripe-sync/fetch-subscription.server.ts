import { z } from "zod";
import type { ChargedPayment } from "#app/domain/payment/payment.ts";
import { defaultSettings } from "#app/domain/setting/settings.ts";
import { fetchReversals } from "#app/domain/stripe-sync/fetch-reversals.server.ts";
import { listOf, missingIsNull, restOfList } from "#app/domain/stripe-sync/stripe-answers.server.ts";
import {
  type FetchedInvoice,
  InvoiceAnswer,
  ItemAnswer,
  invoiceOf,
  itemOf,
  LineAnswer,
  PaymentAnswer,
  SubscriptionAnswer,
  subscriptionOf,
} from "#app/domain/stripe-sync/subscription-answers.server.ts";
import { isPeriodSettled, paidPeriodOf } from "#app/domain/subscription/paid-period.ts";
import type { SubscriptionFacts } from "#app/domain/subscription/subscription.ts";
import { stripe } from "#app/infra/stripe.server.ts";

/** Enough for the last paid period of nearly every subscription. */
const firstInvoices = 12;
/** How far back an item's last paid period is looked for: some hundred invoices. */
const mostPages = 10;

/**
 * Reads a subscription, its items and its invoices from Stripe, at least as far back as the last paid period of every
 * item; with refunds and disputes of the payments that cover those periods, and with everything that was ever said
 * against the `flaggedPayments` (pi_… ids). Two rounds of calls as a rule, each side by side.
 * @returns null when Stripe does not know the subscription under our key.
 * @throws Stripe errors that may pass, and ZodError when an answer is not what Stripe documents.
 */
export async function fetchSubscription(
  subscriptionId: string,
  { flaggedPayments }: { flaggedPayments: readonly string[] },
): Promise<SubscriptionFacts | null> {
  const [answer, page] = await Promise.all([
    stripe()
      .subscriptions.retrieve(subscriptionId, { expand: ["customer", "items.data.price.product"] })
      .catch(missingIsNull),
    listInvoices(subscriptionId, firstInvoices).catch(missingIsNull),
  ]);
  if (!answer || !page) return null;
  const parsed = SubscriptionAnswer.parse(answer);
  const [items, invoices] = await Promise.all([
    restOfList(parsed.items, ItemAnswer, (from) =>
      stripe().subscriptionItems.list({
        subscription: subscriptionId,
        limit: 100,
        expand: ["data.price.product"],
        ...from,
      }),
    ),
    Promise.all(page.data.map(completeInvoice)),
  ]);
  const facts = subscriptionOf(parsed, items.map(itemOf), invoices);
  const enough = await readBack(facts, invoices, page.has_more, flaggedPayments);
  return { ...facts, invoices: await fillIn({ ...facts, invoices: enough }, enough, flaggedPayments) };
}

async function listInvoices(subscription: string, limit: number, from: { starting_after?: string } = {}) {
  const answer = await stripe().invoices.list({ subscription, limit, expand: ["data.payments"], ...from });
  return listOf(InvoiceAnswer).parse(answer);
}

/** An invoice shows the first lines and payments only; most have no more. */
async function completeInvoice(invoice: z.infer<typeof InvoiceAnswer>): Promise<FetchedInvoice> {
  const noPayments = { data: [], has_more: false };
  const [lines, payments] = await Promise.all([
    restOfList(invoice.lines, LineAnswer, (from) =>
      stripe().invoices.listLineItems(invoice.id, { limit: 100, ...from }),
    ),
    restOfList(invoice.payments ?? noPayments, PaymentAnswer, (from) =>
      stripe().invoicePayments.list({ invoice: invoice.id, limit: 100, ...from }),
    ),
  ]);
  return invoiceOf(invoice, lines, payments);
}

/** Goes on reading invoices until every item's paid period and every flagged payment is among them. */
async function readBack(
  facts: SubscriptionFacts,
  first: FetchedInvoice[],
  hasMore: boolean,
  flagged: readonly string[],
): Promise<FetchedInvoice[]> {
  const invoices = [...first];
  let more = hasMore;
  for (let pages = 1; more && pages < mostPages; pages++) {
    const known = new Set(invoices.flatMap(({ payments }) => payments.map(({ id }) => id)));
    const soFar = { ...facts, invoices };
    const last = invoices.at(-1);
    if (!last) break;
    const isComplete =
      facts.items.every((item) => isPeriodSettled(soFar, item, defaultSettings, last.created)) &&
      flagged.every((id) => known.has(id));
    if (isComplete) break;
    const page = await listInvoices(facts.id, 100, { starting_after: last.id });
    invoices.push(...(await Promise.all(page.data.map(completeInvoice))));
    more = page.has_more;
  }
  return invoices;
}

/** What the invoices themselves do not say: money taken back, and customers who are asked to confirm. */
async function fillIn(
  facts: SubscriptionFacts,
  invoices: readonly FetchedInvoice[],
  flagged: readonly string[],
) {
  const covering = new Set(
    facts.items.flatMap((item) => paidPeriodOf(facts, item, defaultSettings)?.invoiceId ?? []),
  );
  const withReversals = async (payment: ChargedPayment, isCovering: boolean): Promise<ChargedPayment> => {
    const isFlagged = flagged.includes(payment.id);
    // Money that came by another way than Stripe's is not given back by it either.
    if ((!isCovering && !isFlagged) || !/^(pi|ch|py)_/.test(payment.id)) return payment;
    return { ...payment, ...(await fetchReversals(payment.id, { withWarnings: isFlagged })) };
  };
  return Promise.all(
    invoices.map(async ({ defaultPaymentIntentId, ...invoice }) => {
      const isFailing =
        invoice.status === "open" && (invoice.attemptCount > 0 || facts.status === "past_due");
      const [payments, requiresAction] = await Promise.all([
        Promise.all(invoice.payments.map((payment) => withReversals(payment, covering.has(invoice.id)))),
        isFailing && defaultPaymentIntentId ? waitsForCustomer(defaultPaymentIntentId) : false,
      ]);
      return { ...invoice, payments, requiresAction };
    }),
  );
}

const Intent = z.object({ object: z.literal("payment_intent"), status: z.string() });

async function waitsForCustomer(paymentIntentId: string): Promise<boolean> {
  const answer = await stripe().paymentIntents.retrieve(paymentIntentId).catch(missingIsNull);
  return answer !== null && Intent.parse(answer).status === "requires_action";
}
