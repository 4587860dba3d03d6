// The built client as a program runs it, one process for each start, against the real API.
import { expect, test } from "vitest";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { answerOfflineRequest } from "#app/domain/license-file/answer-offline-request.server.ts";
import { publicKeys, signingKey } from "#app/domain/signing-key/signing-key.server.ts";
import { db } from "#app/infra/db.server.ts";
import { startApi } from "#tests/api/api-server.ts";
import { buildClient, type ClientOptions } from "#tests/clients/built-client.ts";
import { aLicense, aPolicy, aProduct, type LicenseOverrides } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const { url } = await startApi();
const client = buildClient();
await signingKey();
const trusted = (await publicKeys()).map(({ publicKey }) => publicKey);
const product = await aProduct({ slug: "lumen" });
const policy = await aPolicy({ productId: product.id, slug: "lumen-pro", deviceLimit: 1, offlineHours: 72 });
const nowhere = "http://127.0.0.1:9";

const hourMs = 3_600_000;
const inHours = (hours: number) => new Date(Date.now() + hours * hourMs).toISOString();

async function aKey(overrides: LicenseOverrides = {}) {
  const license = await aLicense({ policyId: policy.id, entitlements: { export: true }, ...overrides });
  return { license, key: readKey(license) };
}

const options = (changes: Partial<ClientOptions> = {}): ClientOptions => ({
  baseUrl: url,
  product: "lumen",
  publicKeys: trusted,
  fingerprint: "studio-mac",
  device: { name: "Studio Mac", appVersion: "2.1.0" },
  ...changes,
});
const start = (key: string, method: string, changes: Partial<ClientOptions> = {}) =>
  client.start(options(changes), method, key);

test("activate, start offline from the file, expire, deactivate: as a sold app lives", {
  timeout: 120_000,
}, async () => {
  const { key, license } = await aKey();
  expect(await start(key, "validate")).toMatchObject({ source: "server", reason: "DEVICE_NOT_ACTIVE" });
  expect(await start(key.toLowerCase(), "activate")).toMatchObject({
    ...{ source: "server", valid: true, reason: "VALID" },
    license: { id: license.id, product: "lumen", policy: "lumen-pro", deviceLimit: 1, activeDevices: 1 },
    device: { name: "Studio Mac", appVersion: "2.1.0" },
  });
  expect(await start(key, "activate", { fingerprint: "laptop" })).toMatchObject({
    ...{ source: "server", valid: false, reason: "DEVICE_LIMIT_REACHED" },
  });
  expect(await start(key, "refreshFile")).toMatchObject({ ok: true, kind: "machine" });
  const offline = { baseUrl: nowhere };
  expect(await start(key, "validate", offline)).toMatchObject({
    ...{ source: "file", valid: true, reason: "VALID", trouble: { kind: "unreachable" } },
    license: { id: license.id, policy: "lumen-pro", entitlements: { export: true } },
  });
  const refusals: [Partial<ClientOptions>, string][] = [
    [{ at: inHours(-1) }, "clock-rolled-back"],
    [{ at: inHours(73) }, "file-expired"],
    [{ fingerprint: "laptop" }, "wrong-device"],
    [{ publicKeys: [Buffer.alloc(32, 7).toString("base64")] }, "unknown-key"],
  ];
  for (const [changes, reason] of refusals)
    expect(await start(key, "validate", { ...offline, ...changes })).toMatchObject({
      ...{ source: "file", valid: false, reason },
    });
  expect(await start(key, "deactivate")).toEqual({ released: true, trouble: null });
  expect(await start(key, "validate", offline)).toMatchObject({ source: "file", reason: "no-file" });
  expect(await start(key, "activate", { fingerprint: "laptop" })).toMatchObject({ valid: true });
});

test("a machine without a connection: the app's request goes to the server by hand, and the file comes back", async () => {
  const { key } = await aKey();
  const request = String(await start(key, "offlineRequest", { baseUrl: nowhere }));
  const file = await answerOfflineRequest({ request, now: new Date(), requestId: "by-hand" });
  const imported = await client.start(options({ baseUrl: nowhere }), "importFile", key, file.certificate);
  expect(imported).toMatchObject({ ok: true, license: { product: "lumen" }, device: { name: "Studio Mac" } });
  expect(await start(key, "validate", { baseUrl: nowhere })).toMatchObject({ source: "file", valid: true });
  const short = await client.start(options({ baseUrl: nowhere }), "importFile", key, file.token);
  expect(short).toMatchObject({
    ok: true,
    kind: "token",
    license: { product: "lumen", policy: "lumen-pro" },
  });
  expect(await start(key, "validate", { baseUrl: nowhere })).toMatchObject({ source: "file", valid: true });
  const other = await client.start(options({ fingerprint: "laptop" }), "importFile", key, file.certificate);
  expect(other).toMatchObject({ ok: false, reason: "wrong-device" });
});

