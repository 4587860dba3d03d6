import { expect, test } from "vitest";
import { DomainError } from "#app/domain/domain-error.ts";
import { limitDevices } from "#app/domain/license/limit-devices.server.ts";
import { db } from "#app/infra/db.server.ts";
import { aLicense, anActivation } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();

const now = new Date("2026-11-21T12:00:00Z");
const change = (licenseId: string, deviceLimit: number | null, version = 1) => ({
  ...{ licenseId, deviceLimit, version, submission: crypto.randomUUID(), reason: "asked for it" },
  actor: { type: "staff" as const, id: "staff_1", label: "ada@example.com" },
  ...{ now, requestId: null },
});

test("staff change the device limit, with a record of before and after; what is in use stays so", async () => {
  const { id } = await aLicense({ deviceLimit: 3 });
  for (let n = 0; n < 2; n++) await anActivation({ licenseId: id });
  expect((await limitDevices(change(id, 5))).message).toBe("Device limit changed to 5 devices.");
  expect((await limitDevices(change(id, 1, 2))).message).toBe(
    "Device limit changed to 1 device. 2 are in use and stay so; no other can be activated until enough are released.",
  );
  expect((await limitDevices(change(id, null, 3))).message).toBe(
    "Device limit changed to any number of devices.",
  );
  expect(await db().license.findUnique({ where: { id } })).toMatchObject({ deviceLimit: null, version: 4 });
  expect(await db().activation.count({ where: { licenseId: id, releasedAt: null } })).toBe(2);
  const rows = await db().auditLog.findMany({ where: { licenseId: id }, orderBy: { seq: "asc" } });
  expect(rows.map(({ event, reason }) => [event, reason])).toEqual(
    Array.from({ length: 3 }, () => ["license.limit-changed", "asked for it"]),
  );
  expect(rows[0]).toMatchObject({ before: { deviceLimit: 3 }, after: { deviceLimit: 5 } });
});

test("a limit it has, one that is none, and a revoked license are refused and nothing changes", async () => {
  const { id } = await aLicense({ deviceLimit: 3 });
  const revoked = await aLicense({ revokedAt: now });
  for (const [licenseId, limit, field] of [
    [id, 3, "deviceLimit"],
    [id, 0, "deviceLimit"],
    [id, 1.5, "deviceLimit"],
    [revoked.id, 9, undefined],
  ] as const) {
    const error = await limitDevices(change(licenseId, limit)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DomainError);
    expect(error).toMatchObject({ code: "INVALID", field });
  }
  expect(await db().license.findUnique({ where: { id } })).toMatchObject({ deviceLimit: 3, version: 1 });
});
