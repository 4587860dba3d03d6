import { expect, test } from "vitest";
import { getCustomerForStaff, listCustomers } from "#app/domain/customer/customer.queries.server.ts";
import { queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { aCustomer, aLicense, anOrder } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();

const day = (n: number) => new Date(Date.UTC(2026, 0, n));
const now = day(300);

const people = [];
for (let n = 1; n <= 10; n++)
  // Pairs share an instant, so that the id has to decide between them.
  people.push(await aCustomer({ email: `person${n}@acme.example`, createdAt: day(Math.ceil(n / 2)) }));
const [first] = people;
if (!first) throw new Error("no customer");
const olga = await aCustomer({ email: "olga_100%@mail.example", name: "Olga Ünal", createdAt: day(20) });
await db().stripeCustomer.create({ data: { id: "cus_olga", customerId: olga.id, livemode: false } });
const order = await anOrder({ customerId: olga.id, email: olga.email });
const license = await aLicense({ customerId: olga.id, orderId: order.id, paidUntil: day(100), term: "days" });
await inTransaction(async (tx) => {
  const mail = { now, recipient: olga.email, orderId: order.id, licenseId: license.id };
  await queueEmail(tx, { ...mail, kind: "license-issued", causeKey: order.id, props: { orderId: order.id } });
});

const found = async (q: string) => (await listCustomers({ q })).rows.map(({ id }) => id);

test("customers are found by part of an address or name and by Stripe's and our ids", async () => {
  expect(await found("OLGA_")).toEqual([olga.id]);
  expect(await found("100%")).toEqual([olga.id]);
  expect(await found("ünal")).toEqual([olga.id]);
  expect(await found("cus_olga")).toEqual([olga.id]);
  expect(await found(olga.id)).toEqual([olga.id]);
  expect(await found(order.id)).toEqual([olga.id]);
  expect(await found(license.id)).toEqual([olga.id]);
  expect(await found("cus_nobody")).toEqual([]);
  expect(await found("%")).toEqual([olga.id]);
  expect(await found(" ")).toHaveLength(11);
});

test("a customer in the list comes with how much they hold", async () => {
  const { rows } = await listCustomers({ q: "olga" });
  expect(rows[0]).toMatchObject({
    email: "olga_100%@mail.example",
    name: "Olga Ünal",
    licenses: 1,
    orders: 1,
  });
});

test("paging down and up again shows each customer once, also where instants are equal", async () => {
  const all = (await listCustomers({ limit: 100 })).rows.map(({ id }) => id);
  expect(all).toHaveLength(11);
  const pages = [await listCustomers({ limit: 3 })];
  for (let next = pages[0]?.next; next; next = pages.at(-1)?.next ?? null)
    pages.push(await listCustomers({ limit: 3, after: next }));
  expect(pages.flatMap(({ rows }) => rows.map(({ id }) => id))).toEqual(all);
  const up = pages.slice(-1);
  for (let previous = up[0]?.previous; previous; previous = up[0]?.previous ?? null)
    up.unshift(await listCustomers({ limit: 3, before: previous }));
  expect(up.flatMap(({ rows }) => rows.map(({ id }) => id))).toEqual(all);
});

test("one customer comes with licenses, mails and Stripe customers, keys masked", async () => {
  const customer = await getCustomerForStaff({ customerId: olga.id, now });
  expect(customer).toMatchObject({
    email: olga.email,
    licenseCount: 1,
    orderCount: 1,
    stripeCustomers: [{ id: "cus_olga", livemode: false }],
    licenses: [{ id: license.id, status: "expired", validUntil: day(100) }],
    emails: [{ kind: "license-issued", state: "queued", recipient: olga.email }],
  });
  expect(customer?.licenses[0]?.maskedKey).toMatch(/^TEST-••••-.*-[0-9A-Z]{4}$/);
  expect(JSON.stringify(customer)).not.toContain(license.keyHmac);
});

test("nothing of another customer is shown", async () => {
  const other = await getCustomerForStaff({ customerId: first.id, now });
  expect(other).toMatchObject({ licenses: [], emails: [], orderCount: 0, stripeCustomers: [] });
});

test("an unknown customer is null", async () => {
  expect(await getCustomerForStaff({ customerId: "cust_nobody", now })).toBeNull();
  expect(await getCustomerForStaff({ customerId: "\u0000", now })).toBeNull();
});
