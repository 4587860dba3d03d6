import { expect, test } from "vitest";
import { DomainError } from "#app/domain/domain-error.ts";
import { newId } from "#app/domain/ids.ts";
import { assessLicense } from "#app/domain/license/assess-license.ts";
import { createLicenses } from "#app/domain/license/create-licenses.server.ts";
import { normalizeKey } from "#app/domain/license/license-key.ts";
import {
  assign,
  changeDeviceLimit,
  changeMetadata,
  extend,
  reinstate,
  resend,
  revoke,
  rotateKey,
  setEnd,
  suspend,
} from "#app/domain/license/manage-license.server.ts";
import { findManagedLicense } from "#app/domain/license/managed-license.queries.server.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { aCustomer, aLicense, anActivation, aPolicy } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const now = new Date("2026-11-21T12:00:00.000Z");
const program = { type: "api-key", id: newId("key"), label: "Shop back end" } as const;
const act = { actor: program, now, requestId: "req-1" };
const inDays = (days: number) => new Date(now.getTime() + days * 86_400_000);
const on = (license: { id: string }) => ({ ...act, licenseId: license.id });
const auditOf = (licenseId: string) =>
  db().auditLog.findMany({ where: { licenseId }, orderBy: { seq: "asc" } });

async function refusal(work: Promise<unknown>): Promise<DomainError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DomainError)) throw new Error(`expected a refusal, got ${String(error)}`);
  return error;
}

test("a program makes licenses for nobody, with the policy's terms and an order of its own", async () => {
  const policy = await aPolicy({ term: "days", termDays: 30, deviceLimit: 2, leaseSeconds: 600 });
  const { orderId, licenses } = await createLicenses({
    ...act,
    policy: policy.slug,
    quantity: 3,
    metadata: { subscription: "sub_1" },
  });
  expect(licenses).toHaveLength(3);
  expect(new Set(licenses.map(({ key }) => normalizeKey(key ?? ""))).size).toBe(3);
  for (const license of licenses) {
    expect(license).toMatchObject({
      customer: null,
      deviceLimit: 2,
      leaseSeconds: 600,
      metadata: { subscription: "sub_1" },
      activeDevices: 0,
      order: { id: orderId },
      facts: { term: "days", paidUntil: inDays(30) },
    });
    expect(await auditOf(license.id)).toMatchObject([
      { event: "license.issued", actorType: "api-key", actorId: program.id, reason: "Through the API" },
    ]);
  }
  expect(await db().order.findUnique({ where: { id: orderId } })).toMatchObject({ origin: "api" });
  expect(await db().email.count({ where: { orderId } })).toBe(0);
});

test("what a program says about terms and customer outranks the policy", async () => {
  const policy = await aPolicy({ term: "subscription", deviceLimit: 2 });
  const { orderId, licenses } = await createLicenses({
    ...act,
    policy: policy.id,
    quantity: 1,
    customer: { email: " Mia@Example.com ", name: "Mia" },
    validUntil: null,
    deviceLimit: null,
    entitlements: { pro: true },
    sendEmail: true,
  });
  expect(licenses[0]).toMatchObject({
    customer: { email: "mia@example.com", name: "Mia" },
    deviceLimit: null,
    entitlements: { pro: true },
    facts: { term: "perpetual", paidUntil: null },
  });
  expect(await db().email.findMany({ where: { orderId } })).toMatchObject([
    { kind: "license-issued", recipient: "mia@example.com" },
  ]);
});

test("wrong input for new licenses is refused with its field, and nothing is left behind", async () => {
  const dated = await aPolicy({ term: "days", termDays: 30 });
  const endless = await aPolicy({ term: "subscription" });
  const before = await db().order.count();
  const wrong = [
    ["policy", { policy: "no-such-policy" }],
    ["quantity", { quantity: 0 }],
    ["quantity", { quantity: 101 }],
    ["validUntil", { validUntil: now }],
    ["validUntil", { policy: endless.slug }],
    ["deviceLimit", { deviceLimit: 0 }],
    ["customer", { customer: { email: "no address" } }],
    ["customer", { customer: { customerId: "cust_unknown" } }],
    ["metadata", { metadata: { "": "x" } }],
    ["sendEmail", { sendEmail: true }],
  ] as const;
  for (const [field, fields] of wrong)
    expect(
      (await refusal(createLicenses({ ...act, policy: dated.slug, quantity: 1, ...fields }))).field,
    ).toBe(field);
  expect(await db().order.count()).toBe(before);
});

