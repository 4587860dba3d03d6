import { expect, test } from "vitest";
import { createApiKey } from "#app/domain/api-key/api-key.server.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { newId, uuidOf } from "#app/domain/ids.ts";
import { randomKey, readKey } from "#app/domain/license/license-key.server.ts";
import { keyAlphabet } from "#app/domain/license/license-key.ts";
import { db } from "#app/infra/db.server.ts";
import type { Prisma } from "#app/infra/prisma-client/client.ts";
import { startApi } from "#tests/api/api-server.ts";
import {
  authForgeClient,
  authForgeHeartbeat,
  cryptlexLicense,
  cryptlexSays,
  type DialectClient,
  keygenClient,
  latchkeyClient,
  lemonSqueezyClient,
  type Reply,
  simpleLicenseServerClient,
} from "#tests/api/dialect-clients.ts";
import { aLicense, aPolicy, aProduct } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

// What every system's clients are told about every state a license can be in: one table.
await useTestRuntime();
const { url } = await startApi();
const product = await aProduct({ slug: "lumen" });
const policy = await aPolicy({ productId: product.id, deviceLimit: 2 });
const foreignPolicy = await aPolicy({ productId: (await aProduct({ slug: "other" })).id, deviceLimit: 2 });
const { key: apiKey } = await createApiKey({
  ...{ name: "Shop", scopes: ["licenses:read"], expiresAt: null, createdBy: "test" },
  ...{ actor: systemActor("test"), now: new Date(), requestId: null },
});
const backEnd = { Authorization: `Bearer ${apiKey}` };

const hour = 3_600_000;
const before = new Date(Date.now() - hour);
const after = new Date(Date.now() + hour);
const here = "this device";

/** `null`: the system knows no such question. */
type Row = {
  state: string;
  /** Who has a seat before the license comes into its state. */
  devices?: string[];
  change?: Prisma.LicenseUncheckedUpdateInput;
  hold?: string;
  key?: "foreign" | "unknown" | "mistyped";
  asked: "does it work" | "does it work here" | "a seat here";
  latchkey: string | null;
  lemonSqueezy: string | null;
  keygen: string | null;
  simpleLicenseServer: string | null;
  authForge: string | null;
  cryptlex: string | null;
};

const holdsOfPayments = ["unpaid:sub_1", "refund:ch_1", "dispute:du_1", "fraud:ch_1", "pause:sub_1"];
const revocations = [
  { by: "staff", change: { revokedBy: "staff", revokedReason: "Key was resold" } },
  { by: "a refund", change: { revokedBy: "stripe", revokedReason: "Refunded in full" } },
  { by: "a dispute", change: { revokedBy: "stripe", revokedReason: "Dispute lost" } },
];

const blocked = (code: "SUSPENDED" | "REVOKED", cryptlex: string) => {
  const status = code.toLowerCase();
  return {
    works: {
      asked: "does it work",
      latchkey: `200 ${code} ${status}`,
      lemonSqueezy: "400 disabled This license key is disabled.",
      keygen: "200 SUSPENDED SUSPENDED",
      simpleLicenseServer: "200 revoked revoked",
      authForge: "200 revoked",
      cryptlex,
    },
    here: {
      asked: "does it work here",
      latchkey: `200 ${code} ${status}`,
      lemonSqueezy: "400 disabled This license key is disabled.",
      keygen: "200 SUSPENDED SUSPENDED",
      simpleLicenseServer: "200 revoked revoked",
      authForge: "410 failed revoked",
      cryptlex: null,
    },
    seat: {
      asked: "a seat here",
      latchkey: `200 ${code} ${status}`,
      lemonSqueezy: "400 disabled This license key is disabled.",
      keygen: "403 LICENSE_SUSPENDED",
      simpleLicenseServer: "200 revoked revoked",
      authForge: "410 failed revoked",
      cryptlex: null,
    },
  } as const;
};
const suspended = blocked("SUSPENDED", "200 suspended");
const revoked = blocked("REVOKED", "200 revoked");

