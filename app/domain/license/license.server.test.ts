import { expect, test } from "vitest";
import { DomainError } from "#app/domain/domain-error.ts";
import { newId } from "#app/domain/ids.ts";
import { assessLicense } from "#app/domain/license/assess-license.ts";
import type { LicenseChange } from "#app/domain/license/change-license.server.ts";
import {
  assignLicense,
  extendLicense,
  issueLicenseByHand,
  reinstateLicense,
  resendLicense,
  resendLicenseToOwner,
  revealKey,
  revokeLicense,
  suspendLicense,
} from "#app/domain/license/license.server.ts";
import type { LicenseAct } from "#app/domain/license/license-acts.ts";
import { licenseFacts } from "#app/domain/license/license-facts.ts";
import { randomKey } from "#app/domain/license/license-key.server.ts";
import { listLicensesForCustomer } from "#app/domain/license/portal-license.queries.server.ts";
import { db } from "#app/infra/db.server.ts";
import {
  aCustomer,
  aLicense,
  aPolicy,
  aProduct,
  aStaffMember,
  type LicenseOverrides,
} from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const now = new Date("2026-11-21T12:00:00.000Z");
const staffRow = await aStaffMember({ email: "ada@example.com" });
const ada = { type: "staff", id: staffRow.id, label: "ada@example.com" } as const;
const bob = { type: "staff", id: newId("staff"), label: "bob@example.com" } as const;

/** A form as the page sends it, for a license as it was read. */
const form = (
  license: { id: string; version: number },
  fields: Partial<LicenseChange & { actor: typeof ada | typeof bob }> = {},
) => ({
  licenseId: license.id,
  version: license.version,
  submission: crypto.randomUUID(),
  reason: "asked by phone",
  notifyCustomer: false,
  actor: ada,
  now,
  requestId: "req-1",
  ...fields,
});
const read = (id: string) =>
  db().license.findUniqueOrThrow({ where: { id }, include: { holds: true, customer: true } });
const auditOf = (licenseId: string) =>
  db().auditLog.findMany({ where: { licenseId }, orderBy: { seq: "asc" } });
const mailsOf = (licenseId: string) => db().email.findMany({ where: { licenseId } });
const statusOf = async (id: string) => assessLicense(licenseFacts(await read(id)), now).status;
const oneYear = { kind: "period", count: 1, unit: "year" } as const;
const dated = (overrides: LicenseOverrides = {}) =>
  aLicense({ term: "days", paidUntil: new Date("2027-01-31T12:00:00.000Z"), ...overrides });

async function refusal(work: Promise<unknown>): Promise<DomainError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DomainError)) throw new Error(`expected a refusal, got ${String(error)}`);
  return error;
}

test("extending grants the end, raises the version and leaves a record of before and after", async () => {
  const license = await dated();
  const { message } = await extendLicense({ ...form(license), extension: oneYear });
  expect(message).toBe("License extended. It now ends 31 Jan 2028.");
  const after = await read(license.id);
  expect(after.extendedUntil).toEqual(new Date("2028-01-31T12:00:00.000Z"));
  expect(after.paidUntil).toEqual(license.paidUntil);
  expect(after.version).toBe(2);
  expect(await auditOf(license.id)).toMatchObject([
    {
      event: "license.extended",
      actorType: "staff",
      actorId: ada.id,
      actorLabel: "ada@example.com",
      reason: "asked by phone",
      requestId: "req-1",
      before: { version: 1, extendedUntil: null },
      after: { version: 2, extendedUntil: "2028-01-31T12:00:00.000Z" },
    },
  ]);
  expect(await mailsOf(license.id)).toEqual([]);
});

