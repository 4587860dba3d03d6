import { licenseServerMutations } from "#tests/mutations/license-server-mutations.ts";

/** One known mistake, as a change of today's sources that brings it back. */
export type Mutation = {
  name: string;
  /** What goes wrong, in the words of whoever shipped it. */
  mistake: string;
  file: string;
  /** Occurs exactly once in the file; a test keeps it so. */
  find: string;
  replace: string;
  /** Files of which at least one test must fail. */
  tests: readonly string[];
  /** Only tests whose name has this. */
  only?: string;
};

const sync = "app/domain/stripe-sync";
const subscription = "app/domain/subscription";
const projection = [`${subscription}/project-subscription.test.ts`, `${subscription}/paid-period.test.ts`];
const plan = [`${subscription}/plan-licenses.test.ts`, "app/domain/license/settle-license.test.ts"];
const payments = ["app/domain/payment/payment-holds.test.ts"];

/** Every mistake of the catalog of what other Stripe integrations and license servers shipped. */
export const mutations: readonly Mutation[] = [
  {
    name: "two-syncs-at-once",
    mistake: "created and updated race: a source is synced twice at the same time",
    file: `${sync}/claim-source.server.ts`,
    find: 'const isFree = "(lease_until IS NULL OR lease_until < now())";',
    replace: 'const isFree = "TRUE";',
    tests: ["tests/scenarios/sync-races.test.ts", "tests/scenarios/two-workers.test.ts"],
  },
  {
    name: "older-answer-wins",
    mistake: "an older state overwrites a newer one: a hint that came during the fetch counts as seen",
    file: `${sync}/settle-source.server.ts`,
    find: "syncedSeq: claim.claimedSeq,",
    replace: "syncedSeq: 2_000_000_000,",
    tests: ["tests/scenarios/sync-races.test.ts"],
  },
  {
    name: "second-as-version",
    mistake: "the second an event was created in serves as a version: the next one of that second is dropped",
    file: "app/domain/webhook-inbox/receive-event.server.ts",
    find: "ON CONFLICT (id) DO UPDATE SET dirty_seq = known.dirty_seq + 1, dirty_cause = excluded.dirty_cause, retry_at = NULL`;",
    replace:
      "ON CONFLICT (id) DO UPDATE SET dirty_seq = known.dirty_seq + 1, dirty_cause = excluded.dirty_cause, retry_at = NULL WHERE known.synced_at IS NULL OR date_trunc('second', known.synced_at) < date_trunc('second', excluded.created_at)`;",
    tests: ["tests/scenarios/one-time-sales.test.ts"],
  },
  {
    name: "period-of-the-subscription",
    mistake: "the period is read where API versions before basil had it: Invalid time value",
    file: `${sync}/subscription-answers.server.ts`,
    find: "  current_period_end: seconds,\n",
    replace:
      "  current_period_end: seconds.catch(new Date(Number.NaN)).transform(() => new Date(Number.NaN)),\n",
    tests: [`${sync}/sync-subscription.server.test.ts`, `${sync}/fetch-subscription.server.test.ts`],
  },
  {
    name: "rollover-extends",
    mistake: "active means paid: the period that Stripe bills next is given away when it begins",
    file: `${subscription}/project-subscription.ts`,
    find: "paidUntil: courtesyEnd(subscription, item, settings) ?? period.end,",
    replace: "paidUntil: item.periodEnd,",
    tests: projection,
  },
  {
    name: "subscription-of-an-invoice",
    mistake: "invoice.subscription is gone: renewals are answered 200 and do nothing",
    file: "app/domain/webhook-inbox/parse-event.server.ts",
    find: "return parent?.subscription_details?.subscription ?? subscription ?? fromLines?.[0] ?? null;",
    replace: "return subscription ?? null;",
    tests: ["app/domain/webhook-inbox/parse-event.server.test.ts"],
  },
  {
    name: "old-endpoint-version",
    mistake: "an endpoint pinned to an older API version names the subscription elsewhere",
    file: "app/domain/webhook-inbox/parse-event.server.ts",
    find: "return parent?.subscription_details?.subscription ?? subscription ?? fromLines?.[0] ?? null;",
    replace: "return parent?.subscription_details?.subscription ?? null;",
    tests: ["app/domain/webhook-inbox/parse-event.server.test.ts"],
  },
  {
    name: "flexible-cancellation",
    mistake: "a cancellation of a flexible subscription is not seen: only the flag is read",
    file: `${subscription}/subscription.ts`,
    find: "if (subscription.cancelAt) return subscription.cancelAt;\n",
    replace: "",
    tests: [`${subscription}/subscription.test.ts`, ...projection],
  },
  {
    name: "done-although-it-failed",
    mistake: "an event counts as processed although handling it failed",
    file: `${sync}/record-failure.server.ts`,
    find: "data: { failedAt: now, lastError: message, attempts: { increment: 1 } },",
    replace: "data: { processedAt: now, lastError: message, attempts: { increment: 1 } },",
    tests: ["tests/scenarios/stripe-outage.test.ts", "tests/scenarios/sync-races.test.ts"],
  },
  {
    name: "second-license-for-one-purchase",
    mistake: "each event makes licenses: nobody looks at which are there",
    file: "app/domain/order/issue-sold-licenses.server.ts",
    find: "(license) => !taken.has(`${license.itemKey}|${license.ordinal}`),",
    replace: "() => taken.size >= 0,",
    tests: ["tests/scenarios/one-time-sales.test.ts"],
  },
  {
    name: "second-purchase-swallowed",
    mistake: "a second purchase of the same buyer is taken for the first",
    file: "app/domain/order/fulfill-order.server.ts",
    find: "const known = await tx.order.findUnique({ where: { stripeSessionId: session.id } });",
    replace:
      "const known = (await tx.order.findFirst({ where: { email: session.email, paidAt: { not: null } } })) ?? (await tx.order.findUnique({ where: { stripeSessionId: session.id } }));",
    tests: ["tests/scenarios/one-time-sales.test.ts"],
    only: "S13",
  },
  {
    name: "payment-links-not-fulfilled",
    mistake: "only checkouts we opened are fulfilled",
    file: "app/domain/order/fulfill-order.server.ts",
    find: 'if (session.mode === "setup") return "This session only saved a payment method.";',
    replace: 'if (!session.metadata.order) return "This checkout was not started here.";',
    tests: ["tests/scenarios/one-time-sales.test.ts"],
    only: "S18",
  },
  {
    name: "unpaid-is-paid",
    mistake: "a completed checkout counts as paid while a delayed payment is on its way",
    file: "app/domain/order/project-sale.ts",
    find: 'if (session.paymentStatus === "paid" || session.paymentStatus === "no_payment_required") return "paid";',
    replace: 'if (session.status === "complete") return "paid";',
    tests: ["app/domain/order/project-sale.test.ts"],
  },
  {
    name: "free-is-unpaid",
    mistake: "only `paid` counts: orders that cost nothing are never fulfilled",
    file: "app/domain/order/project-sale.ts",
    find: 'if (session.paymentStatus === "paid" || session.paymentStatus === "no_payment_required") return "paid";',
    replace: 'if (session.paymentStatus === "paid") return "paid";',
    tests: ["app/domain/order/project-sale.test.ts"],
  },
  {
    name: "partial-refund-suspends",
    mistake: "a partial refund takes the license away",
    file: "app/domain/payment/payment-holds.ts",
    find: "return paid > 0 && refunded >= paid;",
    replace: "return refunded > 0;",
    tests: payments,
  },
  {
    name: "failed-refund-counts",
    mistake: "a refund that failed keeps the license suspended",
    file: "app/domain/payment/payment-holds.ts",
    find: '["succeeded", "pending", "requires_action"].includes(refund.status)',
    replace: 'refund.status !== ""',
    tests: payments,
  },
  {
    name: "old-payment-suspends",
    mistake: "a dispute or refund of an old renewal suspends a period that is paid",
    file: `${subscription}/project-subscription.ts`,
    find: "return subscription.invoices.find((invoice) => invoice.id === period.invoiceId)?.payments ?? [];",
    replace: "return subscription.invoices.flatMap((invoice) => (period ? invoice.payments : []));",
    tests: projection,
  },
  {
    name: "first-dispute-only",
    mistake: "only one dispute of a payment is looked at: winning it lifts the other",
    file: "app/domain/payment/payment-holds.ts",
    find: "for (const dispute of payments.flatMap((payment) => payment.disputes)) {",
    replace: "for (const dispute of payments.flatMap((payment) => payment.disputes.slice(0, 1))) {",
    tests: payments,
  },
  {
    name: "inquiry-suspends",
    mistake: "an inquiry is treated like a chargeback",
    file: "app/domain/payment/payment-holds.ts",
    find: 'return status.startsWith("warning_") ? "inquiry" : "open";',
    replace: 'return "open";',
    tests: payments,
  },
  {
    name: "reinstating-clears-all",
    mistake: "lifting one hold lifts another: a dispute, or what staff decided",
    file: "app/domain/license/settle-license.ts",
    find: "      isHeldByStripe(cause) &&\n      (!revoked",
    replace: "      (!revoked",
    tests: plan,
  },
  {
    name: "stripe-revives-revoked",
    mistake: "a renewal brings back what was revoked",
    file: "app/domain/license/settle-license.ts",
    find: "const revoked = license.revokedAt !== null;",
    replace: "const revoked = license.revokedAt !== null && license.id === desired.itemKey;",
    tests: plan,
  },
  {
    name: "failed-mail-after-recovery",
    mistake: "the mail about a failed payment goes out after it was paid",
    file: "app/domain/email-outbox/subscription-content.server.ts",
    find: 'invoice.status === "paid" && "The invoice is paid.",\n    invoice.status !== "open" && "The invoice is no longer collected.",',
    replace: 'invoice.status === "draft" && "The invoice is a draft.",',
    tests: ["app/domain/email-outbox/email-truth.server.test.ts"],
  },
  {
    name: "double-dunning",
    mistake: "Stripe writes about failed payments, and so do we",
    file: `${subscription}/subscription-notices.ts`,
    find: 'if (settings.dunningEmails === "latchkey")',
    replace: "if (settings.dunningEmails !== undefined)",
    tests: [`${subscription}/subscription-notices.test.ts`],
  },
  {
    name: "first-failure-mailed",
    mistake: "a buyer who is still in the checkout gets a mail about the failed payment",
    file: `${subscription}/subscription.ts`,
    find: '        invoice.billingReason !== "subscription_create" &&\n',
    replace: "",
    tests: [`${subscription}/subscription.test.ts`, `${subscription}/subscription-notices.test.ts`],
  },
  {
    name: "free-invoice-is-a-term",
    mistake: "the trial's invoice of nothing counts as a paid term when the trial is cut short",
    file: `${subscription}/paid-period.ts`,
    find: "if (!trialStart || !trialEnd || line.amount !== 0) return false;",
    replace: "if (!trialStart || !trialEnd || line.amount !== -1) return false;",
    tests: projection,
  },
  {
    name: "unpaid-for-ever",
    mistake: "a subscription that is unpaid holds its licenses although the running period was paid",
    file: `${subscription}/plan-licenses.ts`,
    find: "return (grace ?? item.paidUntil) <= now ? [projection.unpaidHold] : [];",
    replace: "return grace === undefined ? [] : [projection.unpaidHold];",
    tests: plan,
  },
  {
    name: "proration-extends",
    mistake: "a paid proration extends the period",
    file: `${subscription}/paid-period.ts`,
    find: "filter(({ line }) => !line.proration && !isTrialLine(subscription, line));",
    replace: "filter(({ line }) => !isTrialLine(subscription, line));",
    tests: projection,
  },
  {
    name: "longest-period-wins",
    mistake: "the period that ends last counts: a switch from yearly to monthly never shortens",
    file: `${subscription}/paid-period.ts`,
    find: "if (!best || period.start > best.start) return period;",
    replace: "if (!best || period.end > best.end) return period;",
    tests: projection,
  },
  {
    name: "double-click",
    mistake: "a double click makes two checkouts: each request has a key of its own",
    file: "app/domain/checkout/open-checkout.server.ts",
    find: "idempotencyKey: `order:${order.id}:${order.checkoutAttempt}`,",
    replace: "idempotencyKey: `order:${order.id}:${Math.random()}`,",
    tests: ["app/domain/checkout/start-renewal.server.test.ts"],
  },
  {
    name: "idempotency-key-for-ever",
    mistake: "the same key for another request: Stripe repeats its old error",
    file: "app/domain/checkout/open-checkout.server.ts",
    find: "idempotencyKey: `order:${order.id}:${order.checkoutAttempt}`,",
    replace: "idempotencyKey: `order:${order.id}`,",
    tests: ["tests/scenarios/checkout-problems.test.ts"],
  },
  {
    name: "test-events-on-live",
    mistake: "events of the other mode are acted on",
    file: "app/domain/webhook-inbox/receive-event.server.ts",
    find: "if (event.livemode !== isLivemode())\n    return event.livemode",
    replace: 'if (event.type === "")\n    return event.livemode',
    tests: ["tests/scenarios/other-mode.test.ts", "tests/scenarios/webhook-answers.test.ts"],
  },
  ...licenseServerMutations,
];
