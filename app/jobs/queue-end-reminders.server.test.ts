import { expect, test } from "vitest";
import type { EndWindow } from "#app/domain/email-outbox/end-reminders.ts";
import { endingIn, expiredSince } from "#app/domain/email-outbox/ending-licenses.queries.server.ts";
import { db, pool } from "#app/infra/db.server.ts";
import { Prisma } from "#app/infra/prisma-client/client.ts";
import { queueDueEndReminders, queueEndReminders } from "#app/jobs/queue-end-reminders.server.ts";
import { aCustomer, aLicense, anOrder, aPolicy } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";
import { aSubscription, aSubscriptionItem, storeSubscription } from "#tests/subscription-facts.ts";

await useTestRuntime();

const dayMs = 86_400_000;
const end = new Date("2027-03-01T12:00:00Z");
const before = (days: number) => new Date(end.getTime() - days * dayMs);
const after = (days: number) => before(-days);

async function nothingSold(): Promise<void> {
  await db().email.deleteMany();
  await db().sweepCursor.deleteMany();
  await db().license.deleteMany();
  await db().stripeSource.deleteMany();
}

const policy = await aPolicy({ term: "days", termDays: 365 });
const dated = { policyId: policy.id, issuedAt: before(365), paidUntil: end };
const perpetual = await aPolicy({ term: "perpetual" });
const subscribed = await aPolicy({ term: "subscription" });

async function queued(kind: string) {
  const rows = await db().email.findMany({ where: { kind }, orderBy: { createdAt: "asc" } });
  return rows.map((row) => row.props as { licenseIds: string[]; end: string; daysLeft?: number });
}

test("a dated license is told of at each stage once, however often somebody looks", async () => {
  await nothingSold();
  const customer = await aCustomer();
  const license = await aLicense({ ...dated, customerId: customer.id });
  for (const days of [40, 31, 30, 30, 29, 7, 6.9, 1, 0.2, 0.1]) await queueEndReminders(before(days));
  const rows = await db().email.findMany({ orderBy: { createdAt: "asc" } });
  expect(rows.map((row) => (row.props as { daysLeft: number }).daysLeft)).toEqual([30, 7, 1, 0]);
  for (const row of rows) {
    expect(row).toMatchObject({ kind: "license-ending", recipient: customer.email, licenseId: license.id });
    expect(row.causeKey).toMatch(`${license.id}:${end.toISOString()}:`);
  }
  expect(await queueEndReminders(after(1))).toBe(1);
  expect(await queued("license-expired")).toEqual([{ licenseIds: [license.id], end: end.toISOString() }]);
});

test("a license without an owner has nobody to be told of its end", async () => {
  await nothingSold();
  await aLicense({ ...dated, customerId: null });
  await aLicense({ policyId: perpetual.id, customerId: null, issuedAt: before(365), updatesUntil: end });
  const order = await anOrder();
  const together = { ...dated, orderId: order.id };
  await aLicense({ ...together, customerId: null });
  const owned = await aLicense({ ...together, customerId: order.customerId ?? "" });
  await queueEndReminders(before(7));
  await queueEndReminders(after(1));
  expect(await queued("license-ending")).toMatchObject([{ licenseIds: [owned.id] }]);
  expect(await queued("license-expired")).toMatchObject([{ licenseIds: [owned.id] }]);
});

test("after a silence one mail makes up for all that were missed", async () => {
  await nothingSold();
  await aLicense(dated);
  await queueEndReminders(before(60));
  expect(await queueEndReminders(before(5))).toBe(1);
  expect(await queued("license-ending")).toMatchObject([{ daysLeft: 7 }]);
});