test("an encrypted file of the server opens with the key as a person types it", async () => {
  const { key } = await aKey();
  const typed = key.toLowerCase().replaceAll("-", " ");
  expect(await start(typed, "activate", { encryptFiles: true })).toMatchObject({ valid: true });
  const file = await start(typed, "validate", { baseUrl: nowhere, encryptFiles: true });
  expect(file).toMatchObject({ source: "file", valid: true });
});

test("each state of a license reaches the app, and a license that ends while offline is refused there", async () => {
  const ended = await aKey({ paidUntil: new Date(Date.now() - hourMs) });
  expect(await start(ended.key, "activate")).toMatchObject({ valid: false, reason: "EXPIRED" });
  const grace = await aKey({
    paidUntil: new Date(Date.now() - hourMs),
    graceUntil: new Date(Date.now() + hourMs),
  });
  expect(await start(grace.key, "activate")).toMatchObject({ valid: true, reason: "GRACE" });
  expect(await start(grace.key, "validate", { baseUrl: nowhere })).toMatchObject({
    valid: true,
    reason: "GRACE",
  });
  expect(await start(grace.key, "validate", { baseUrl: nowhere, at: inHours(2) })).toMatchObject({
    ...{ source: "file", valid: false, reason: "license-expired" },
  });
  await db().license.update({ where: { id: grace.license.id }, data: { revokedAt: new Date() } });
  expect(await start(grace.key, "validate")).toMatchObject({
    source: "server",
    valid: false,
    reason: "REVOKED",
  });
  expect(await start(grace.key, "validate", { baseUrl: nowhere })).toMatchObject({ reason: "no-file" });
});

test("a mistyped key and a key of another product are unknown", async () => {
  const { key } = await aKey();
  const mistyped = key.slice(0, -1) + (key.endsWith("0") ? "1" : "0");
  for (const check of [await start(mistyped, "validate"), await start(key, "validate", { product: "umbra" })])
    expect(check).toMatchObject({ source: "server", valid: false, reason: "LICENSE_NOT_FOUND" });
});

test("the server's signed answers are believed, and those of a server with another key are not", async () => {
  const { key } = await aKey();
  const signed = { requireSignedAnswers: true };
  expect(await start(key, "validate", signed)).toMatchObject({
    source: "server",
    reason: "DEVICE_NOT_ACTIVE",
  });
  expect(await start("nonsense", "validate", signed)).toMatchObject({ reason: "LICENSE_NOT_FOUND" });
  const stranger = { ...signed, publicKeys: [Buffer.alloc(32, 7).toString("base64")] };
  expect(await start(key, "validate", stranger)).toMatchObject({
    source: "file",
    trouble: { kind: "unsigned" },
  });
});

test("a policy that gives no files is a refused call with the server's words", async () => {
  const { id } = await aPolicy({ productId: product.id, slug: "lumen-online", offlineHours: null });
  const { key } = await aKey({ policyId: id });
  expect(await start(key, "activate")).toMatchObject({ valid: true });
  expect(await start(key, "refreshFile")).toMatchObject({
    ...{ ok: false, reason: "refused-call", message: expect.stringContaining("no offline files") },
  });
  expect(await start((await aKey()).key, "refreshFile")).toMatchObject({
    ...{ ok: false, reason: "refused-call", trouble: { code: "DEVICE_NOT_ACTIVE" } },
  });
});

test("a floating seat is held by a heartbeat", async () => {
  const { key } = await aKey({ leaseSeconds: 60 });
  await start(key, "activate");
  expect(await start(key, "heartbeat")).toMatchObject({
    ...{ source: "server", valid: true, license: { floating: true, leaseSeconds: 60 } },
    device: { leaseUntil: expect.stringMatching(/Z$/) },
  });
});
