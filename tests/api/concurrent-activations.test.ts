import { expect, test } from "vitest";
import { createApiKey } from "#app/domain/api-key/api-key.server.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { db } from "#app/infra/db.server.ts";
import { startApiProcess } from "#tests/api/api-processes.ts";
import { chooseSettings, noLimits } from "#tests/api/api-server.ts";
import { type Reply, send } from "#tests/api/dialect-clients.ts";
import {
  clientOf,
  grantedSeat,
  refusedSeat,
  type SeatDialect,
  seatDialects,
} from "#tests/api/every-client.ts";
import { aLicense, aPolicy, aProduct, type LicenseOverrides } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

// Two processes of the API on one database, asked at once by many devices.
const env = await useTestRuntime();
await chooseSettings(noLimits);
const product = await aProduct({ slug: "lumen" });
const policy = await aPolicy({ productId: product.id, deviceLimit: 3 });
const { key: apiKey } = await createApiKey({
  ...{ name: "Shop", scopes: ["licenses:read", "licenses:write"], expiresAt: null, createdBy: "test" },
  ...{ actor: systemActor("test"), now: new Date(), requestId: null },
});
const shop = { product: "lumen", backEnd: { Authorization: `Bearer ${apiKey}` } };
const processes = await Promise.all([startApiProcess(env), startApiProcess(env)]);

/** One client for each process. */
const clientsOf = (dialect: SeatDialect) => processes.map(({ url }) => clientOf(dialect, { url, ...shop }));

async function aKey(overrides: LicenseOverrides = {}) {
  const license = await aLicense({ policyId: policy.id, ...overrides });
  return { id: license.id, key: readKey(license) };
}

type Turn = { device: string; headers?: Record<string, string> };

/** All at once, in turn to the one process and the other. */
function activateAll(dialect: SeatDialect, key: string, turns: Turn[]): Promise<Reply[]> {
  const clients = clientsOf(dialect);
  return Promise.all(
    turns.map(({ device, headers }, index) => {
      const client = clients[index % clients.length];
      if (!client) throw new Error("There is no process.");
      return client.activate(key, device, headers);
    }),
  );
}

/** How often each answer came. */
function tally(dialect: SeatDialect, replies: Reply[]): Record<string, number> {
  const { says } = clientOf(dialect, { url: "", ...shop });
  const counts: Record<string, number> = {};
  for (const reply of replies) counts[says(reply)] = (counts[says(reply)] ?? 0) + 1;
  return counts;
}

const seats = (licenseId: string) => db().activation.count({ where: { licenseId, releasedAt: null } });
const distinct = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ device: `device ${index}` }));

test.each(seatDialects)(
  "%s: of 200 devices at once on a limit of 3 exactly 3 get a seat",
  async (dialect) => {
    const { id, key } = await aKey();
    const replies = await activateAll(dialect, key, distinct(200));
    expect(tally(dialect, replies)).toEqual({ [grantedSeat[dialect]]: 3, [refusedSeat[dialect]]: 197 });
    expect(await seats(id)).toBe(3);
    // One record for each seat and none for the refused.
    expect(await db().auditLog.count({ where: { licenseId: id, event: "activation.created" } })).toBe(3);
  },
);

test.each(seatDialects)("%s: 200 requests of one device at once take one seat", async (dialect) => {
  const { id, key } = await aKey();
  const turns = Array.from({ length: 200 }, () => ({ device: "the one" }));
  const replies = await activateAll(dialect, key, turns);
  // Keygen creates a machine once, and from then on says that it is there.
  const expected =
    dialect === "Keygen"
      ? { [grantedSeat.Keygen]: 1, "422 FINGERPRINT_TAKEN": 199 }
      : { [grantedSeat[dialect]]: 200 };
  expect(tally(dialect, replies)).toEqual(expected);
  expect(await seats(id)).toBe(1);
  expect(await db().activation.count({ where: { licenseId: id } })).toBe(1);
});

test.each(seatDialects)(
  "%s: the limit holds for 120 devices of which each has an Idempotency-Key",
  async (dialect) => {
    const { id, key } = await aKey();
    const turns = distinct(120).map(({ device }) => ({
      device,
      headers: { "Idempotency-Key": `${dialect} ${device}` },
    }));
    const replies = await activateAll(dialect, key, turns);
    expect(tally(dialect, replies)).toEqual({ [grantedSeat[dialect]]: 3, [refusedSeat[dialect]]: 117 });
    expect(await seats(id)).toBe(3);
  },
);

test.each(seatDialects)(
  "%s: floating seats that lapsed are given out once, however many ask at once",
  async (dialect) => {
    const { id, key } = await aKey({ leaseSeconds: 60 });
    await activateAll(dialect, key, distinct(3));
    await db().activation.updateMany({
      where: { licenseId: id },
      data: { leaseUntil: new Date(Date.now() - 1000) },
    });
    const newcomers = Array.from({ length: 60 }, (_, index) => ({ device: `newcomer ${index}` }));
    const replies = await activateAll(dialect, key, newcomers);
    expect(tally(dialect, replies)).toEqual({ [grantedSeat[dialect]]: 3, [refusedSeat[dialect]]: 57 });
    const held = { licenseId: id, releasedAt: null, leaseUntil: { gt: new Date() } };
    expect(await db().activation.count({ where: held })).toBe(3);
  },
);

test("two processes that speak different dialects share one limit", async () => {
  const { id, key } = await aKey();
  const replies = await Promise.all(
    seatDialects.flatMap((dialect) =>
      clientsOf(dialect).flatMap((client, process) =>
        Array.from({ length: 10 }, async (_, index) => {
          const said = client.says(await client.activate(key, `${dialect} ${process} ${index}`));
          return said === grantedSeat[dialect];
        }),
      ),
    ),
  );
  expect(replies.filter(Boolean)).toHaveLength(3);
  expect(await seats(id)).toBe(3);
});

test("Lemon Squeezy: 60 calls at once that name no fingerprint are 60 devices", async () => {
  const { id, key } = await aKey();
  const replies = await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      send(`${processes[index % processes.length]?.url}/v1/licenses/activate`, {
        body: { license_key: key, instance_name: "the same name" },
      }),
    ),
  );
  expect(tally("Lemon Squeezy", replies)).toEqual({
    [grantedSeat["Lemon Squeezy"]]: 3,
    [refusedSeat["Lemon Squeezy"]]: 57,
  });
  expect(await seats(id)).toBe(3);
});

test("however devices come and go at once, at no moment are there more than the limit", async () => {
  const { id, key } = await aKey();
  const clients = clientsOf("Latchkey");
  // Each device is a person who starts and quits, over whichever process answers.
  await Promise.all(
    Array.from({ length: 12 }, async (_, device) => {
      for (let turn = 0; turn < 8; turn++) {
        const client = clients[(device + turn) % clients.length];
        await client?.activate(key, `device ${device}`);
        await client?.deactivate(key, `device ${device}`);
      }
    }),
  );
  const acts = await db().auditLog.findMany({
    where: { licenseId: id, event: { in: ["activation.created", "activation.released"] } },
    orderBy: { seq: "asc" },
  });
  let inUse = 0;
  let most = 0;
  for (const { event } of acts) {
    inUse += event === "activation.created" ? 1 : -1;
    most = Math.max(most, inUse);
    expect(inUse).toBeGreaterThanOrEqual(0);
  }
  expect(most).toBe(3);
  expect(inUse).toBe(0);
  expect(await seats(id)).toBe(0);
});