const table: Row[] = [
  {
    state: "issued, no device",
    asked: "does it work",
    latchkey: "200 valid VALID unused",
    lemonSqueezy: "200 valid inactive",
    keygen: "200 valid VALID ACTIVE",
    simpleLicenseServer: "200 inactive fingerprint_not_active",
    authForge: "200 active",
    cryptlex: "200",
  },
  {
    state: "issued, no device",
    asked: "does it work here",
    latchkey: "200 DEVICE_NOT_ACTIVE unused",
    lemonSqueezy: "400 inactive license_key_instance not found.",
    keygen: "200 NO_MACHINES ACTIVE",
    simpleLicenseServer: "200 inactive fingerprint_not_active",
    // It asks and takes the seat in one call.
    authForge: "200 success",
    cryptlex: null,
  },
  {
    state: "issued, no device",
    asked: "a seat here",
    latchkey: "200 valid VALID active",
    lemonSqueezy: "200 activated active",
    keygen: "201 machines",
    simpleLicenseServer: "200 valid active",
    authForge: "200 success",
    cryptlex: null,
  },
  {
    state: "active on this device",
    devices: [here],
    asked: "does it work",
    latchkey: "200 valid VALID active",
    lemonSqueezy: "200 valid active",
    keygen: "200 valid VALID ACTIVE",
    simpleLicenseServer: "200 active fingerprint_not_active",
    authForge: "200 active",
    cryptlex: "200",
  },
  {
    state: "active on this device",
    devices: [here],
    asked: "does it work here",
    latchkey: "200 valid VALID active",
    lemonSqueezy: "200 valid active",
    keygen: "200 valid VALID ACTIVE",
    simpleLicenseServer: "200 valid active",
    authForge: "200 success",
    cryptlex: null,
  },
  {
    state: "active on this device",
    devices: [here],
    asked: "a seat here",
    latchkey: "200 valid VALID active",
    lemonSqueezy: "200 activated active",
    keygen: "422 FINGERPRINT_TAKEN",
    simpleLicenseServer: "200 valid active",
    authForge: "200 success",
    cryptlex: null,
  },
  {
    state: "not on this device",
    devices: ["another device"],
    asked: "does it work here",
    latchkey: "200 DEVICE_NOT_ACTIVE active",
    lemonSqueezy: "400 active license_key_instance not found.",
    keygen: "200 FINGERPRINT_SCOPE_MISMATCH ACTIVE",
    simpleLicenseServer: "200 active fingerprint_not_active",
    authForge: "403 failed hwid_mismatch",
    cryptlex: null,
  },
  {
    state: "device limit",
    devices: ["another device", "a third device"],
    asked: "a seat here",
    latchkey: "200 DEVICE_LIMIT_REACHED active",
    lemonSqueezy: "400 active This license key has reached the activation limit.",
    keygen: "422 MACHINE_LIMIT_EXCEEDED",
    simpleLicenseServer: "200 active activation_limit_reached",
    authForge: "403 failed hwid_mismatch",
    cryptlex: null,
  },
  {
    state: "device limit, lowered below what is in use",
    devices: [here, "another device"],
    change: { deviceLimit: 1 },
    asked: "does it work here",
    latchkey: "200 valid VALID active",
    lemonSqueezy: "200 valid active",
    // Their clients read both members: devices that had their seat before keep it.
    keygen: "200 valid TOO_MANY_MACHINES ACTIVE",
    simpleLicenseServer: "200 valid active",
    authForge: "200 success",
    cryptlex: null,
  },
  ...(["does it work", "does it work here", "a seat here"] as const).map(
    (asked): Row => ({
      state: "in payment grace",
      devices: [here],
      change: { paidUntil: before, graceUntil: after },
      asked,
      latchkey: "200 valid GRACE grace",
      lemonSqueezy: asked === "a seat here" ? "200 activated active" : "200 valid active",
      keygen: asked === "a seat here" ? "422 FINGERPRINT_TAKEN" : "200 valid VALID EXPIRING",
      simpleLicenseServer:
        asked === "does it work" ? "200 active fingerprint_not_active" : "200 valid active",
      authForge: asked === "does it work" ? "200 active" : "200 success",
      cryptlex: asked === "does it work" ? "200" : null,
    }),
  ),
  {
    state: "expired",
    devices: [here],
    change: { paidUntil: before },
    asked: "does it work",
    latchkey: "200 EXPIRED expired",
    lemonSqueezy: "400 expired This license key is expired.",
    keygen: "200 EXPIRED EXPIRED",
    simpleLicenseServer: "200 active expired",
    // Its back ends compare the end themselves; it knows no status for it.
    authForge: "200 active",
    cryptlex: "200 expired",
  },
  {
    state: "expired",
    devices: [here],
    change: { paidUntil: before },
    asked: "does it work here",
    latchkey: "200 EXPIRED expired",
    lemonSqueezy: "400 expired This license key is expired.",
    keygen: "200 EXPIRED EXPIRED",
    simpleLicenseServer: "200 active expired",
    authForge: "410 failed expired",
    cryptlex: null,
  },
  {
    state: "expired",
    change: { paidUntil: before },
    asked: "a seat here",
    latchkey: "200 EXPIRED expired",
    lemonSqueezy: "400 expired This license key is expired.",
    keygen: "403 LICENSE_EXPIRED",
    simpleLicenseServer: "200 inactive expired",
    authForge: "410 failed expired",
    cryptlex: null,
  },
  ...["staff", ...holdsOfPayments].flatMap((hold): Row[] =>
    [suspended.works, suspended.here, suspended.seat].map((expected) => ({
      state: `suspended by ${hold}`,
      devices: [here],
      hold,
      ...expected,
    })),
  ),
  ...revocations.flatMap(({ by, change }): Row[] =>
    [revoked.works, revoked.here, revoked.seat].map((expected) => ({
      state: `revoked by ${by}`,
      devices: [here],
      change: { ...change, revokedAt: before },
      ...expected,
    })),
  ),
  ...(["does it work here", "a seat here"] as const).map(
    (asked): Row => ({
      state: "other product",
      key: "foreign",
      asked,
      latchkey: "404 license_not_found",
      lemonSqueezy: "404 license_key not found.",
      keygen: asked === "a seat here" ? null : "200 PRODUCT_SCOPE_MISMATCH ACTIVE",
      simpleLicenseServer: "404 license not found",
      authForge: "401 failed invalid_app",
      cryptlex: null,
    }),
  ),
  ...(["unknown", "mistyped"] as const).flatMap((key) =>
    (["does it work here", "a seat here"] as const).map(
      (asked): Row => ({
        state: `${key} key`,
        key,
        asked,
        latchkey: "404 license_not_found",
        lemonSqueezy: "404 license_key not found.",
        keygen: asked === "a seat here" ? "401 LICENSE_INVALID" : "200 NOT_FOUND",
        simpleLicenseServer: "404 license not found",
        authForge: "401 failed invalid_key",
        cryptlex: key === "unknown" && asked === "does it work here" ? "404" : null,
      }),
    ),
  ),
];

