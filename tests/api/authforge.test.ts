import { createPublicKey, verify } from "node:crypto";
import { expect, test, vi } from "vitest";
import { createApiKey } from "#app/domain/api-key/api-key.server.ts";
import type { Scope } from "#app/domain/api-key/scopes.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { uuidOf } from "#app/domain/ids.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { publicKeys } from "#app/domain/signing-key/signing-key.server.ts";
import { publicKeyJwk } from "#app/domain/signing-key/signing-key.ts";
import { db } from "#app/infra/db.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { callApi, chooseSettings, startApi } from "#tests/api/api-server.ts";
import { aLicense, aPolicy, aProduct, type LicenseOverrides } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const { url } = await startApi();
const product = await aProduct({ slug: "lumen" });
const policy = await aPolicy({ productId: product.id, deviceLimit: 2, slug: "lumen-pro" });
const day = 86_400_000;

async function headersWith(...scopes: Scope[]) {
  const { key } = await createApiKey({
    ...{ name: "Shop", scopes, expiresAt: null, createdBy: "test" },
    ...{ actor: systemActor("test"), now: new Date(), requestId: null },
  });
  return { Authorization: `Bearer ${key}` };
}
const headers = await headersWith("licenses:read", "licenses:write");
const manage = (method: string, path: string, body?: unknown) =>
  callApi(`${url}/v1/licenses${path}`, { method, headers, ...(body !== undefined && { body }) });

async function aKey(overrides: LicenseOverrides = {}) {
  const license = await aLicense({ policyId: policy.id, ...overrides });
  return { license, key: readKey(license) };
}
const validate = (licenseKey: string, hwid: string, more: object = {}) =>
  callApi(`${url}/auth/validate`, {
    body: { appId: "lumen", appSecret: "unused", licenseKey, hwid, nonce: "n1", ...more },
  });
const beat = (sessionToken: string, hwid: string, more: object = {}) =>
  callApi(`${url}/auth/heartbeat`, { body: { appId: "lumen", sessionToken, hwid, nonce: "n2", ...more } });

/** What a client does with an answer: verify the signature over the text, then read it. */
async function opened(body: unknown): Promise<Record<string, unknown>> {
  const { payload, signature, keyId } = body as { payload: string; signature: string; keyId: string };
  const key = (await publicKeys()).find((each) => each.keyId === keyId);
  if (!key) throw new Error("The answer names no public key of ours.");
  const publicKey = createPublicKey({ key: { ...publicKeyJwk(key) }, format: "jwk" });
  expect(verify(null, Buffer.from(payload), publicKey, Buffer.from(signature, "base64"))).toBe(true);
  return JSON.parse(Buffer.from(payload, "base64").toString("utf8"));
}

test("validate takes a seat and gives a signed session that heartbeats prolong", async () => {
  const { key, license } = await aKey({ paidUntil: new Date(Date.now() + 90 * day) });
  const first = await validate(key, "hw-1", { ttlSeconds: 60 });
  expect(first).toMatchObject({ status: 200, body: { status: "success" } });
  const payload = await opened(first.body);
  expect(payload).toMatchObject({
    ...{ nonce: "n1", maxHwidSlots: 2, hwidCount: 1, appVariables: {}, licenseVariables: {} },
    licenseExpiresAt: license.paidUntil?.toISOString(),
  });
  // The shortest session is an hour.
  expect(Number(payload.expiresIn) - Date.now() / 1000).toBeGreaterThan(3500);
  const sessionBody = String(payload.sessionToken).split(".")[0] ?? "";
  expect(JSON.parse(Buffer.from(sessionBody, "base64url").toString())).toMatchObject({
    exp: payload.expiresIn,
  });
  const token = String(payload.sessionToken);
  const going = await beat(token, "hw-1");
  expect(await opened(going.body)).toMatchObject({ nonce: "n2", sessionToken: expect.any(String) });
  expect((await validate(key, "hw-1")).status).toBe(200);
  expect(await db().activation.count({ where: { licenseId: license.id } })).toBe(1);
});

test("a full license, another device and a forged or outlived session are refused", async () => {
  const { key, license } = await aKey({ deviceLimit: 1 });
  const token = String((await opened((await validate(key, "hw-1")).body)).sessionToken);
  const mismatch = { status: 403, body: { status: "failed", error: "hwid_mismatch" } };
  expect(await validate(key, "hw-2")).toMatchObject(mismatch);
  expect(await beat(token, "hw-2")).toMatchObject(mismatch);
  const gone = { status: 401, body: { status: "failed", error: "session_expired" } };
  for (const forged of [`${token}x`, token.slice(0, -2), `${token.split(".")[0]}.`, "a.b", "x", `${token}.z`])
    expect(await beat(forged, "hw-1"), forged).toMatchObject(gone);
  expect(await beat(token, "hw-1", { appId: "other" })).toMatchObject({ body: { error: "invalid_app" } });
  await db().activation.updateMany({ where: { licenseId: license.id }, data: { releasedAt: new Date() } });
  expect(await beat(token, "hw-1")).toMatchObject(mismatch);
});

