import { expect, test } from "vitest";
import { listOwnDevices } from "#app/domain/activation/own-devices.queries.server.ts";
import { releaseDevice } from "#app/domain/activation/release-device.server.ts";
import { releaseOwnDevice } from "#app/domain/activation/release-own-device.server.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { getLicenseForCustomer } from "#app/domain/license/portal-license.queries.server.ts";
import { db } from "#app/infra/db.server.ts";
import { aCustomer, aLicense, anActivation, aPolicy } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();

const now = new Date("2026-11-21T12:00:00Z");
const later = (hours: number) => new Date(now.getTime() + hours * 3_600_000);

/** A license with devices, its owner, and what the owner may do. */
async function aLicenseWithDevices(count: number, policy: Parameters<typeof aPolicy>[0] = {}) {
  const { id: policyId } = await aPolicy({ deviceLimit: 10, ...policy });
  const customer = await aCustomer();
  const license = await aLicense({ policyId, customerId: customer.id });
  const devices = [];
  for (let n = 1; n <= count; n++)
    devices.push(await anActivation({ licenseId: license.id, name: `Mac ${n}`, lastSeenAt: later(-n) }));
  const about = { licenseId: license.id, customerId: customer.id };
  const actor = { type: "customer" as const, id: customer.id, label: customer.email };
  const release = (activationId = "", at = now) =>
    releaseOwnDevice({ ...about, activationId, actor, now: at, requestId: "req-1" });
  const list = async (at = now) => {
    const devices = await listOwnDevices({ ...about, now: at });
    if (!devices) throw new Error("not theirs");
    return devices;
  };
  return { license, customer, devices, about, actor, release, list, policyId };
}

async function refusal(work: Promise<unknown>): Promise<DomainError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof DomainError) return error;
  throw new Error(`This should have been refused: ${String(error)}`);
}

test("the owner releases a device, which frees its seat and is on record with its name", async () => {
  const { license, customer, devices, release, list } = await aLicenseWithDevices(2);
  expect((await release(devices[0]?.id)).message).toBe(
    "Mac 1 is released. Its seat is free for another device.",
  );
  expect((await list()).devices.map(({ name }) => name)).toEqual(["Mac 2"]);
  const [row] = await db().auditLog.findMany({ where: { licenseId: license.id } });
  expect(row).toMatchObject({
    ...{ event: "activation.released", actorType: "customer", actorId: customer.id, requestId: "req-1" },
    after: { deviceName: "Mac 1" },
  });
  const shown = await getLicenseForCustomer({ licenseId: license.id, customerId: customer.id, now });
  expect(shown?.devicesUsed).toBe(1);
  expect(shown?.history).toMatchObject([{ title: "Device released", detail: "Mac 1" }]);
});

test("after as many releases as the policy allows the owner is told from when on there is another", async () => {
  const { devices, release, list } = await aLicenseWithDevices(5, { releaseLimit: 2, releaseWindowDays: 7 });
  expect((await list()).release).toEqual({
    allowed: true,
    words: "You can release 2 devices yourself within 7 days.",
  });
  await release(devices[0]?.id, now);
  await release(devices[1]?.id, later(24));
  const refused = await refusal(release(devices[2]?.id, later(48)));
  expect(refused).toMatchObject({ code: "RATE_LIMITED", context: { retryAfterSeconds: 5 * 86_400 } });
  expect(refused.publicMessage).toContain("from 28 Nov 2026, 12:00 UTC on");
  expect(await list(later(48))).toMatchObject({ release: { allowed: false, words: refused.publicMessage } });
  expect((await list(later(48))).devices).toHaveLength(3);
  await release(devices[2]?.id, later(7 * 24));
});

test("the policy as it is now decides, not as it was when the license was issued", async () => {
  const { devices, release, policyId } = await aLicenseWithDevices(2, { releaseLimit: 0 });
  expect(await refusal(release(devices[0]?.id))).toMatchObject({ code: "INVALID" });
  await db().policy.update({ where: { id: policyId }, data: { releaseLimit: null } });
  await release(devices[0]?.id);
  await db().policy.update({ where: { id: policyId }, data: { releaseCooldownHours: 12 } });
  expect((await refusal(release(devices[1]?.id, later(11)))).code).toBe("RATE_LIMITED");
  await release(devices[1]?.id, later(12));
});

test("releases by staff and apps use up nothing, nor does releasing a device twice", async () => {
  const { license, devices, release } = await aLicenseWithDevices(4, { releaseLimit: 1 });
  const [first, second, third, fourth] = devices.map(({ id }) => id);
  const act = { licenseId: license.id, actor: systemActor("app"), now, requestId: null };
  await releaseDevice({ ...act, device: { activationId: first ?? "" } });
  await releaseDevice({ ...act, device: { activationId: second ?? "" } });
  expect((await release(first)).message).toBe("Mac 1 does not use a seat any more.");
  await release(third);
  expect((await release(third)).message).toBe("Mac 3 does not use a seat any more.");
  expect((await refusal(release(fourth))).code).toBe("RATE_LIMITED");
});

test("of many clicks at once no more release than the policy allows", async () => {
  const { license, devices, release } = await aLicenseWithDevices(8, { releaseLimit: 3 });
  const tries = await Promise.allSettled(devices.map(({ id }) => release(id)));
  expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
  expect(await db().activation.count({ where: { licenseId: license.id, releasedAt: null } })).toBe(5);
});

test("nobody sees or releases the devices of somebody else's license", async () => {
  const [ada, bob] = [await aLicenseWithDevices(1), await aLicenseWithDevices(1)];
  const [device] = bob.devices;
  expect(await listOwnDevices({ ...ada.about, licenseId: bob.license.id, now })).toBeNull();
  for (const licenseId of [bob.license.id, ada.license.id, "lic_none", "a\u0000b"])
    expect(
      await refusal(
        releaseOwnDevice({
          ...{ licenseId, customerId: ada.customer.id, activationId: device?.id ?? "" },
          ...{ actor: ada.actor, now, requestId: null },
        }),
      ),
    ).toMatchObject({ code: "NOT_FOUND" });
  expect((await refusal(ada.release("a\u0000b"))).code).toBe("NOT_FOUND");
  expect(await db().activation.count({ where: { licenseId: bob.license.id, releasedAt: null } })).toBe(1);
});

test("a floating seat past its lease is listed as free and needs no release", async () => {
  const { license, devices, release, list, customer } = await aLicenseWithDevices(2, { leaseSeconds: 600 });
  const [lapsed] = devices;
  await db().activation.update({ where: { id: lapsed?.id ?? "" }, data: { leaseUntil: later(-1) } });
  expect((await list()).devices.map(({ usesSeat }) => usesSeat)).toEqual([false, true]);
  expect((await release(lapsed?.id)).message).toBe("Mac 1 does not use a seat any more.");
  const shown = await getLicenseForCustomer({ licenseId: license.id, customerId: customer.id, now });
  expect(shown?.devicesUsed).toBe(1);
});