test("licenses of one purchase share one mail; another purchase and another customer have their own", async () => {
  await nothingSold();
  const order = await anOrder();
  const customerId = order.customerId ?? "";
  const sold = { ...dated, customerId, orderId: order.id, itemKey: "li_1" };
  const first = await aLicense({ ...sold, sourceId: "cs_1", ordinal: 0 });
  const second = await aLicense({ ...sold, sourceId: "cs_1", ordinal: 1 });
  await aLicense({ ...sold, sourceId: "cs_1", ordinal: 2, extendedUntil: after(200) });
  const held = await aLicense({ ...sold, sourceId: "cs_1", ordinal: 3 });
  await db().licenseHold.create({ data: { id: "hold_1", licenseId: held.id, cause: "staff", reason: "x" } });
  await aLicense({ ...sold, sourceId: "cs_1", ordinal: 4, revokedAt: before(100) });
  const other = await aLicense({ ...sold, sourceId: "cs_2", ordinal: 0 });
  const byHand = await aLicense({ ...dated, orderId: order.id, customerId });
  const alsoByHand = await aLicense({ ...dated, orderId: order.id, customerId });
  await queueEndReminders(before(7));
  const groups = (await queued("license-ending")).map(({ licenseIds }) => licenseIds.sort().join());
  const expected = [[first.id, second.id], [other.id], [byHand.id, alsoByHand.id]];
  expect(groups.sort()).toEqual(expected.map((ids) => ids.sort().join()).sort());
});

test("updates of a perpetual license end with reminders and without the license ending", async () => {
  await nothingSold();
  const license = await aLicense({ policyId: perpetual.id, issuedAt: before(365), updatesUntil: end });
  await aLicense({ policyId: perpetual.id });
  await queueEndReminders(before(30));
  await queueEndReminders(after(1));
  const rows = await db().email.findMany();
  expect(rows.map((row) => row.props)).toEqual([
    { licenseIds: [license.id], end: end.toISOString(), daysLeft: 30 },
  ]);
});

async function aSubscribedLicense(facts: Parameters<typeof aSubscription>[0] = {}) {
  const yearly = aSubscriptionItem({ interval: "year", periodStart: before(365), periodEnd: end });
  await storeSubscription(aSubscription({ items: [yearly], ...facts }));
  const slot = { sourceId: "sub_1", itemKey: "si_1", ordinal: 0 };
  return aLicense({ ...dated, ...slot, policyId: subscribed.id });
}

test("a subscription is announced when it renews after a long period, or ends by wish", async () => {
  await nothingSold();
  await aSubscribedLicense();
  for (const days of [30, 7, 1, 0.1]) await queueEndReminders(before(days));
  expect((await queued("license-ending")).map(({ daysLeft }) => daysLeft)).toEqual([30, 7]);
  await nothingSold();
  await aSubscribedLicense({ cancelAtPeriodEnd: true });
  for (const days of [30, 7, 1, 0.1]) await queueEndReminders(before(days));
  expect((await queued("license-ending")).map(({ daysLeft }) => daysLeft)).toEqual([7, 1, 0]);
});

test("a failing renewal is left to the mails about the payment, and a license in its grace has not ended", async () => {
  await nothingSold();
  const license = await aSubscribedLicense({ status: "past_due" });
  await db().license.update({ where: { id: license.id }, data: { graceUntil: after(7) } });
  for (const days of [30, 7, 1, 0.1, -1, -8]) await queueEndReminders(before(days));
  expect(await db().email.count()).toBe(0);
});

test("a subscription that ended is told once, weeks after the last paid day too, but not while it may come back", async () => {
  await nothingSold();
  const license = await aSubscribedLicense({ status: "unpaid" });
  await queueEndReminders(after(20));
  expect(await db().email.count()).toBe(0);
  const ended = aSubscription({ status: "canceled", endedAt: after(21), endedBecause: "payment_failed" });
  await storeSubscription(ended);
  await queueEndReminders(after(21));
  await queueEndReminders(after(22));
  expect(await queued("license-expired")).toEqual([{ licenseIds: [license.id], end: end.toISOString() }]);
  await nothingSold();
  await aSubscribedLicense({ status: "canceled", endedAt: after(1) });
  await queueEndReminders(after(9));
  expect(await db().email.count(), "old news are no news").toBe(0);
});

