import type { EmailKind, EmailProps } from "#app/domain/email-outbox/email.ts";
import { queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import type { Email } from "#app/infra/prisma-client/client.ts";
import { aCustomer, aLicense, anOrder, aPolicy, aProduct } from "#tests/factories.ts";
import { anInvoice, aSubscription, aSubscriptionItem, storeSubscription } from "#tests/subscription-facts.ts";

/** The instant at which everything below is true. */
export const now = new Date("2026-12-02T12:00:00Z");
export const at = (days: number) => new Date(now.getTime() + days * 86_400_000);

let counter = 0;

/** A subscription with three seats, its order and its licenses; `paidUntil` and the like replace single columns. */
export async function aSubscriber(
  columns: { paidUntil?: Date; graceUntil?: Date | null; count?: number; seats?: number } = {},
) {
  const id = `sub_${++counter}`;
  const product = await aProduct({ name: "Lumen" });
  const policy = await aPolicy({ productId: product.id, name: "Studio", term: "subscription" });
  const customer = await aCustomer({ email: `buyer-${id}@example.com` });
  const order = await anOrder({ customerId: customer.id, stripeSubscriptionId: id });
  const licenses = [];
  for (let ordinal = 0; ordinal < (columns.count ?? 3); ordinal++)
    licenses.push(
      await aLicense({
        policyId: policy.id,
        customerId: customer.id,
        orderId: order.id,
        sourceId: id,
        itemKey: "si_1",
        ordinal,
        issuedAt: at(-31),
        paidUntil: columns.paidUntil ?? at(29),
        graceUntil: columns.graceUntil ?? null,
        seats: columns.seats ?? 1,
      }),
    );
  const store = (facts: Parameters<typeof aSubscription>[0] = {}) =>
    storeSubscription(
      aSubscription({
        items: [aSubscriptionItem({ periodStart: at(-1), periodEnd: at(29) })],
        ...facts,
        id,
      }),
    );
  await store();
  return { id, customer, order, policy, licenses, licenseIds: licenses.map((license) => license.id), store };
}

/** One-time: a dated license of an order of its own. */
export async function aDatedLicense(paidUntil: Date) {
  const product = await aProduct({ name: "Atlas" });
  const policy = await aPolicy({ productId: product.id, name: "One year", term: "days", termDays: 365 });
  const order = await anOrder();
  return aLicense({
    policyId: policy.id,
    customerId: order.customerId ?? "",
    orderId: order.id,
    issuedAt: at(-360),
    paidUntil,
  });
}

export async function aHold(
  licenseIds: readonly string[],
  cause: string,
  reason = "Because.",
): Promise<void> {
  await db().licenseHold.createMany({
    data: licenseIds.map((licenseId) => ({ id: `hold_${++counter}`, licenseId, cause, reason })),
  });
}

/** Queues a mail and gives back its row. */
export async function anEmail<K extends EmailKind>(
  kind: K,
  props: EmailProps[K],
  customer: { id: string; email: string } | null = null,
): Promise<Email> {
  const causeKey = `cause ${++counter}`;
  await inTransaction((tx) =>
    queueEmail<K>(tx, {
      now,
      kind,
      causeKey,
      recipient: customer?.email ?? `buyer-${counter}@example.com`,
      customerId: customer?.id ?? null,
      props,
      ...(kind === "sign-in-code" && { secret: "7KQ2M9XB" }),
    }),
  );
  return db().email.findFirstOrThrow({ where: { causeKey } });
}

export function markSent(email: Email): Promise<Email> {
  return db().email.update({ where: { id: email.id }, data: { sentAt: now } });
}

type EveryEmail = { [K in EmailKind]: () => Promise<Email> };

/** For each kind a mail that is true at `now`. */
export const everyEmail: EveryEmail = {
  "license-issued": async () => anEmail("license-issued", { orderId: (await aSubscriber()).order.id }),
  "license-resent": async () => anEmail("license-resent", { licenseId: (await aDatedLicense(at(90))).id }),
  "payment-pending": async () => {
    const order = await anOrder({ paidAt: null, fulfilledAt: null, awaitingPaymentAt: now });
    return anEmail("payment-pending", { orderId: order.id });
  },
  "payment-failed": async () => {
    const open = { paidAt: null, fulfilledAt: null, awaitingPaymentAt: now, paymentFailedAt: now };
    return anEmail("payment-failed", { orderId: (await anOrder(open)).id });
  },
  "sign-in-code": () => anEmail("sign-in-code", { expiresAt: at(0.01).toISOString() }),
  "license-changed": async () =>
    anEmail("license-changed", { licenseId: (await aDatedLicense(at(90))).id, change: "extended" }),
  "license-ending": async () => {
    const license = await aDatedLicense(at(7));
    return anEmail("license-ending", { licenseIds: [license.id], end: at(7).toISOString(), daysLeft: 7 });
  },
  "license-expired": async () => {
    const license = await aDatedLicense(at(-1));
    return anEmail("license-expired", { licenseIds: [license.id], end: at(-1).toISOString() });
  },
  "license-renewed": async () => {
    const license = await aDatedLicense(at(400));
    const order = await anOrder({ renewsLicenseId: license.id });
    return anEmail("license-renewed", { licenseId: license.id, orderId: order.id });
  },
  "license-suspended": async () => {
    const { id, licenseIds } = await aSubscriber();
    await aHold(licenseIds, `unpaid:${id}`, "The renewal has not been paid.");
    return anEmail("license-suspended", { licenseIds, cause: `unpaid:${id}` });
  },
  "license-reinstated": async () => {
    const { licenseIds } = await aSubscriber();
    return anEmail("license-reinstated", { licenseIds, cause: "dispute:dp_1" });
  },
  "trial-ending": async () => {
    const { id, store } = await aSubscriber({ paidUntil: at(3) });
    await store({ status: "trialing", trialStart: at(-11), trialEnd: at(3) });
    return anEmail("trial-ending", { subscriptionId: id, trialEnd: at(3).toISOString() });
  },
  "renewal-failed": async () => {
    const { id, store } = await aSubscriber({ paidUntil: at(-1), graceUntil: at(6) });
    await store({ status: "past_due", invoices: [anInvoice({ nextPaymentAttempt: at(2) })] });
    return anEmail("renewal-failed", { subscriptionId: id, invoiceId: "in_1", stage: "first" });
  },
  "payment-action-required": async () => {
    const { id, store } = await aSubscriber({ paidUntil: at(-1), graceUntil: at(6) });
    await store({ status: "past_due", invoices: [anInvoice({ requiresAction: true })] });
    return anEmail("payment-action-required", { subscriptionId: id, invoiceId: "in_1" });
  },
  "payment-recovered": async () => {
    const { id, customer, store } = await aSubscriber();
    await store({ invoices: [anInvoice({ status: "paid", amountPaid: 4500 })] });
    const about = { subscriptionId: id, invoiceId: "in_1" };
    await markSent(await anEmail("renewal-failed", { ...about, stage: "first" }, customer));
    return anEmail("payment-recovered", about, customer);
  },
  "cancel-scheduled": async () => {
    const { id, store } = await aSubscriber();
    await store({ cancelAt: at(29) });
    return anEmail("cancel-scheduled", { subscriptionId: id, endsAt: at(29).toISOString() });
  },
  "cancel-undone": async () => {
    const { id } = await aSubscriber();
    return anEmail("cancel-undone", { subscriptionId: id, endsAt: at(29).toISOString() });
  },
  "seats-changed": async () => {
    const { id } = await aSubscriber();
    return anEmail("seats-changed", { subscriptionId: id, before: 2, after: 3 });
  },
  "plan-changed": async () => anEmail("plan-changed", { subscriptionId: (await aSubscriber()).id }),
  refunded: async () => {
    const { order, licenseIds } = await aSubscriber();
    await aHold(licenseIds, "refund:ch_1", "The payment was refunded.");
    return anEmail("refunded", { orderId: order.id, amount: 4500, currency: "usd", full: true });
  },
};
