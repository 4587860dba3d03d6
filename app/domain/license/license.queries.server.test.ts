import fc from "fast-check";
import { expect, test } from "vitest";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import { newId } from "#app/domain/ids.ts";
import { encodeCursor, planPage } from "#app/domain/keyset.server.ts";
import { assessLicense, licenseStatuses } from "#app/domain/license/assess-license.ts";
import {
  getLicenseForStaff,
  type LicenseListRequest,
  licenseSorts,
  listLicenses,
  pageStatements,
} from "#app/domain/license/license.queries.server.ts";
import { suspendLicense } from "#app/domain/license/license.server.ts";
import { licenseFacts } from "#app/domain/license/license-facts.ts";
import { randomKey, storedKey } from "#app/domain/license/license-key.server.ts";
import { groupsOf } from "#app/domain/license/license-key.ts";
import { db, inTransaction, pool } from "#app/infra/db.server.ts";
import { aCustomer, aLicense, anOrder, aPolicy, aPrice, aProduct, aStaffMember } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const now = new Date("2026-11-21T12:00:00.000Z");
const dayMs = 86_400_000;

/** Every row a walk along the pages meets, in order; `next` from the top or `previous` from the bottom. */
async function walk(request: Omit<LicenseListRequest, "now">, towards: "next" | "previous" = "next") {
  const ids: string[] = [];
  let cursor: { after?: string; before?: string } = {};
  if (towards === "previous") {
    let last: string | null = null;
    for (;;) {
      const page = await listLicenses({ ...request, ...(last ? { after: last } : {}), now });
      if (!page.next) {
        ids.unshift(...page.rows.map((row) => row.id));
        if (!page.previous) return ids;
        cursor = { before: page.previous };
        break;
      }
      last = page.next;
    }
  }
  for (;;) {
    const page = await listLicenses({ ...request, ...cursor, now });
    const found = page.rows.map((row) => row.id);
    if (towards === "next") ids.push(...found);
    else ids.unshift(...found);
    const on = page[towards];
    if (!on) return ids;
    cursor = towards === "next" ? { after: on } : { before: on };
  }
}

const idsFor = async (q: string) => (await listLicenses({ q, now })).rows.map((row) => row.id).sort();

test("each status filter finds exactly what assessLicense calls so, over random licenses", async () => {
  const policy = await aPolicy();
  const customer = await aCustomer();
  const near = fc.constantFrom(0, 1, -1, 30 * dayMs, 30 * dayMs + 1, -7 * dayMs, -7 * dayMs + 1, -3 * dayMs);
  const anywhere = fc.integer({ min: -60 * dayMs, max: 90 * dayMs });
  const instant = fc.option(
    fc.oneof(near, anywhere).map((ms) => new Date(now.getTime() + ms)),
    { freq: 2 },
  );
  const rows = fc.sample(
    fc.record({
      term: fc.constantFrom("perpetual", "days", "subscription"),
      paidUntil: instant,
      extendedUntil: instant,
      graceUntil: instant,
      revokedAt: fc.constantFrom(null, null, null, now),
      firstActivatedAt: fc.constantFrom(null, now),
      holds: fc.constantFrom([], [], [], ["staff"], ["refund:ch_1"], ["staff", "dispute:dp_1"]),
    }),
    400,
  );
  const licenses = rows.map(({ holds, ...row }) => {
    const id = newId("lic");
    return {
      holds,
      row: {
        ...storedKey(id, "TEST", randomKey("TEST")),
        ...row,
        id,
        productId: policy.productId,
        policyId: policy.id,
        customerId: customer.id,
        graceDays: 7,
        issuedAt: now,
      },
    };
  });
  await db().license.createMany({ data: licenses.map(({ row }) => row) });
  await db().licenseHold.createMany({
    data: licenses.flatMap(({ row, holds }) =>
      holds.map((cause) => ({ id: newId("hold"), licenseId: row.id, cause, reason: "test" })),
    ),
  });
  const stored = await db().license.findMany({ where: { policyId: policy.id }, include: { holds: true } });
  const product = policy.productId;
  for (const status of licenseStatuses) {
    const expected = stored.filter((row) => assessLicense(licenseFacts(row), now).status === status);
    const found = await walk({ status, product, limit: 150 });
    expect(found.sort()).toEqual(expected.map((row) => row.id).sort());
    expect(expected.length).toBeGreaterThan(0);
  }
});