test("a perpetual license, a revoked one and an earlier date are refused and nothing changes", async () => {
  const perpetual = await aLicense();
  const error = await refusal(extendLicense({ ...form(perpetual), extension: oneYear }));
  expect([error.code, error.publicMessage]).toEqual(["INVALID", expect.stringContaining("never ends")]);

  const revoked = await aLicense({ paidUntil: now, revokedAt: now, revokedBy: "staff" });
  expect((await refusal(extendLicense({ ...form(revoked), extension: oneYear }))).publicMessage).toMatch(
    /revoked license cannot be extended/,
  );

  const license = await dated();
  const earlier = { kind: "date", date: "2027-01-30" } as const;
  const early = await refusal(extendLicense({ ...form(license), extension: earlier }));
  expect(early.field).toBe("date");
  expect(early.publicMessage).toMatch(/30 Jan 2027 .*31 Jan 2027/);
  expect(await auditOf(license.id)).toEqual([]);
  expect((await read(license.id)).version).toBe(1);
});

test("suspending holds it, a second suspend is refused, reinstating lifts it", async () => {
  const license = await aLicense();
  await suspendLicense(form(license));
  expect(await statusOf(license.id)).toBe("suspended");
  const again = await refusal(suspendLicense(form({ id: license.id, version: 2 })));
  expect([again.code, again.publicMessage]).toEqual([
    "INVALID",
    "This license is already suspended by staff, since 21 Nov 2026.",
  ]);
  expect(await reinstateLicense(form({ id: license.id, version: 2 }))).toEqual({
    message: "License reinstated.",
  });
  expect(await statusOf(license.id)).toBe("unused");
  const idle = await refusal(reinstateLicense(form({ id: license.id, version: 3 })));
  expect(idle.publicMessage).toMatch(/not suspended/);
  expect((await auditOf(license.id)).map((row) => [row.event, row.before, row.after])).toMatchObject([
    ["license.suspended", { holds: [] }, { holds: ["staff"] }],
    ["license.reinstated", { holds: ["staff"] }, { holds: [] }],
  ]);
});

test("reinstating leaves the holds of others and says which remain; no mail claims otherwise", async () => {
  const license = await aLicense();
  await db().licenseHold.createMany({
    data: ["refund:ch_1", "dispute:dp_1"].map((cause) => ({
      id: newId("hold"),
      licenseId: license.id,
      cause,
      reason: "Stripe",
    })),
  });
  const notOurs = await refusal(reinstateLicense(form(license)));
  expect(notOurs.publicMessage).toMatch(/Staff did not suspend .* a refund \(ch_1\) and a dispute \(dp_1\)/);

  await suspendLicense(form(license));
  const { message } = await reinstateLicense(form({ id: license.id, version: 2 }, { notifyCustomer: true }));
  expect(message).toBe(
    "The suspension by staff is lifted, but the license stays on hold because of a refund (ch_1) and a dispute (dp_1).",
  );
  expect((await read(license.id)).holds.map((hold) => hold.cause).sort()).toEqual([
    "dispute:dp_1",
    "refund:ch_1",
  ]);
  expect(await mailsOf(license.id)).toEqual([]);
});

test("revoking asks for the last group of the key and is final", async () => {
  const license = await aLicense({ paidUntil: new Date("2027-01-31T12:00:00.000Z") });
  const wrong = await refusal(revokeLicense({ ...form(license), confirmation: "0000" }));
  expect([wrong.code, wrong.field]).toEqual(["INVALID", "confirmation"]);
  expect((await read(license.id)).revokedAt).toBeNull();

  const typed = ` ${license.keyLastGroup.toLowerCase()} `;
  await revokeLicense({ ...form(license, { reason: "  key was shared  " }), confirmation: typed });
  const after = await read(license.id);
  expect(after).toMatchObject({
    revokedAt: now,
    revokedBy: "staff",
    revokedReason: "key was shared",
    version: 2,
  });

  const again = { id: license.id, version: 2 };
  for (const act of [
    () => extendLicense({ ...form(again), extension: oneYear }),
    () => suspendLicense(form(again)),
    () => reinstateLicense(form(again)),
    () => revokeLicense({ ...form(again), confirmation: license.keyLastGroup }),
    () => resendLicense({ ...form(again) }),
  ])
    expect((await refusal(act())).publicMessage).toMatch(/revoked/);
  expect((await read(license.id)).version).toBe(2);
  expect((await auditOf(license.id)).length).toBe(1);
});