test.each([
  ["revoked", 410, { revokedAt: new Date() }],
  ["expired", 410, { paidUntil: new Date(Date.now() - day) }],
] as const)("a license that is %s ends validation and running sessions", async (error, status, change) => {
  const { key, license } = await aKey();
  const token = String((await opened((await validate(key, "hw-1")).body)).sessionToken);
  await db().license.update({ where: { id: license.id }, data: change });
  expect(await validate(key, "hw-1")).toMatchObject({ status, body: { status: "failed", error } });
  expect(await beat(token, "hw-1")).toMatchObject({ status, body: { status: "failed", error } });
});

test("no answer of before stands in for a check, whatever Idempotency-Key it carries", async () => {
  const { key, license } = await aKey();
  const check = () =>
    callApi(`${url}/auth/validate`, {
      body: { appId: "lumen", licenseKey: key, hwid: "a", nonce: "n" },
      headers: { "Idempotency-Key": "start" },
    });
  expect((await check()).status).toBe(200);
  await db().license.update({ where: { id: license.id }, data: { revokedAt: new Date() } });
  expect(await check()).toMatchObject({ status: 410, body: { error: "revoked" } });
});

test("a suspended license counts as revoked, one in grace works", async () => {
  const held = await aKey();
  await db().licenseHold.create({
    data: { id: "hold_x", licenseId: held.license.id, cause: "staff", reason: "test" },
  });
  expect(await validate(held.key, "a")).toMatchObject({ status: 410, body: { error: "revoked" } });
  const grace = await aKey({
    paidUntil: new Date(Date.now() - day),
    graceUntil: new Date(Date.now() + 60_000),
  });
  const payload = await opened((await validate(grace.key, "a")).body);
  // No session outlives its license.
  expect(Number(payload.expiresIn)).toBeLessThanOrEqual(Date.now() / 1000 + 60);
});

test("unknown keys, other apps and bad calls have the documented codes", async () => {
  const { key } = await aKey();
  const none = await validate("LUMEN-0000-0000-0000-0000-0000-0000-0000", "a");
  expect(none).toMatchObject({ status: 401, body: { status: "failed", error: "invalid_key" } });
  const other = await validate(readKey(await aLicense()), "a");
  expect(other).toMatchObject({ status: 401, body: { error: "invalid_app" } });
  expect((await validate(key, "a", { appId: uuidOf(product.id) })).status).toBe(200);
  expect(await validate(key, "")).toMatchObject({ status: 400, body: { error: "bad_request" } });
  const broken = await callApi(`${url}/auth/validate`, { body: "{" });
  expect(broken).toMatchObject({ status: 400, body: { status: "failed", error: "malformed_request" } });
});

test("a back end creates, lists, reads, extends, resets and revokes", async () => {
  const expiresAt = new Date(Date.now() + 30 * day).toISOString();
  const made = await manage("POST", "", {
    ...{ appId: "lumen", quantity: 2, expiresAt, maxHwidSlots: 3, label: "cs_test_1" },
  });
  expect(made).toMatchObject({
    status: 201,
    body: {
      licenses: [
        { licenseKey: expect.any(String), appId: "lumen", status: "active", expiresAt, maxHwidSlots: 3 },
        { createdAt: expect.any(String) },
      ],
    },
  });
  const [first, second] = (made.body as { licenses: { licenseKey: string }[] }).licenses;
  const path = `/${first?.licenseKey}`;
  const payload = await opened((await validate(first?.licenseKey ?? "", "hw-9")).body);
  // What the vendor notes with a license may be a name, and is not for the app.
  expect(JSON.stringify(payload)).not.toContain("cs_test_1");
  expect(await manage("GET", path)).toMatchObject({
    status: 200,
    body: { licenseKey: first?.licenseKey, label: "cs_test_1", hwidList: ["hw-9"], status: "active" },
  });
  expect(await manage("GET", "?appId=lumen&limit=1")).toMatchObject({
    body: { licenses: [{ appId: "lumen" }], cursor: expect.any(String) },
  });
  const later = new Date(Date.now() + 60 * day).toISOString();
  for (let repeat = 0; repeat < 2; repeat++)
    expect(await manage("PUT", path, { action: "extend", expiresAt: later })).toMatchObject({
      status: 200,
      body: { expiresAt: later, hwidList: ["hw-9"] },
    });
  expect(await manage("POST", `${path}/hwid/reset`)).toMatchObject({ status: 200, body: { hwidList: [] } });
  for (let repeat = 0; repeat < 2; repeat++)
    expect(await manage("PUT", path, { action: "revoke" })).toMatchObject({ body: { status: "revoked" } });
  expect(await manage("PUT", path, { action: "extend", expiresAt: later })).toMatchObject({
    status: 409,
    body: { error: "conflict", message: expect.stringContaining("final") },
  });
  expect(await validate(first?.licenseKey ?? "", "hw-9")).toMatchObject({ body: { error: "revoked" } });
  expect((await validate(second?.licenseKey ?? "", "hw-9")).status).toBe(200);
});

