import { expect, test } from "vitest";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import {
  getLicenseForCustomer,
  listLicensesForCustomer,
} from "#app/domain/license/portal-license.queries.server.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { aCustomer, aLicense, anActivation, anOrder, aPolicy } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();

const now = new Date("2026-11-21T12:00:00Z");
const day = 86_400_000;
const later = (days: number) => new Date(now.getTime() + days * day);
// All zeros have the check characters 00.
const key = `TEST-${"0000-".repeat(6)}0000`;

test("a customer sees the own licenses, newest first, and nobody else's", async () => {
  const [ada, bob] = [await aCustomer(), await aCustomer()];
  const older = await aLicense({ customerId: ada.id, issuedAt: later(-9) });
  const newer = await aLicense({ customerId: ada.id, issuedAt: later(-1) });
  const foreign = await aLicense({ customerId: bob.id });
  const listed = await listLicensesForCustomer({ customerId: ada.id, now });
  expect(listed.map((license) => license.id)).toEqual([newer.id, older.id]);
  expect(await getLicenseForCustomer({ licenseId: foreign.id, customerId: ada.id, now })).toBeNull();
  expect(await getLicenseForCustomer({ licenseId: foreign.id, customerId: bob.id, now })).not.toBeNull();
});

test.each(["", "lic_unknown", "nul\u0000nul", "x".repeat(10_000)])(
  "an id that is none (%j) is unknown",
  async (licenseId) => {
    const { id: customerId } = await aCustomer();
    expect(await getLicenseForCustomer({ licenseId, customerId, now })).toBeNull();
  },
);

test("a license says what it is, whether it is good, when it ends and on how many devices it runs", async () => {
  const policy = await aPolicy({ name: "One year", term: "days", deviceLimit: 3 });
  const license = await aLicense({
    key,
    policyId: policy.id,
    issuedAt: later(-300),
    paidUntil: later(65),
    updatesUntil: later(65),
    firstActivatedAt: later(-299),
    entitlements: { raw: true },
  });
  const seen = { firstSeenAt: later(-299), lastSeenAt: now };
  await anActivation({ licenseId: license.id, ...seen });
  await anActivation({ licenseId: license.id, ...seen, releasedAt: now });
  const shown = await getLicenseForCustomer({ licenseId: license.id, customerId: license.customerId, now });
  expect(shown).toMatchObject({
    policyName: "One year",
    maskedKey: "TEST-••••-••••-••••-••••-••••-••••-0000",
    key,
    status: "active",
    valid: true,
    ends: "Ends 25 Jan 2027",
    devicesUsed: 1,
    deviceLimit: 3,
    entitlements: { raw: true },
    updatesUntil: later(65),
    orderNumber: null,
  });
});

test("the key of a revoked license can still be seen, and its status says revoked", async () => {
  const revoked = await aLicense({ revokedAt: now, revokedBy: "staff", revokedReason: "card fraud" });
  const [shown] = await listLicensesForCustomer({ customerId: revoked.customerId, now });
  expect(shown).toMatchObject({ status: "revoked", valid: false, ends: "Revoked 21 Nov 2026" });
  expect(shown?.key).toMatch(/^TEST-/);
  expect(JSON.stringify(shown)).not.toContain("fraud");
});

test("a key sealed under another master key does not take the page with it", async () => {
  const license = await aLicense();
  await db().license.update({ where: { id: license.id }, data: { keyCiphertext: Buffer.alloc(64) } });
  const [shown] = await listLicensesForCustomer({ customerId: license.customerId, now });
  expect(shown).toMatchObject({ id: license.id, key: null });
});

test("the history tells the owner what happened, newest first, and neither who nor why", async () => {
  const customer = await aCustomer({ email: "ada@example.com" });
  const order = await anOrder({ customerId: customer.id });
  const license = await aLicense({ customerId: customer.id, orderId: order.id });
  const staff = { type: "staff", id: "staff_1", label: "sam@shop.example" } as const;
  const about = { actor: staff, target: { type: "license", id: license.id }, licenseId: license.id };
  await inTransaction(async (tx) => {
    await recordAudit(tx, { ...about, now: later(-9), event: "license.issued" });
    await recordAudit(tx, {
      ...about,
      now: later(-3),
      event: "license.key-revealed",
      reason: "asked on the phone",
    });
    await recordAudit(tx, {
      ...about,
      now: later(-2),
      event: "license.extended",
      reason: "a good customer",
      after: { paidUntil: null, extendedUntil: "2027-12-03T00:00:00.000Z" },
    });
    const mail = { orderId: order.id, causeKey: order.id };
    await queueEmail(tx, {
      ...mail,
      now: later(-9),
      kind: "license-issued",
      recipient: customer.email,
      props: { orderId: order.id },
    });
    await queueEmail(tx, {
      ...mail,
      now: later(-1),
      kind: "license-resent",
      causeKey: "t1",
      licenseId: license.id,
      recipient: "other@example.com",
      props: { licenseId: license.id },
    });
    await queueEmail(tx, {
      now: later(-1),
      kind: "license-resent",
      causeKey: "t2",
      licenseId: license.id,
      recipient: customer.email,
      props: { licenseId: license.id },
    });
  });
  await db().email.updateMany({ where: { causeKey: order.id }, data: { sentAt: later(-8) } });
  await db().email.updateMany({ where: { causeKey: "t1" }, data: { sentAt: later(-1) } });

  const shown = await getLicenseForCustomer({ licenseId: license.id, customerId: customer.id, now });
  expect(shown?.orderNumber).toBe(order.number);
  expect(shown?.history.map(({ at, title, detail }) => [at, title, detail])).toEqual([
    [later(-1), "Key sent again by email", undefined],
    [later(-2), "License extended", "New end: 3 Dec 2027"],
    [later(-8), "Key sent by email", "To ada@example.com"],
    [later(-9), "License issued", undefined],
  ]);
  expect(JSON.stringify(shown)).not.toMatch(/sam@|good customer|phone|other@/);
});

test("another license of the same order keeps its own mails to itself", async () => {
  const order = await anOrder();
  const ids = { customerId: order.customerId ?? "", orderId: order.id };
  const [one, two] = [await aLicense(ids), await aLicense(ids)];
  await inTransaction((tx) =>
    queueEmail(tx, {
      now,
      kind: "license-resent",
      causeKey: "t3",
      recipient: order.email ?? "",
      orderId: order.id,
      licenseId: one.id,
      props: { licenseId: one.id },
    }),
  );
  await db().email.updateMany({ where: { causeKey: "t3" }, data: { sentAt: now } });
  const historyOf = async (licenseId: string) =>
    (await getLicenseForCustomer({ licenseId, customerId: ids.customerId, now }))?.history.length;
  expect(await historyOf(one.id)).toBe(1);
  expect(await historyOf(two.id)).toBe(0);
});