test("a reason of 3 to 500 characters is asked for", async () => {
  const license = await aLicense();
  for (const reason of ["", "  ok  ", "x".repeat(501)]) {
    const error = await refusal(suspendLicense(form(license, { reason })));
    expect([error.code, error.field]).toEqual(["INVALID", "reason"]);
  }
  await suspendLicense(form(license, { reason: "x".repeat(500) }));
});

test("the customer is told in the same transaction, once, when staff asks for it", async () => {
  const customer = await aCustomer();
  const license = await dated({ customerId: customer.id });
  const request = form(license, { notifyCustomer: true, note: " Sorry for the wait. " });
  const { message } = await extendLicense({ ...request, extension: oneYear });
  expect(message).toBe(`License extended. It now ends 31 Jan 2028. ${customer.email} gets an email.`);
  expect(await mailsOf(license.id)).toMatchObject([
    {
      kind: "license-changed",
      causeKey: request.submission,
      recipient: customer.email,
      props: {
        licenseId: license.id,
        change: "extended",
        validUntil: "2028-01-31T12:00:00.000Z",
        note: "Sorry for the wait.",
      },
    },
  ]);
});

test("the same form again says the same and changes nothing, also when it is sent twice at once", async () => {
  const license = await dated();
  const request = { ...form(license, { notifyCustomer: true }), extension: oneYear };
  const answers = await Promise.all([extendLicense(request), extendLicense(request), extendLicense(request)]);
  expect(new Set(answers.map((answer) => answer.message)).size).toBe(1);
  expect(await extendLicense(request)).toEqual(answers[0]);
  expect((await read(license.id)).version).toBe(2);
  expect((await auditOf(license.id)).length).toBe(1);
  expect((await mailsOf(license.id)).length).toBe(1);
});

test("a form that was refused may be corrected and sent with the same token", async () => {
  const license = await aLicense();
  const request = form(license);
  await refusal(revokeLicense({ ...request, confirmation: "nope" }));
  await revokeLicense({ ...request, confirmation: license.keyLastGroup });
  expect(await statusOf(license.id)).toBe("revoked");
});

test("the second of two staff gets a conflict that shows the first one's act", async () => {
  const license = await dated();
  const first = { ...form(license, { actor: bob, reason: "goodwill" }), extension: oneYear };
  await extendLicense(first);
  const error = await refusal(suspendLicense(form(license)));
  expect(error.code).toBe("CONFLICT");
  expect(error.context.changes).toEqual([
    { who: "bob@example.com", what: "Extended to 31 Jan 2028", why: "goodwill", when: now.toISOString() },
  ] satisfies LicenseAct[]);
  expect(await statusOf(license.id)).toBe("unused");
  expect((await read(license.id)).holds).toEqual([]);
});

test("of many staff acting at the same moment on one version exactly one succeeds", async () => {
  const license = await dated();
  const results = await Promise.allSettled(
    Array.from({ length: 6 }, (_, i) =>
      i % 2
        ? suspendLicense(form(license, { actor: bob }))
        : extendLicense({ ...form(license), extension: oneYear }),
    ),
  );
  expect(results.filter((result) => result.status === "fulfilled").length).toBe(1);
  for (const result of results)
    if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "CONFLICT" });
  expect((await read(license.id)).version).toBe(2);
  expect((await auditOf(license.id)).length).toBe(1);
});

test("an unknown id is not found by any act", async () => {
  const unknown = { id: "lic_unknown", version: 1 };
  for (const id of ["lic_unknown", "", "lic_\u0000"]) {
    const error = await refusal(suspendLicense(form({ ...unknown, id })));
    expect(error.code).toBe("NOT_FOUND");
  }
  expect((await refusal(extendLicense({ ...form(unknown), extension: oneYear }))).code).toBe("NOT_FOUND");
  expect((await refusal(revokeLicense({ ...form(unknown), confirmation: "" }))).code).toBe("NOT_FOUND");
  expect((await refusal(resendLicense(form(unknown)))).code).toBe("NOT_FOUND");
  const reveal = { licenseId: "lic_unknown", actor: ada, now, requestId: null };
  expect((await refusal(revealKey(reveal))).code).toBe("NOT_FOUND");
});