test("revoking twice is one revocation, by the program that came first", async () => {
  const license = await aLicense();
  const first = await revoke({ ...on(license), reason: "chargeback" });
  expect(first.revokedReason).toBe("chargeback");
  const again = await revoke({ ...on(license), reason: "once more", now: inDays(1) });
  expect(again).toMatchObject({ revokedAt: now, revokedReason: "chargeback", version: first.version });
  expect(await auditOf(license.id)).toMatchObject([
    { event: "license.revoked", actorLabel: "Shop back end", reason: "chargeback", requestId: "req-1" },
  ]);
  for (const work of [
    () => suspend(on(license)),
    () => reinstate(on(license)),
    () => extend({ ...on(license), period: { days: 1 } }),
    () => setEnd({ ...on(license), end: null }),
    () => changeDeviceLimit({ ...on(license), deviceLimit: 9 }),
    () => rotateKey({ ...on(license), overlapHours: 0 }),
  ])
    expect((await refusal(work())).code).toBe("CONFLICT");
});

test("a suspension is lifted by whom it belongs to, and both may be repeated", async () => {
  const license = await aLicense();
  const statusOf = (managed: { facts: Parameters<typeof assessLicense>[0] }) =>
    assessLicense(managed.facts, now).status;
  expect(statusOf(await suspend(on(license)))).toBe("suspended");
  expect((await suspend(on(license))).version).toBe(2);
  expect(statusOf(await reinstate(on(license)))).toBe("unused");
  expect((await reinstate(on(license))).version).toBe(3);
  await db().licenseHold.create({
    data: { id: newId("hold"), licenseId: license.id, cause: "dispute:dp_1", reason: "disputed" },
  });
  expect((await refusal(reinstate(on(license)))).code).toBe("INVALID");
});

test("an end is granted to the instant or by a period, never earlier", async () => {
  const license = await aLicense({ term: "days", paidUntil: inDays(10) });
  const later = new Date("2027-02-01T09:30:15.250Z");
  expect((await extend({ ...on(license), until: later })).facts.extendedUntil).toEqual(later);
  expect((await extend({ ...on(license), until: later })).version).toBe(2);
  const { facts } = await extend({ ...on(license), period: { months: 1 } });
  expect(facts.extendedUntil).toEqual(new Date("2027-03-01T09:30:15.250Z"));
  expect((await refusal(extend({ ...on(license), until: inDays(1) }))).code).toBe("INVALID");
  expect((await refusal(extend({ ...on(license), period: { days: 0 } }))).code).toBe("INVALID");
  expect((await refusal(extend({ ...on(await aLicense()), period: { days: 1 } }))).code).toBe("CONFLICT");
});

test("an exact end may be earlier only where no purchase of ours stands behind the license", async () => {
  const given = await aLicense({ term: "days", paidUntil: inDays(10), extendedUntil: inDays(20) });
  const shorter = await setEnd({ ...on(given), end: inDays(2) });
  expect(shorter.facts).toMatchObject({ paidUntil: inDays(2), extendedUntil: null });
  expect((await setEnd({ ...on(given), end: inDays(2) })).version).toBe(shorter.version);
  expect((await setEnd({ ...on(given), end: null })).facts).toMatchObject({
    paidUntil: null,
    term: "perpetual",
  });
  expect((await auditOf(given.id)).map(({ event }) => event)).toEqual([
    "license.shortened",
    "license.extended",
  ]);

  const bought = await aLicense({
    ...{ term: "days", paidUntil: inDays(10), sourceId: "cs_test_bought", itemKey: "li_1", ordinal: 0 },
  });
  expect((await refusal(setEnd({ ...on(bought), end: inDays(2) }))).code).toBe("CONFLICT");
  expect((await refusal(setEnd({ ...on(bought), end: null }))).code).toBe("CONFLICT");
  expect((await setEnd({ ...on(bought), end: inDays(30) })).facts).toMatchObject({
    paidUntil: inDays(10),
    extendedUntil: inDays(30),
  });
});