test("paging meets every license once, in order, in both directions of each sort and of walking", async () => {
  const product = (await aProduct()).id;
  const policy = await aPolicy({ productId: product });
  const customers = [
    await aCustomer({ email: "b@sort.example" }),
    await aCustomer({ email: "a@sort.example" }),
  ];
  for (let i = 0; i < 23; i++) {
    const columns = {
      policyId: policy.id,
      // Equal instants and equal ends, so that only the id tells rows apart.
      createdAt: new Date(now.getTime() - Math.floor(i / 4) * 1000),
      paidUntil: i % 3 === 0 ? null : new Date(now.getTime() + (i % 4) * dayMs),
      extendedUntil: i % 6 === 1 ? new Date(now.getTime() + 9 * dayMs) : null,
    };
    const owner = customers[i % 3];
    await (owner
      ? aLicense({ ...columns, customerId: owner.id })
      : aLicense({ ...columns, customerId: null }));
  }
  const all = await db().license.findMany({ where: { policyId: policy.id }, include: { customer: true } });
  for (const sort of licenseSorts)
    for (const direction of ["asc", "desc"] as const) {
      const sortKey = (row: (typeof all)[number]) => {
        const end = Math.max(row.paidUntil?.getTime() ?? 0, row.extendedUntil?.getTime() ?? 0);
        const key = {
          created: row.createdAt.getTime(),
          ends: end || Infinity,
          // Those without an owner come after all others.
          customer: row.customer?.email ?? "~",
        };
        return key[sort];
      };
      const expected = [...all]
        .sort((a, b) => {
          const [x, y] = [sortKey(a), sortKey(b)];
          return x < y ? -1 : x > y ? 1 : a.id < b.id ? -1 : 1;
        })
        .map((row) => row.id);
      if (direction === "desc") expected.reverse();
      for (const limit of [2, 23, 25]) {
        expect(await walk({ product, sort, direction, limit })).toEqual(expected);
        expect(await walk({ product, sort, direction, limit }, "previous")).toEqual(expected);
      }
    }
});

test("a cursor of another sort or a mangled one shows the first page", async () => {
  const product = (await aProduct()).id;
  const policy = await aPolicy({ productId: product });
  for (let i = 0; i < 3; i++) await aLicense({ policyId: policy.id });
  const first = await listLicenses({ product, limit: 2, now });
  const byCustomer = await listLicenses({ product, sort: "customer", limit: 2, now });
  const strange = [
    "x",
    "",
    "W10",
    Buffer.from('["\\u0000","a"]').toString("base64url"),
    byCustomer.next ?? "",
  ];
  for (const after of strange)
    expect((await listLicenses({ product, limit: 2, after, now })).rows).toEqual(first.rows);
});

test("a license is found by its key however it is typed, and by any groups of it in their order", async () => {
  const product = await aProduct({ keyPrefix: "LUMEN" });
  const policy = await aPolicy({ productId: product.id });
  const key = randomKey("LUMEN");
  const license = await aLicense({ policyId: policy.id, key });
  const other = await aLicense({ policyId: policy.id });
  const g = groupsOf(key.slice("LUMEN-".length).replaceAll("-", ""));
  const last = g[6] ?? "";
  for (const typed of [
    key,
    key.toLowerCase().replaceAll("-", " "),
    key.slice("LUMEN-".length).replaceAll("0", "O"),
    `LUMEN-${g[0]}-${g[1]}`,
    `${g[2]}${g[3]}`,
    `${g[1]} ${g[2]}`,
    `LUMEN-••••-••••-••••-••••-••••-••••-${last}`,
    `${g[0]}…${last}`,
    `${g[3]?.slice(2)}-${g[4]}-${g[5]?.slice(0, 2)}`,
  ])
    expect([typed, await idsFor(typed)]).toEqual([typed, [license.id]]);
  for (const group of g) expect(await idsFor(group.toLowerCase())).toContain(license.id);

  expect(await idsFor(`${g[1]}-${g[0]}`)).toEqual([]);
  expect(await idsFor(`${g[0]}-${g[2]}`)).toEqual([]);
  const wrong = key.slice(0, -1) + (key.endsWith("7") ? "8" : "7");
  expect(await idsFor(wrong)).toEqual([]);
  expect(await idsFor(`LUMEN-••••-${other.keyLastGroup}`)).toEqual([other.id]);
});