test("staff sends a key again to its owner, or with a reason to a corrected address; the owner stays", async () => {
  const customer = await aCustomer();
  const license = await aLicense({ customerId: customer.id });
  await resendLicense({ ...form(license), reason: "" });
  const other = { ...form(license), recipient: " New@Example.com " };
  expect((await refusal(resendLicense({ ...other, reason: "" }))).field).toBe("reason");
  expect((await refusal(resendLicense({ ...other, recipient: "nobody" }))).field).toBe("recipient");
  expect(await resendLicense(other)).toEqual({ message: "Key sent again to new@example.com." });
  await resendLicense(other);
  expect((await mailsOf(license.id)).map((mail) => [mail.kind, mail.recipient, mail.props])).toEqual([
    ["license-resent", customer.email, { licenseId: license.id }],
    ["license-resent", "new@example.com", { licenseId: license.id }],
  ]);
  expect(await read(license.id)).toMatchObject({ customerId: customer.id, version: 1 });
  expect(await auditOf(license.id)).toMatchObject([
    { event: "license.resent", after: { recipient: customer.email }, reason: null },
    { event: "license.resent", after: { recipient: "new@example.com" }, reason: "asked by phone" },
  ]);
});

test("an owner may ask three times an hour; somebody else's license is not found", async () => {
  const license = await aLicense();
  const owner = { type: "customer", id: license.customerId, label: "owner" } as const;
  const ask = (minutes: number, customerId = license.customerId, submission = crypto.randomUUID()) =>
    resendLicenseToOwner({
      licenseId: license.id,
      customerId,
      actor: owner,
      submission,
      now: new Date(now.getTime() + minutes * 60_000),
      requestId: null,
    });
  expect((await refusal(ask(0, "cust_somebody_else"))).code).toBe("NOT_FOUND");
  const token = crypto.randomUUID();
  await ask(0, license.customerId, token);
  await ask(10);
  await ask(20);
  expect(await ask(30, license.customerId, token)).toMatchObject({ message: expect.stringMatching(/sent/) });
  const limited = await refusal(ask(30));
  expect([limited.code, limited.context.retryAfterSeconds]).toEqual(["RATE_LIMITED", 30 * 60]);
  await resendLicense({ ...form(license) });
  await ask(61);
  expect((await mailsOf(license.id)).length).toBe(5);
});

test("a license without an owner is changed like any other, and nobody is told", async () => {
  const license = await aLicense({ customerId: null });
  const told = { notifyCustomer: true, note: "Hello" };
  expect(await suspendLicense(form(license, told))).toEqual({ message: "License suspended." });
  expect(await reinstateLicense(form({ id: license.id, version: 2 }, told))).toEqual({
    message: "License reinstated.",
  });
  expect(await mailsOf(license.id)).toEqual([]);
  expect(await auditOf(license.id)).toMatchObject([{ customerId: null }, { customerId: null }]);
});

test("the key of a license without an owner goes to an address that is typed, for a reason", async () => {
  const license = await aLicense({ customerId: null });
  expect((await refusal(resendLicense(form(license)))).field).toBe("recipient");
  const typed = { ...form(license), recipient: "buyer@example.com" };
  expect((await refusal(resendLicense({ ...typed, reason: "" }))).field).toBe("reason");
  await resendLicense(typed);
  expect(await mailsOf(license.id)).toMatchObject([{ recipient: "buyer@example.com", customerId: null }]);
  expect((await read(license.id)).customerId).toBeNull();
  const nobody = { type: "customer", id: "cust_nobody", label: "nobody" } as const;
  const ask = { ...form(license), customerId: nobody.id, actor: nobody };
  expect((await refusal(resendLicenseToOwner(ask))).code).toBe("NOT_FOUND");
});

