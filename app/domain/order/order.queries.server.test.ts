import { expect, test } from "vitest";
import { listAwaitingPayment, listOrders } from "#app/domain/order/order.queries.server.ts";
import { orderStatus, orderStatuses } from "#app/domain/order/order.ts";
import { db } from "#app/infra/db.server.ts";
import { aCustomer, aLicense, anOrder } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();

const at = new Date("2026-03-01T00:00:00Z");
const customer = await aCustomer({ email: "buyer@acme.example" });

// Every combination of the facts a status is derived from.
const origins = ["checkout", "staff", "api"];
for (let bits = 0; bits < 48; bits++) {
  const fact = (bit: number) => (bits & (1 << bit) ? new Date(at.getTime() + bits * 1000) : null);
  await anOrder({
    customerId: customer.id,
    email: "buyer@acme.example",
    origin: origins[bits >> 4] ?? "",
    awaitingPaymentAt: fact(0),
    paidAt: fact(1),
    paymentFailedAt: fact(2),
    expiredAt: fact(3),
    createdAt: new Date(at.getTime() + Math.floor(bits / 3)),
  });
}

test("filtering by a status gives exactly the orders that have it", async () => {
  const all = await db().order.findMany();
  for (const status of orderStatuses) {
    const { rows } = await listOrders({ status, limit: 100 });
    const expected = all.filter((order) => orderStatus(order) === status).map(({ id }) => id);
    expect(rows.map(({ id }) => id).sort(), status).toEqual(expected.sort());
    expect(rows.every((row) => row.status === status)).toBe(true);
  }
});

test("paging down and up again shows each order once, also where instants are equal", async () => {
  const all = (await listOrders({ limit: 100 })).rows.map(({ id }) => id);
  const pages = [await listOrders({ limit: 7 })];
  for (let next = pages[0]?.next; next; next = pages.at(-1)?.next ?? null)
    pages.push(await listOrders({ limit: 7, after: next }));
  expect(pages.flatMap(({ rows }) => rows.map(({ id }) => id))).toEqual(all);
  const up = pages.slice(-1);
  for (let previous = up[0]?.previous; previous; previous = up[0]?.previous ?? null)
    up.unshift(await listOrders({ limit: 7, before: previous }));
  expect(up.flatMap(({ rows }) => rows.map(({ id }) => id))).toEqual(all);
});

test("orders are found by number, address and the ids of Stripe and ours", async () => {
  const olga = await aCustomer({ email: "olga@mail.example" });
  const order = await anOrder({
    customerId: olga.id,
    email: "Olga@Mail.example",
    stripeSessionId: "cs_test_olga",
    paymentIntentId: "pi_olga",
    createdAt: at,
  });
  const license = await aLicense({ customerId: olga.id, orderId: order.id });
  await db().stripeCustomer.create({ data: { id: "cus_olga", customerId: olga.id, livemode: false } });
  await db().stripeSource.create({
    data: { id: "sub_olga", kind: "subscription", livemode: false, orderId: order.id },
  });
  const searches = [
    String(order.number),
    `#${order.number}`,
    "olga@",
    "cs_test_olga",
    "pi_olga",
    "sub_olga",
    "cus_olga",
    olga.id,
    order.id,
    license.id,
  ];
  for (const q of searches)
    expect(
      (await listOrders({ q })).rows.map(({ id }) => id),
      q,
    ).toEqual([order.id]);
  for (const q of ["9999999999", "#7", "cs_nobody", "sub_nobody", "nobody@", "%"])
    expect((await listOrders({ q })).rows, q).toEqual([]);
  expect((await listOrders({ q: order.id })).rows[0]).toMatchObject({ licenseCount: 1, status: "paid" });
});

test("sales waiting for their payment are listed, longest waiting first", async () => {
  const waiting = (await listOrders({ status: "awaiting-payment", limit: 100 })).rows;
  const { orders, more } = await listAwaitingPayment({ limit: 100 });
  expect(orders.map(({ id }) => id).sort()).toEqual(waiting.map(({ id }) => id).sort());
  expect(more).toBe(false);
  expect((await listAwaitingPayment({ limit: 1 })).more).toBe(true);
});