test("a license is found by address, order number and every id around it", async () => {
  const customer = await aCustomer({ email: "grace.hopper@navy.example" });
  const order = await anOrder({
    customerId: customer.id,
    email: "Grace.Private@Home.Example",
    stripeSessionId: "cs_test_find_me",
    paymentIntentId: "pi_find_me",
  });
  const price = await aPrice({ stripePriceId: "price_find_me" });
  await db().orderLine.create({
    data: {
      id: newId("line"),
      orderId: order.id,
      quantity: 1,
      stripePriceId: "price_find_me",
      policyId: price.policyId,
    },
  });
  const license = await aLicense({
    policyId: price.policyId,
    customerId: customer.id,
    orderId: order.id,
    sourceId: "cs_test_find_me",
    itemKey: "li_1",
    ordinal: 0,
  });
  await aLicense({ policyId: price.policyId });
  const renewed = await aLicense({ sourceId: "sub_find_me", itemKey: "si_1", ordinal: 0 });
  await db().stripeCustomer.create({ data: { id: "cus_find_me", customerId: customer.id, livemode: false } });
  await db().stripePayment.create({
    data: { paymentIntentId: "pi_find_me_too", chargeId: "ch_find_me", sourceId: "cs_test_find_me" },
  });
  await db().stripeEvent.create({
    data: {
      dedupeKey: "evt_find_me",
      eventId: "evt_find_me",
      type: "checkout.session.completed",
      sourceId: "cs_test_find_me",
      livemode: false,
      created: now,
      payload: "{}",
    },
  });
  for (const q of [
    "grace.hopper@navy.example",
    " GRACE.hopper@NAVY.example ",
    "hopper",
    "navy.ex",
    "@navy",
    "grace.private@home.example",
    "Private",
    `#${order.number}`,
    license.id,
    order.id,
    customer.id,
    "cs_test_find_me",
    "pi_find_me",
    "pi_find_me_too",
    "ch_find_me",
    "cus_find_me",
    "evt_find_me",
    "price_find_me",
    price.id,
  ])
    expect([q, await idsFor(q)]).toEqual([q, [license.id]]);
  // Four digits may also be a group of some key.
  expect(await idsFor(String(order.number))).toContain(license.id);
  expect(await idsFor("sub_find_me")).toEqual([renewed.id]);
  const renewal = await anOrder({ renewsLicenseId: renewed.id, stripeSessionId: "cs_renewal" });
  await db().licenseRenewal.create({
    data: { id: "renewal_1", licenseId: renewed.id, sourceId: "cs_renewal", days: 365, paidAt: now },
  });
  for (const q of [`#${renewal.number}`, renewal.id, "cs_renewal"])
    expect([q, await idsFor(q)]).toEqual([q, [renewed.id]]);
  for (const q of [
    "#999999",
    "#99999999999",
    "lic_nobody",
    "cs_nobody",
    "evt_x",
    "100%",
    "_",
    "%",
    "nobody@",
  ])
    expect([q, await idsFor(q)]).toEqual([q, []]);
});

test("filters add up, and an unknown product finds nothing", async () => {
  const product = await aProduct();
  const policy = await aPolicy({ productId: product.id });
  const customer = await aCustomer({ email: "sum@filters.example" });
  const revoked = await aLicense({ policyId: policy.id, customerId: customer.id, revokedAt: now });
  await aLicense({ policyId: policy.id, customerId: customer.id });
  await aLicense({ customerId: customer.id, revokedAt: now });
  const request = { q: "filters.example", status: "revoked", product: product.slug, now } as const;
  const { rows } = await listLicenses(request);
  expect(rows).toMatchObject([
    {
      id: revoked.id,
      status: "revoked",
      customer: { email: "sum@filters.example" },
      ends: "Revoked 21 Nov 2026",
    },
  ]);
  expect((await listLicenses({ ...request, product: "unknown" })).rows).toEqual([]);
});

test("an unknown license is null, and nothing of a key but its last group leaves the query", async () => {
  for (const licenseId of ["lic_nobody", "", "a\u0000b"])
    expect(await getLicenseForStaff({ licenseId, now })).toBeNull();
  const license = await aLicense();
  const read = await getLicenseForStaff({ licenseId: license.id, now });
  expect(Object.keys(read ?? {})).not.toEqual(expect.arrayContaining(["keyCiphertext"]));
  expect(JSON.stringify(read)).not.toMatch(/hmac|ciphertext|nonce/i);
});