test("a license without an owner is assigned to a customer once, who then has it in the portal", async () => {
  const license = await aLicense({ customerId: null });
  const request = { ...form(license), email: " New-Owner@Example.com ", name: "Nora" };
  const { message } = await assignLicense(request);
  expect(message).toBe("License assigned to new-owner@example.com, who finds it in the portal from now on.");
  expect(await assignLicense(request)).toEqual({ message });
  const { customer, version } = await read(license.id);
  expect([customer?.email, customer?.name, version]).toEqual(["new-owner@example.com", "Nora", 2]);
  const owned = await listLicensesForCustomer({ customerId: customer?.id ?? "", now });
  expect(owned.map(({ id }) => id)).toEqual([license.id]);
  expect(await auditOf(license.id)).toMatchObject([
    { event: "license.assigned", customerId: customer?.id, after: { owner: "new-owner@example.com" } },
  ]);
  expect(await mailsOf(license.id)).toEqual([]);

  const again = { ...form({ id: license.id, version: 2 }), email: "other@example.com" };
  expect((await refusal(assignLicense(again))).message).toContain("belongs to new-owner@example.com");
  expect(await db().customer.count({ where: { email: "other@example.com" } })).toBe(0);
});

test("assigning refuses what is no address, a revoked license and a page that is no longer true", async () => {
  const license = await aLicense({ customerId: null });
  expect((await refusal(assignLicense({ ...form(license), email: "nobody" }))).field).toBe("email");
  await suspendLicense(form(license, { reason: "for a while" }));
  const late = { ...form(license), email: "late@example.com" };
  expect((await refusal(assignLicense(late))).context.changes).toMatchObject([{ what: "Suspended" }]);
  const revoked = await aLicense({ customerId: null, revokedAt: now });
  expect((await refusal(assignLicense({ ...form(revoked), email: "a@example.com" }))).code).toBe("INVALID");
  await assignLicense({ ...late, version: 2, submission: crypto.randomUUID() });
  const stale = await refusal(suspendLicense(form({ id: license.id, version: 2 })));
  expect(stale.context.changes).toMatchObject([{ what: "Assigned to late@example.com" }]);
});

test("a revealed key is the key, and each look is on record", async () => {
  const key = randomKey("TEST");
  const license = await aLicense({ key });
  const look = { licenseId: license.id, actor: ada, now, requestId: "req-9" };
  expect(await revealKey(look)).toEqual({ key });
  await revealKey(look);
  const rows = await auditOf(license.id);
  expect(rows.map((row) => [row.event, row.actorLabel, row.requestId])).toEqual([
    ["license.key-revealed", "ada@example.com", "req-9"],
    ["license.key-revealed", "ada@example.com", "req-9"],
  ]);
  expect(
    JSON.stringify(rows, (_, value) => (typeof value === "bigint" ? Number(value) : value)),
  ).not.toContain(key);
  await db().license.update({ where: { id: license.id }, data: { keyEncryptionKeyId: "another" } });
  expect((await refusal(revealKey(look))).code).toBe("UNAVAILABLE");
  expect((await auditOf(license.id)).length).toBe(2);
});

const byHand = (policyId: string, fields: Partial<Parameters<typeof issueLicenseByHand>[0]> = {}) => ({
  email: ` Grace${policyId}@Example.com `,
  policyId,
  quantity: 1,
  reason: "conference prize",
  submission: crypto.randomUUID(),
  actor: ada,
  now,
  requestId: "req-2",
  ...fields,
});

test("issuing by hand makes customer, order, licenses, records and one mail", async () => {
  const product = await aProduct({ keyPrefix: "LUMEN" });
  const terms = { updatesDays: 365, leaseSeconds: 900, entitlements: { pro: true } };
  const policy = await aPolicy({ productId: product.id, ...terms });
  const { message, orderId, licenseIds } = await issueLicenseByHand(byHand(policy.id, { quantity: 3 }));
  const email = `grace${policy.id}@example.com`;
  const order = await db().order.findUniqueOrThrow({
    where: { id: orderId ?? "" },
    include: { lines: true, licenses: true, customer: true },
  });
  expect(message).toBe(
    `3 licenses issued to ${email} (order #${order.number}). The keys are on the way by email.`,
  );
  expect(order).toMatchObject({ origin: "staff", paidAt: null, fulfilledAt: now, customer: { email } });
  expect(order.lines).toMatchObject([{ quantity: 3, policyId: policy.id }]);
  expect(order.licenses.map((license) => license.id).sort()).toEqual([...licenseIds].sort());
  for (const license of order.licenses)
    expect(license).toMatchObject({
      sourceId: null,
      term: "perpetual",
      paidUntil: null,
      keyPrefix: "LUMEN",
      deviceLimit: 3,
      entitlements: { pro: true },
      updatesUntil: new Date("2027-11-21T12:00:00.000Z"),
    });
  expect(new Set(order.licenses.map((license) => license.keyHmac)).size).toBe(3);
  expect(await db().email.findMany({ where: { orderId } })).toMatchObject([
    { kind: "license-issued", causeKey: orderId, recipient: email },
  ]);
  const audit = await db().auditLog.findMany({
    where: { customerId: order.customerId },
    orderBy: { seq: "asc" },
  });
  expect(audit.map((row) => row.event)).toEqual([
    "customer.created",
    "order.created",
    "license.issued",
    "license.issued",
    "license.issued",
  ]);
  expect(audit.slice(1).every((row) => row.reason === "conference prize" && row.actorId === ada.id)).toBe(
    true,
  );
});