test("dated licenses that ended before anybody looked, or more than a week ago, stay untold", async () => {
  await nothingSold();
  await aLicense(dated);
  await queueEndReminders(after(1));
  await queueEndReminders(after(2));
  expect(await db().email.count()).toBe(0);
  await nothingSold();
  await aLicense(dated);
  await queueEndReminders(before(100));
  await queueEndReminders(after(8));
  expect(await db().email.count()).toBe(0);
});

test("the worker looks for what comes near once an hour, and for what is over each time", async () => {
  await nothingSold();
  await queueDueEndReminders(before(7));
  await aLicense(dated);
  const minutes = (count: number) => new Date(before(7).getTime() + count * 60_000);
  expect(await queueDueEndReminders(minutes(59))).toBe(0);
  expect(await queueDueEndReminders(minutes(60))).toBe(1);
  await queueDueEndReminders(new Date(end.getTime() - 60_000));
  expect(await queueDueEndReminders(end)).toBe(1);
});

test("two processes at once queue each mail once, also for more licenses than one page holds", async () => {
  await nothingSold();
  const customers = await Promise.all(Array.from({ length: 4 }, () => aCustomer()));
  const template = await aLicense({ ...dated, paidUntil: null });
  await db().$executeRaw`
    INSERT INTO license (id, product_id, policy_id, customer_id, source_id, item_key, ordinal, key_hmac,
      key_ciphertext, key_encryption_key_id, key_prefix, key_last_group, term, grace_days, issued_at, paid_until)
    SELECT 'lic_page' || lpad(n::text, 5, '0'), l.product_id, l.policy_id,
      (${customers.map(({ id }) => id)}::text[])[1 + (n / 600) % 4], 'cs_' || (n / 600), 'li_1', n, 'page' || n,
      l.key_ciphertext, l.key_encryption_key_id, l.key_prefix, l.key_last_group, l.term, 0, l.issued_at,
      ${end}::timestamptz
    FROM license l, generate_series(0, 2399) n WHERE l.id = ${template.id}`;
  const counts = await Promise.all([queueEndReminders(before(7)), queueEndReminders(before(7))]);
  expect(counts[0] + counts[1]).toBe(4);
  for (const { licenseIds } of await queued("license-ending")) expect(licenseIds).toHaveLength(600);
});

test("among 100,000 licenses a look reads the ends it is about, by their index", async () => {
  await nothingSold();
  const template = await aLicense({ ...dated, paidUntil: null });
  await db().$executeRaw`
    INSERT INTO license (id, product_id, policy_id, customer_id, key_hmac, key_ciphertext,
      key_encryption_key_id, key_prefix, key_last_group, term, grace_days, issued_at, paid_until)
    SELECT 'lic_many' || n, l.product_id, l.policy_id, l.customer_id, 'many' || n, l.key_ciphertext,
      l.key_encryption_key_id, l.key_prefix, l.key_last_group, l.term, 0, l.issued_at,
      ${before(365)}::timestamptz + make_interval(mins => n * 10)
    FROM license l, generate_series(1, 100000) n WHERE l.id = ${template.id}`;
  await pool().query("ANALYZE license");
  const now = before(100);
  const window: EndWindow = { from: before(93), to: before(92) };
  const plans = [
    await planOf(endingIn(window, now, { end: before(92.5), id: "lic_many1" })),
    await planOf(expiredSince(before(365), now, null)),
  ];
  for (const plan of plans) {
    expect(plan).toContain("license_ends");
    expect(plan).not.toMatch(/Seq Scan on license\b/);
  }
});

async function planOf(statement: Prisma.Sql): Promise<string> {
  const lines = await db().$queryRaw<{ "QUERY PLAN": string }[]>(Prisma.sql`EXPLAIN ${statement}`);
  return lines.map((line) => line["QUERY PLAN"]).join("\n");
}
