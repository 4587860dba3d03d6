// What makes a mail untrue between its cause and its turn, kind by kind.
import { expect, test } from "vitest";
import type { EmailKind } from "#app/domain/email-outbox/email.ts";
import { loadEmailContent } from "#app/domain/email-outbox/email-content.server.ts";
import { db } from "#app/infra/db.server.ts";
import type { Email } from "#app/infra/prisma-client/client.ts";
import {
  aDatedLicense,
  aHold,
  anEmail,
  aSubscriber,
  at,
  everyEmail,
  markSent,
  now,
} from "#tests/every-email.ts";
import { anOrder } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";
import { anInvoice, aSubscriptionItem } from "#tests/subscription-facts.ts";

await useTestRuntime();

const canceled = { status: "canceled", endedAt: at(-1) };

async function objection(row: Email, when = now): Promise<string | null> {
  return (await loadEmailContent(row, { reveal: false, now: when })).noLongerTrue;
}

/** The mail is true, and not after `change`. */
async function untrueAfter(row: Email, change: () => Promise<unknown>, when = now): Promise<void> {
  expect(await objection(row), `${row.kind} is true at first`).toBeNull();
  await change();
  expect(await objection(row, when), row.kind).toMatch(/^[A-Z].*\.$/);
}

const idsOf = (row: Email) => (row.props as { licenseIds: string[] }).licenseIds;
const changeLicenses = (
  row: Email,
  data: Parameters<ReturnType<typeof db>["license"]["updateMany"]>[0]["data"],
) => db().license.updateMany({ where: { id: { in: idsOf(row) } }, data });

test("keys are handed over only while one of them works", async () => {
  const hold = async () => {
    const { order, licenseIds, licenses } = await aSubscriber();
    return { row: await anEmail("license-issued", { orderId: order.id }), licenseIds, licenses };
  };
  const refunded = await hold();
  await untrueAfter(refunded.row, () => aHold(refunded.licenseIds, "refund:ch_1"));
  const partly = await hold();
  await aHold(partly.licenseIds.slice(1), "released:sub_1");
  const { content, noLongerTrue } = await loadEmailContent(partly.row, { reveal: false, now });
  expect(noLongerTrue).toBeNull();
  expect(content?.kind === "license-issued" && content.licenses.map(({ id }) => id)).toEqual(
    partly.licenseIds.slice(0, 1),
  );
  const late = await hold();
  await untrueAfter(late.row, async () => undefined, at(40));
  const revoked = await hold();
  await untrueAfter(revoked.row, () =>
    db().license.updateMany({ where: { id: { in: revoked.licenseIds } }, data: { revokedAt: now } }),
  );
});

test("a reminder is dropped when the end moved, was renewed, when the license is held, or a nearer one is due", async () => {
  const remind = everyEmail["license-ending"];
  const renewed = await remind();
  await untrueAfter(renewed, () => changeLicenses(renewed, { paidUntil: at(370) }));
  const extended = await remind();
  await untrueAfter(extended, () => changeLicenses(extended, { extendedUntil: at(9) }));
  const held = await remind();
  await untrueAfter(held, () => aHold(idsOf(held), "staff"));
  const revoked = await remind();
  await untrueAfter(revoked, () => changeLicenses(revoked, { revokedAt: now }));
  await untrueAfter(await remind(), async () => undefined, at(6));
  await untrueAfter(await remind(), async () => undefined, at(7));
  expect(await objection(await remind(), at(5))).toBeNull();
});

test("a reminder of a subscription that is to end is dropped when it goes on, and the reverse", async () => {
  const { licenseIds, store } = await aSubscriber({ paidUntil: at(7) });
  const month = { items: [aSubscriptionItem({ periodStart: at(-23), periodEnd: at(7) })] };
  await store({ ...month, cancelAtPeriodEnd: true });
  const row = await anEmail("license-ending", { licenseIds, end: at(7).toISOString(), daysLeft: 7 });
  await untrueAfter(row, () => store(month));
  await store({ ...month, cancelAtPeriodEnd: true });
  await untrueAfter(row, () => store({ ...month, status: "past_due", invoices: [anInvoice()] }));
});

test("a license is not said to be over when it works again or is held or revoked instead", async () => {
  const expired = everyEmail["license-expired"];
  const again = await expired();
  await untrueAfter(again, () => changeLicenses(again, { paidUntil: at(300) }));
  const held = await expired();
  await untrueAfter(held, () => aHold(idsOf(held), "dispute:dp_1"));
  const revoked = await expired();
  await untrueAfter(revoked, () => changeLicenses(revoked, { revokedAt: now }));
});