test("pages of a list meet every license once", async () => {
  const app = await aProduct({ slug: "pages" });
  await aPolicy({ productId: app.id });
  await manage("POST", "", { appId: "pages", quantity: 5, unlimitedHwidSlots: true });
  const seen: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const { body } = await manage("GET", `?appId=pages&limit=2&cursor=${cursor}`);
    const page = body as { licenses: { licenseKey: string; maxHwidSlots: null }[]; cursor: string | null };
    seen.push(...page.licenses.map(({ licenseKey }) => licenseKey));
    expect(page.licenses[0]).toMatchObject({ maxHwidSlots: null, unlimitedHwidSlots: true });
    cursor = page.cursor;
  }
  expect(new Set(seen).size).toBe(5);
  expect(seen).toHaveLength(5);
});

test("without a key, scope or app of ours a back end gets its documented error", async () => {
  expect(await callApi(`${url}/v1/licenses?appId=lumen`)).toMatchObject({
    status: 401,
    body: { error: "invalid_api_key", message: expect.any(String) },
  });
  const reader = await headersWith("licenses:read");
  expect(await callApi(`${url}/v1/licenses`, { headers: reader, body: { appId: "lumen" } })).toMatchObject({
    status: 403,
    body: { error: "forbidden" },
  });
  expect(await manage("POST", "", { appId: "nothing" })).toMatchObject({ body: { error: "forbidden" } });
  expect(await manage("GET", "/LUMEN-0000")).toMatchObject({ status: 404, body: { error: "not_found" } });
  expect(await manage("POST", "", { appId: "lumen", quantity: 101 })).toMatchObject({
    status: 400,
    body: { error: "bad_request", message: expect.stringContaining("quantity") },
  });
});

test("many devices at once share the slots, and one device many times takes one", async () => {
  const { key } = await aKey({ deviceLimit: 3 });
  const many = await Promise.all(Array.from({ length: 30 }, (_, n) => validate(key, `hw-${n}`)));
  expect(many.map(({ status }) => status).sort()).toEqual([200, 200, 200, ...Array(27).fill(403)]);
  const one = await aKey({ deviceLimit: 3 });
  await Promise.all(Array.from({ length: 30 }, () => validate(one.key, "same")));
  expect(await db().activation.count({ where: { licenseId: one.license.id } })).toBe(1);
});

test("a key in the address reaches no log", async () => {
  const { key } = await aKey();
  const log = logger();
  log.level = "trace";
  const lines = (["debug", "info", "warn", "error"] as const).map((level) =>
    vi.spyOn(log, level).mockReturnValue(undefined),
  );
  await manage("GET", `/${key}`);
  await manage("GET", `/${key}x`);
  await manage("PUT", `/${key}`, { action: "none" });
  await manage("POST", `/${key}/hwid/reset`);
  await callApi(`${url}/v1/licenses/${key}/nothing`);
  await callApi(`${url}/v1/licenses/${key}`);
  log.level = "silent";
  const written = lines.flatMap((line) => line.mock.calls);
  expect(written.length).toBeGreaterThanOrEqual(6);
  expect(JSON.stringify(written)).not.toContain(key.slice(0, -4));
});

test("an app id of before can be the slug of a policy", async () => {
  const appId = "789ffbc6-555c-4a3c-8e9b-89be6f865195";
  await aPolicy({ slug: appId });
  const { body } = await manage("POST", "", { appId });
  const [made] = (body as { licenses: { licenseKey: string }[] }).licenses;
  expect(await manage("GET", `/${made?.licenseKey}`)).toMatchObject({ body: { appId } });
  expect(await manage("GET", `?appId=${appId}`)).toMatchObject({ body: { licenses: [{ appId }] } });
  expect((await validate(made?.licenseKey ?? "", "a", { appId })).status).toBe(200);
});

test("switched off, nothing of it is there", async () => {
  await chooseSettings({ authForgeDialect: "off" });
  const { key } = await aKey();
  expect((await validate(key, "a")).status).toBe(404);
  expect((await manage("GET", "?appId=lumen")).status).toBe(404);
});