test("issuing by hand twice with one token issues once, also at once", async () => {
  const policy = await aPolicy();
  const request = byHand(policy.id);
  const [first, second] = await Promise.all([issueLicenseByHand(request), issueLicenseByHand(request)]);
  expect(first.message).toBe(second.message);
  expect([first.licenseIds.length, second.licenseIds.length].sort()).toEqual([0, 1]);
  expect(await db().license.count({ where: { policyId: policy.id } })).toBe(1);
  const again = await issueLicenseByHand(byHand(policy.id, { email: "another@example.com" }));
  expect(again.licenseIds.length).toBe(1);
});

test("terms by hand: the policy's own, or a chosen day; a subscription policy needs one", async () => {
  const days = await aPolicy({ term: "days", termDays: 365 });
  const subscription = await aPolicy({ term: "subscription" });
  const perpetual = await aPolicy({});
  const devices = await aPolicy({ seats: "devices", deviceLimit: 2 });
  const issued = async (request: Parameters<typeof issueLicenseByHand>[0]) => {
    const { licenseIds } = await issueLicenseByHand(request);
    return read(licenseIds[0] ?? "");
  };
  expect(await issued(byHand(days.id))).toMatchObject({
    term: "days",
    paidUntil: new Date("2027-11-21T12:00:00.000Z"),
  });
  const chosen = { term: "days", paidUntil: new Date("2026-12-31T23:59:59.999Z") };
  expect(await issued(byHand(perpetual.id, { validUntil: "2026-12-31" }))).toMatchObject(chosen);
  expect(await issued(byHand(subscription.id, { validUntil: "2026-12-31" }))).toMatchObject(chosen);
  expect(await issued(byHand(devices.id, { quantity: 5 }))).toMatchObject({ deviceLimit: 10 });
  expect(await db().license.count({ where: { policyId: devices.id } })).toBe(1);
  expect((await refusal(issueLicenseByHand(byHand(subscription.id)))).field).toBe("validUntil");
});

test("wrong input for a license by hand is refused on its field and leaves nothing", async () => {
  const policy = await aPolicy();
  const archived = await aPolicy({ archivedAt: now });
  const customers = await db().customer.count();
  for (const [fields, field] of [
    [{ email: "nobody" }, "email"],
    [{ quantity: 0 }, "quantity"],
    [{ quantity: 21 }, "quantity"],
    [{ quantity: 1.5 }, "quantity"],
    [{ reason: "x" }, "reason"],
    [{ policyId: "pol_unknown" }, "policyId"],
    [{ policyId: archived.id }, "policyId"],
    [{ validUntil: "2026-11-20" }, "validUntil"],
    [{ validUntil: "2026-02-30" }, "validUntil"],
    [{ validUntil: "2077-01-01" }, "validUntil"],
  ] as const) {
    const error = await refusal(issueLicenseByHand(byHand(policy.id, { ...fields })));
    expect([error.code, error.field]).toEqual(["INVALID", field]);
  }
  expect(await db().customer.count()).toBe(customers);
  expect(await db().license.count({ where: { policyId: policy.id } })).toBe(0);
});