test("a renewal is not told when its payment was taken back or the license does not work", async () => {
  const license = await aDatedLicense(at(400));
  const order = await anOrder({ renewsLicenseId: license.id });
  const renewal = { id: "renewal_1", licenseId: license.id, sourceId: order.stripeSessionId ?? "" };
  await db().licenseRenewal.create({ data: { ...renewal, days: 365, paidAt: now } });
  const row = await anEmail("license-renewed", { licenseId: license.id, orderId: order.id });
  await untrueAfter(row, () => db().licenseRenewal.updateMany({ data: { reversedAt: now } }));
  const held = await everyEmail["license-renewed"]();
  const { licenseId } = held.props as { licenseId: string };
  await untrueAfter(held, () => aHold([licenseId], "staff"));
});

test("a suspension is told while its own hold is there, whatever else holds the license", async () => {
  const row = await everyEmail["license-suspended"]();
  await untrueAfter(row, async () => {
    await db().licenseHold.deleteMany({ where: { licenseId: { in: idsOf(row) } } });
    await aHold(idsOf(row), "staff");
  });
});

test("a license is said to work again only when it does", async () => {
  for (const cause of ["dispute:dp_1", "staff"]) {
    const row = await everyEmail["license-reinstated"]();
    await untrueAfter(row, () => aHold(idsOf(row), cause));
  }
  const over = await everyEmail["license-reinstated"]();
  await untrueAfter(over, async () => undefined, at(40));
});

test("the end of a trial is told while the trial runs to that end and goes on by itself", async () => {
  const trial = { status: "trialing", trialStart: at(-11), trialEnd: at(3) };
  const told = async () => {
    const { id, store } = await aSubscriber({ paidUntil: at(3) });
    await store(trial);
    const row = await anEmail("trial-ending", { subscriptionId: id, trialEnd: at(3).toISOString() });
    return { row, store };
  };
  for (const facts of [
    { ...trial, status: "active" },
    { ...trial, trialEnd: at(10) },
    { ...trial, cancelAt: at(3) },
    canceled,
  ]) {
    const { row, store } = await told();
    await untrueAfter(row, () => store(facts));
  }
  await untrueAfter((await told()).row, async () => undefined, at(4));
});

const failing = { status: "past_due", invoices: [anInvoice({ nextPaymentAttempt: at(2) })] };

async function aFailingSubscriber(requiresAction = false) {
  const subscriber = await aSubscriber({ paidUntil: at(-1), graceUntil: at(6) });
  await subscriber.store({ status: "past_due", invoices: [anInvoice({ requiresAction })] });
  return { ...subscriber, about: { subscriptionId: subscriber.id, invoiceId: "in_1" } };
}

test("a failed renewal is told while that invoice is owed", async () => {
  for (const facts of [
    { invoices: [anInvoice({ status: "paid" })] },
    { invoices: [anInvoice({ status: "void" })] },
    { invoices: [anInvoice({ status: "uncollectible" })] },
    { invoices: [] },
    { ...failing, ...canceled },
  ]) {
    const { about, store, customer } = await aFailingSubscriber();
    const row = await anEmail("renewal-failed", { ...about, stage: "first" }, customer);
    await untrueAfter(row, () => store(facts));
  }
});

test("of several reminders about one invoice only the newest is sent", async () => {
  const { about, customer } = await aFailingSubscriber();
  const first = await anEmail("renewal-failed", { ...about, stage: "first" }, customer);
  const elsewhere = { ...about, invoiceId: "in_0", stage: "final" as const };
  await anEmail("renewal-failed", elsewhere, customer);
  await untrueAfter(first, () => anEmail("renewal-failed", { ...about, stage: "reminder" }, customer));
  const final = await anEmail("renewal-failed", { ...about, stage: "final" }, customer);
  expect(await objection(final)).toBeNull();
});

test("a payment is to be confirmed while the bank waits for it", async () => {
  for (const facts of [
    { invoices: [anInvoice({ status: "paid" })] },
    { status: "past_due", invoices: [anInvoice()] },
    canceled,
  ]) {
    const { about, store } = await aFailingSubscriber(true);
    await untrueAfter(await anEmail("payment-action-required", about), () => store(facts));
  }
});

test("a recovery is told only to those who were told of the failure", async () => {
  const { about, store, customer } = await aFailingSubscriber();
  const failed = await anEmail("renewal-failed", { ...about, stage: "first" }, customer);
  await store({ invoices: [anInvoice({ status: "paid", amountPaid: 4500 })] });
  const row = await anEmail("payment-recovered", about, customer);
  expect(await objection(row)).toBe("The customer never heard of a failure.");
  await db().email.update({ where: { id: failed.id }, data: { droppedAt: now } });
  expect(await objection(row)).toBe("The customer never heard of a failure.");
  await markSent(failed);
  await untrueAfter(row, () => store(failing));
});