/** The license of a row before its state, and the key that is asked about. */
async function aKey(row: Row): Promise<{ id: string; key: string }> {
  const unknown = randomKey("TEST");
  if (row.key === "unknown") return { id: newId("lic"), key: unknown };
  const license = await aLicense({ policyId: row.key === "foreign" ? foreignPolicy.id : policy.id });
  const key = readKey(license);
  if (row.key !== "mistyped") return { id: license.id, key };
  const next = keyAlphabet.charAt((keyAlphabet.indexOf(key.slice(-1)) + 1) % keyAlphabet.length);
  return { id: license.id, key: key.slice(0, -1) + next };
}

async function bringInto({ change = {}, hold }: Row, id: string): Promise<void> {
  if (Object.keys(change).length > 0) await db().license.update({ where: { id }, data: change });
  if (hold)
    await db().licenseHold.create({
      data: { id: newId("hold"), licenseId: id, cause: hold, reason: "test" },
    });
}

function ask(client: DialectClient, { asked }: Row, key: string): Promise<Reply> {
  if (asked === "a seat here") return client.activate(key, here);
  return client.check(key, asked === "does it work" ? null : here);
}

const clients: Record<Exclude<keyof Row & string, RowFact>, () => DialectClient> = {
  latchkey: () => latchkeyClient(url, "lumen"),
  lemonSqueezy: () => lemonSqueezyClient(url, "lumen"),
  keygen: () => keygenClient(url, "lumen"),
  simpleLicenseServer: () => simpleLicenseServerClient(url, "lumen"),
  authForge: () => authForgeClient(url, "lumen", backEnd),
};
type RowFact = "state" | "devices" | "change" | "hold" | "key" | "asked" | "cryptlex";

/** Every device takes its seat through the dialect itself, while the license is good. */
async function answerOf(dialect: keyof typeof clients, row: Row): Promise<string> {
  const client = clients[dialect]();
  const { id, key } = await aKey(row);
  let last: Reply | null = null;
  for (const device of row.devices ?? []) last = await client.activate(key, device);
  await bringInto(row, id);
  // AuthForge gives a free seat to whoever validates; that a device has none shows where it goes on with a session.
  if (dialect === "authForge" && row.state === "not on this device" && last)
    return client.says(await authForgeHeartbeat(url, "lumen", last, here));
  return client.says(await ask(client, row, key));
}

async function cryptlexAnswer(row: Row): Promise<string> {
  const { id } = await aKey(row);
  await bringInto(row, id);
  return cryptlexSays(await cryptlexLicense(url, backEnd, uuidOf(id)), new Date());
}

test.each(table)("$state, asked: $asked", async (row) => {
  const { latchkey, lemonSqueezy, keygen, simpleLicenseServer, authForge, cryptlex } = row;
  const expected = { latchkey, lemonSqueezy, keygen, simpleLicenseServer, authForge, cryptlex };
  const given = {
    latchkey: latchkey && (await answerOf("latchkey", row)),
    lemonSqueezy: lemonSqueezy && (await answerOf("lemonSqueezy", row)),
    keygen: keygen && (await answerOf("keygen", row)),
    simpleLicenseServer: simpleLicenseServer && (await answerOf("simpleLicenseServer", row)),
    authForge: authForge && (await answerOf("authForge", row)),
    cryptlex: cryptlex && (await cryptlexAnswer(row)),
  };
  expect(given).toEqual(expected);
});

test("no state and no dialect is left out of the table", () => {
  const states = new Set(table.map(({ state }) => state));
  expect(states.size).toBe(19);
  for (const dialect of Object.keys(clients) as (keyof typeof clients)[]) // the keys above and no others
    expect(table.filter((row) => row[dialect] !== null).length, dialect).toBeGreaterThan(40);
});