test("one timeline holds payment, mail, events and acts of the license and its order, newest first", async () => {
  const order = await anOrder({
    createdAt: new Date(now.getTime() - 5000),
    paidAt: new Date(now.getTime() - 4000),
  });
  const source = order.stripeSessionId ?? "";
  const license = await aLicense({
    orderId: order.id,
    customerId: order.customerId ?? "",
    sourceId: source,
    itemKey: "li_1",
    ordinal: 0,
  });
  const sibling = await aLicense({ orderId: order.id, customerId: order.customerId ?? "" });
  const staff = await aStaffMember();
  const actor = { type: "staff", id: staff.id, label: staff.email } as const;
  await inTransaction(async (tx) => {
    const stripe = { type: "stripe", label: "Stripe" } as const;
    const at = (seconds: number) => new Date(now.getTime() - seconds * 1000);
    await recordAudit(tx, {
      now: at(4),
      actor: stripe,
      event: "order.paid",
      target: { type: "order", id: order.id },
      orderId: order.id,
      cause: "evt_t1",
    });
    await recordAudit(tx, {
      now: at(3),
      actor: stripe,
      event: "license.issued",
      target: { type: "license", id: license.id },
      licenseId: license.id,
      orderId: order.id,
    });
    await queueEmail(tx, {
      now: at(2),
      kind: "license-issued",
      causeKey: order.id,
      recipient: "a@b.example",
      props: { orderId: order.id },
      orderId: order.id,
    });
  });
  await db().stripeEvent.create({
    data: {
      dedupeKey: "evt_t1",
      eventId: "evt_t1",
      type: "checkout.session.completed",
      sourceId: source,
      livemode: false,
      created: now,
      receivedAt: new Date(now.getTime() - 4500),
      processedAt: now,
      payload: "{}",
    },
  });
  const form = { version: 1, reason: "shared key", notifyCustomer: true, actor, now, requestId: null };
  await suspendLicense({ ...form, licenseId: license.id, submission: crypto.randomUUID() });
  await suspendLicense({
    ...form,
    licenseId: sibling.id,
    submission: crypto.randomUUID(),
    reason: "not this one",
  });

  const read = await getLicenseForStaff({ licenseId: license.id, now });
  expect(read).toMatchObject({
    assessment: { status: "suspended" },
    order: { number: order.number, status: "paid" },
    holds: [{ cause: "staff", byStaff: true, reason: "shared key" }],
  });
  expect(read?.timeline.map((entry) => [entry.kind, entry.title, entry.detail, entry.actor])).toEqual([
    ["email", expect.stringMatching(/^Email waiting for .*License changed$/), null, null],
    ["license", "Suspended", "shared key", staff.email],
    ["email", "Email waiting for a@b.example: License keys", null, null],
    ["license", "License issued", null, "Stripe"],
    ["payment", "Order paid", null, "Stripe"],
    ["event", "Stripe event processed: checkout.session.completed", null, "Stripe"],
    ["payment", `Order #${order.number} created`, null, null],
  ]);
  expect(read?.timeline.find(({ title }) => title === "Order paid")?.cause).toEqual({
    words: "Told by Stripe: evt_t1",
    eventKeys: ["evt_t1"],
  });
});

test("among 30,000 licenses a page of each sort is read along an index, from anywhere in the list", async () => {
  const product = await aProduct();
  const policy = await aPolicy({ productId: product.id });
  const template = await aLicense({ policyId: policy.id, paidUntil: now });
  await db().$executeRaw`
    INSERT INTO customer (id, email, created_at)
    SELECT 'cust_many' || n, 'many' || n || '@index.example', now() FROM generate_series(0, 2999) n`;
  await db().$executeRaw`
    INSERT INTO license (id, product_id, policy_id, customer_id, key_hmac, key_ciphertext, key_encryption_key_id,
      key_prefix, key_last_group, term, grace_days, issued_at, paid_until, created_at)
    SELECT 'lic_many' || lpad(n::text, 5, '0'), l.product_id, l.policy_id,
      CASE WHEN n % 4 > 0 THEN 'cust_many' || n % 3000 END, 'many' || n, l.key_ciphertext, l.key_encryption_key_id,
      l.key_prefix, l.key_last_group, l.term, 0, l.issued_at,
      CASE WHEN n % 3 > 0 THEN l.paid_until + make_interval(mins => n) END, l.created_at - make_interval(mins => n)
    FROM license l, generate_series(1, 30000) n WHERE l.id = ${template.id}`;
  await pool().query("ANALYZE license, customer");
  const middle = {
    created: new Date(template.createdAt.getTime() - 15_000 * 60_000),
    ends: new Date(now.getTime() + 15_000 * 60_000),
    customer: "many2@index.example",
  };
  for (const sort of licenseSorts)
    for (const direction of ["asc", "desc"] as const)
      for (const value of [middle[sort], { created: null, ends: "never", customer: "" }[sort], null]) {
        const after = value === null ? undefined : encodeCursor(value, "lic_many15000");
        const plan = planPage({ after }, () => true);
        for (const statement of await pageStatements({ sort, direction, now }, plan)) {
          const lines = await db().$queryRaw<{ "QUERY PLAN": string }[]>`EXPLAIN ${statement(26)}`;
          const shown = lines.map((line) => line["QUERY PLAN"]).join("\n");
          expect(shown, `${sort} ${direction} ${value}`).not.toMatch(/Seq Scan|^\s*-> {2}Sort/m);
          // Not the whole index up to there.
          if (value === middle.customer && shown.includes(" on customer "))
            expect(shown).toMatch(/Index Cond: \(email [<>]=/);
        }
      }
});