test("a recovery waits while the mail about the failure is on the wire, unless both were claimed together", async () => {
  const { about, store, customer } = await aFailingSubscriber();
  const failed = await anEmail("renewal-failed", { ...about, stage: "first" }, customer);
  await store({ invoices: [anInvoice({ status: "paid", amountPaid: 4500 })] });
  const row = await anEmail("payment-recovered", about, customer);
  await db().email.update({
    where: { id: failed.id },
    data: { leaseToken: "first claim", leaseUntil: at(0.001) },
  });
  await expect(objection({ ...row, leaseToken: "second claim" })).rejects.toThrow("waits for it");
  expect(await objection({ ...row, leaseToken: "first claim" })).toMatch(/never heard/);
});

test("a scheduled end and its undoing are told while they hold", async () => {
  const scheduled = async () => {
    const { id, store } = await aSubscriber();
    await store({ cancelAtPeriodEnd: true });
    const row = await anEmail("cancel-scheduled", { subscriptionId: id, endsAt: at(29).toISOString() });
    return { id, row, store };
  };
  for (const facts of [{}, { cancelAt: at(50) }, canceled]) {
    const { row, store } = await scheduled();
    await untrueAfter(row, () => store(facts));
  }
  for (const facts of [{ cancelAt: at(29) }, canceled]) {
    const { id, store } = await aSubscriber();
    const row = await anEmail("cancel-undone", { subscriptionId: id, endsAt: at(29).toISOString() });
    await untrueAfter(row, () => store(facts));
  }
});

test("a number of seats is told while it is that number", async () => {
  const { id, licenseIds } = await aSubscriber();
  const row = await anEmail("seats-changed", { subscriptionId: id, before: 2, after: 3 });
  await untrueAfter(row, () => aHold(licenseIds.slice(2), `released:${id}`));
  const other = await aSubscriber();
  const ended = await anEmail("seats-changed", { subscriptionId: other.id, before: 2, after: 3 });
  await untrueAfter(ended, () => other.store(canceled));
});

test("of several changes of plan only the last is told, and none after the end", async () => {
  const { id, customer, store } = await aSubscriber();
  const about = { subscriptionId: id };
  const row = await anEmail("plan-changed", about, customer);
  await untrueAfter(row, async () => {
    const later = await anEmail("plan-changed", about, customer);
    await db().email.update({ where: { id: later.id }, data: { createdAt: at(0.1) } });
  });
  const last = await db().email.findFirstOrThrow({ where: { kind: "plan-changed", createdAt: at(0.1) } });
  await untrueAfter(last, () => store(canceled));
});

test("a refund stays true", async () => {
  const row = await everyEmail.refunded();
  await db().licenseHold.deleteMany();
  expect(await objection(row, at(100))).toBeNull();
});

test("a mail about what is gone is dropped with the reason, and never breaks", async () => {
  const gone: { [K in EmailKind]?: Parameters<typeof anEmail<K>>[1] } = {
    "license-ending": { licenseIds: ["lic_gone"], end: at(7).toISOString(), daysLeft: 7 },
    "license-expired": { licenseIds: ["lic_gone"], end: at(-1).toISOString() },
    "license-renewed": { licenseId: "lic_gone", orderId: "ord_gone" },
    "license-suspended": { licenseIds: ["lic_gone"], cause: "pause:sub_gone" },
    "license-reinstated": { licenseIds: ["lic_gone"], cause: "pause:sub_gone" },
    "trial-ending": { subscriptionId: "sub_gone", trialEnd: at(3).toISOString() },
    "renewal-failed": { subscriptionId: "sub_gone", invoiceId: "in_gone", stage: "first" },
    "payment-recovered": { subscriptionId: "sub_gone", invoiceId: "in_gone" },
    "seats-changed": { subscriptionId: "sub_gone", before: 1, after: 2 },
    "plan-changed": { subscriptionId: "sub_gone" },
    refunded: { orderId: "ord_gone", amount: 1, currency: "usd", full: true },
  };
  const row = await everyEmail["license-resent"]();
  for (const [kind, props] of Object.entries(gone)) {
    const { content, noLongerTrue } = await loadEmailContent({ ...row, kind, props }, { reveal: true, now });
    expect(content, kind).toBeNull();
    expect(noLongerTrue, kind).toMatch(/^The \w+ no longer exists\.$/);
  }
});
