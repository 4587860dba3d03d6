import { expect, test } from "vitest";
import { createApiKey } from "#app/domain/api-key/api-key.server.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { changeDeviceLimit, rotateKey } from "#app/domain/license/manage-license.server.ts";
import { db } from "#app/infra/db.server.ts";
import { startApi } from "#tests/api/api-server.ts";
import type { DialectClient } from "#tests/api/dialect-clients.ts";
import {
  clientOf,
  grantedSeat,
  refusedSeat,
  type SeatDialect,
  seatDialects,
} from "#tests/api/every-client.ts";
import { aLicense, aPolicy, aProduct, type LicenseOverrides } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

// The rules of seats are the same for the apps of every system.
await useTestRuntime();
const { url } = await startApi();
const product = await aProduct({ slug: "lumen" });
const policy = await aPolicy({ productId: product.id, deviceLimit: 2 });
const { key: apiKey, record } = await createApiKey({
  ...{ name: "Shop", scopes: ["licenses:read", "licenses:write"], expiresAt: null, createdBy: "test" },
  ...{ actor: systemActor("test"), now: new Date(), requestId: null },
});
const server = { url, product: "lumen", backEnd: { Authorization: `Bearer ${apiKey}` } };

async function aKey(overrides: LicenseOverrides = {}) {
  const license = await aLicense({ policyId: policy.id, ...overrides });
  return { id: license.id, key: readKey(license) };
}
const program = { type: "api-key", id: record.id, label: record.name } as const;
const act = () => ({ actor: program, now: new Date(), requestId: null, reason: "test" });

/** What the app of a device is told that asks for a seat. */
async function take(client: DialectClient, key: string, device: string): Promise<string> {
  return client.says(await client.activate(key, device));
}

test.each(seatDialects)(
  "%s: a device that has the last seat keeps it however often it asks",
  async (dialect) => {
    const client = clientOf(dialect, server);
    const { id, key } = await aKey({ deviceLimit: 1 });
    expect(await take(client, key, "a")).toBe(grantedSeat[dialect]);
    for (let again = 0; again < 2; again++)
      expect(await take(client, key, "a")).toBe(
        dialect === "Keygen" ? "422 FINGERPRINT_TAKEN" : grantedSeat[dialect],
      );
    expect(client.says(await client.check(key, "a"))).toMatch(/^200 (valid|success)/);
    expect(await db().activation.count({ where: { licenseId: id } })).toBe(1);
  },
);

test.each(seatDialects)(
  "%s: a released seat goes to the next device, and comes back when it is free",
  async (dialect) => {
    const client = clientOf(dialect, server);
    const { id, key } = await aKey({ deviceLimit: 1 });
    expect(await take(client, key, "a")).toBe(grantedSeat[dialect]);
    expect(await take(client, key, "b")).toBe(refusedSeat[dialect]);
    expect((await client.deactivate(key, "a")).status).toBeLessThan(300);
    expect(await take(client, key, "b")).toBe(grantedSeat[dialect]);
    expect(await take(client, key, "a")).toBe(refusedSeat[dialect]);
    expect((await client.deactivate(key, "b")).status).toBeLessThan(300);
    expect(await take(client, key, "a")).toBe(grantedSeat[dialect]);
    // A device that comes back is the one it was, not another one.
    expect(await db().activation.count({ where: { licenseId: id } })).toBe(2);
  },
);

test.each(seatDialects)(
  "%s: a limit lowered below use takes no seat away and gives no new one",
  async (dialect) => {
    const client = clientOf(dialect, server);
    const { id, key } = await aKey({ deviceLimit: 3 });
    for (const device of ["a", "b", "c"]) expect(await take(client, key, device)).toBe(grantedSeat[dialect]);
    await changeDeviceLimit({ ...act(), licenseId: id, deviceLimit: 1 });
    for (const device of ["a", "b", "c"])
      expect(client.says(await client.check(key, device)), device).toMatch(
        dialect === "Keygen" ? /^200 valid TOO_MANY_MACHINES/ : /^200 (valid|success)/,
      );
    expect(await take(client, key, "d")).toBe(refusedSeat[dialect]);
    await db().activation.updateMany({ where: { licenseId: id }, data: { releasedAt: new Date() } });
    expect(await take(client, key, "d")).toBe(grantedSeat[dialect]);
    expect(await take(client, key, "a")).toBe(refusedSeat[dialect]);
  },
);

test.each(seatDialects)("%s: a floating seat that lapsed is free for another device", async (dialect) => {
  const client = clientOf(dialect, server);
  const { id, key } = await aKey({ deviceLimit: 1, leaseSeconds: 60 });
  expect(await take(client, key, "a")).toBe(grantedSeat[dialect]);
  expect(await take(client, key, "b")).toBe(refusedSeat[dialect]);
  await db().activation.updateMany({
    where: { licenseId: id },
    data: { leaseUntil: new Date(Date.now() - 1000) },
  });
  expect(await take(client, key, "b")).toBe(grantedSeat[dialect]);
  expect(await take(client, key, "a")).toBe(refusedSeat[dialect]);
  expect(client.says(await client.check(key, "b"))).toMatch(/^200 (valid|success)/);
});

const unknownKey: Record<SeatDialect, string> = {
  Latchkey: "404 license_not_found",
  "Lemon Squeezy": "404 license_key not found.",
  Keygen: "200 NOT_FOUND",
  "Simple License Server": "404 license not found",
  AuthForge: "401 failed invalid_key",
};

test.each(seatDialects)(
  "%s: a replaced key works in its overlap, together with the new one, and not after",
  async (dialect) => {
    const client = clientOf(dialect, server);
    const { id, key } = await aKey({ deviceLimit: 1 });
    expect(await take(client, key, "a")).toBe(grantedSeat[dialect]);
    const { key: newKey } = await rotateKey({ ...act(), licenseId: id, overlapHours: 1 });
    expect(newKey).not.toBe(key);
    expect(client.says(await client.check(key, "a"))).toMatch(/^200 (valid|success)/);
    // The license kept its devices: the new key finds the seat of the old one taken.
    expect(await take(client, newKey, "b")).toBe(refusedSeat[dialect]);
    expect((await client.deactivate(key, "a")).status).toBeLessThan(300);
    expect(await take(client, newKey, "b")).toBe(grantedSeat[dialect]);
    expect(await take(client, key, "a")).toBe(refusedSeat[dialect]);
    await db().supersededKey.updateMany({
      where: { licenseId: id },
      data: { expiresAt: new Date(Date.now() - 1000) },
    });
    expect(client.says(await client.check(key, "b"))).toBe(unknownKey[dialect]);
    expect(client.says(await client.check(newKey, "b"))).toMatch(/^200 (valid|success)/);
    const { key: third } = await rotateKey({ ...act(), licenseId: id, overlapHours: 0 });
    expect(client.says(await client.check(newKey, "b"))).toBe(unknownKey[dialect]);
    expect(client.says(await client.check(third, "b"))).toMatch(/^(200 (valid|success)|400)/);
  },
);