test("limit and metadata change once, and the log keeps no text of the metadata", async () => {
  const license = await aLicense();
  expect((await changeDeviceLimit({ ...on(license), deviceLimit: 7 })).deviceLimit).toBe(7);
  await changeDeviceLimit({ ...on(license), deviceLimit: 7 });
  const { metadata } = await changeMetadata({ ...on(license), metadata: { crm: "private text" } });
  expect(metadata).toEqual({ crm: "private text" });
  const log = await auditOf(license.id);
  expect(log.map(({ event }) => event)).toEqual(["license.limit-changed", "license.metadata-changed"]);
  expect(log[0]).toMatchObject({ before: { deviceLimit: 3 }, after: { deviceLimit: 7 } });
  expect(JSON.stringify(log[1]?.after)).not.toContain("private text");
});

test("a license is given to one customer and to no other after", async () => {
  const license = await aLicense({ customerId: null });
  const owned = await assign({ ...on(license), email: "leo@example.com", name: "Leo" });
  expect(owned.customer).toMatchObject({ email: "leo@example.com", name: "Leo" });
  expect((await assign({ ...on(license), email: "LEO@example.com" })).version).toBe(owned.version);
  expect((await refusal(assign({ ...on(license), email: "eve@example.com" }))).code).toBe("CONFLICT");
});

test("a key is mailed to its owner or elsewhere, and to nobody where there is nobody", async () => {
  const customer = await aCustomer({ email: "kim@example.com" });
  const license = await aLicense({ customerId: customer.id });
  await resend(on(license));
  await resend({ ...on(license), recipient: "kim@work.example" });
  const mails = await db().email.findMany({
    where: { licenseId: license.id },
    orderBy: { createdAt: "asc" },
  });
  expect(mails.map(({ recipient }) => recipient).sort()).toEqual(["kim@example.com", "kim@work.example"]);
  expect((await refusal(resend(on(await aLicense({ customerId: null }))))).field).toBe("recipient");
});

test("a replaced key is found while its overlap runs, then only the new one; devices stay", async () => {
  const slot = { sourceId: "cs_test_rotated", itemKey: "li_1", ordinal: 0 };
  const license = await aLicense(slot);
  const device = await anActivation({ licenseId: license.id, fingerprint: "mac-1" });
  const old = await findManagedLicense(license.id, now);
  const { key } = await rotateKey({ ...on(license), overlapHours: 24 });
  expect(key).not.toBe(old?.key);
  expect((await findManagedLicense(old?.key ?? "", now))?.id).toBe(license.id);
  expect(await findManagedLicense(old?.key ?? "", inDays(1))).toBeNull();
  const found = await findManagedLicense(key, inDays(1));
  expect(found?.devices).toMatchObject([{ id: device.id, fingerprint: "mac-1" }]);
  expect((await rotateKey({ ...on(license), overlapHours: 0 })).key).not.toBe(key);
  expect(await findManagedLicense(key, now)).toBeNull();
  expect((await refusal(rotateKey({ ...on(license), overlapHours: 721 }))).field).toBe("overlapHours");
});

test("keys of a license without a slot are replaced, too", async () => {
  const license = await aLicense();
  const { key } = await rotateKey({ ...on(license), overlapHours: 1 });
  expect((await findManagedLicense(key, now))?.id).toBe(license.id);
});

test("an act that fails later in the same transaction leaves nothing", async () => {
  const license = await aLicense();
  const failed = inTransaction(async () => {
    await revoke(on(license));
    throw new Error("later");
  });
  await expect(failed).rejects.toThrow("later");
  expect((await findManagedLicense(license.id, now))?.revokedAt).toBeNull();
});

test("an unknown license is not found, whatever is asked", async () => {
  for (const licenseId of ["lic_unknown", "", "\u0000"]) {
    expect((await refusal(revoke({ ...act, licenseId }))).code).toBe("NOT_FOUND");
    expect((await refusal(changeMetadata({ ...act, licenseId, metadata: {} }))).code).toBe("NOT_FOUND");
    expect(await findManagedLicense(licenseId, now)).toBeNull();
  }
});
