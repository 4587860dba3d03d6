import { createPublicKey, verify } from "node:crypto";
import { expect, test } from "vitest";
import { createApiKey } from "#app/domain/api-key/api-key.server.ts";
import { scopes as allScopes, type Scope } from "#app/domain/api-key/scopes.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { uuidOf } from "#app/domain/ids.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { db } from "#app/infra/db.server.ts";
import { callApi, chooseSettings, startApi } from "#tests/api/api-server.ts";
import { aLicense, aPolicy, aProduct, type LicenseOverrides } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const { url } = await startApi();
const product = await aProduct({ slug: "lumen" });
const policy = await aPolicy({ productId: product.id, deviceLimit: 2, slug: "lumen-pro" });
const day = 86_400_000;

async function keyWith(...scopes: Scope[]) {
  const { key } = await createApiKey({
    ...{ name: "Shop", scopes, expiresAt: null, createdBy: "test" },
    ...{ actor: systemActor("test"), now: new Date(), requestId: null },
  });
  return { Authorization: `Bearer ${key}` };
}
const server = await keyWith("licenses:read", "licenses:write");
const manager = await keyWith(...allScopes);

async function aKey(overrides: LicenseOverrides = {}) {
  const license = await aLicense({ policyId: policy.id, ...overrides });
  return { license, key: readKey(license) };
}
const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  callApi(`${url}${path}`, { body, headers });
const check = (path: string, license_key: string, fingerprint: string, more: object = {}) =>
  post(path, { license_key, fingerprint, ...more });

test("generate makes one license with its metadata, of any JSON, and answers as theirs does", async () => {
  const metadata = { email: "a@example.com", seats: 3, nested: { plan: ["pro", null] }, text: "5" };
  const { status, body } = await post("/generate", { slug: "lumen-pro", metadata }, server);
  expect(status).toBe(200);
  expect(body).toEqual({
    license_key: expect.stringMatching(/^TEST-/),
    slug: "lumen-pro",
    status: "inactive",
    metadata,
    expires_at: null,
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  });
  const { license_key } = body as { license_key: string };
  const revoked = await post("/revoke", { license_key }, { "X-API-Key": server.Authorization.slice(7) });
  expect(revoked).toMatchObject({
    status: 200,
    body: { valid: false, status: "revoked", license_key, revoked_at: expect.any(String) },
  });
  expect((await post("/revoke", { license_key }, server)).body).toEqual(revoked.body);
  const acts = await db().auditLog.findMany({ where: { actorType: "api-key", event: "license.revoked" } });
  expect(acts).toMatchObject([{ actorLabel: "Shop" }]);
});

test("the same Idempotency-Key makes one license; another payload conflicts in their words", async () => {
  const headers = { ...server, "Idempotency-Key": "evt_1" };
  const first = await post("/generate", { slug: "lumen", metadata: { a: 1, b: 2 } }, headers);
  const again = await post("/generate", { metadata: { b: 2, a: 1 }, slug: "lumen" }, headers);
  expect(again.status).toBe(200);
  expect(again.body).toEqual(first.body);
  expect(await post("/generate", { slug: "lumen" }, headers)).toMatchObject({
    status: 409,
    body: { error: "idempotency key reuse with different payload" },
  });
});

test("activate, validate and deactivate answer exactly the fields of theirs", async () => {
  const end = new Date(Date.now() + 90 * day);
  const { key } = await aKey({ paidUntil: end });
  const expires_at = end.toISOString();
  expect((await check("/validate", key, "a")).body).toEqual({
    ...{ valid: false, status: "inactive", expires_at, reason: "fingerprint_not_active" },
  });
  const activated = await check("/activate", key.toLowerCase(), "a", { metadata: { os: "mac" } });
  expect(activated).toMatchObject({ status: 200 });
  expect(activated.body).toEqual({
    ...{ valid: true, status: "active", license_key: key, fingerprint: "a", expires_at },
    token: expect.any(String),
  });
  expect((await check("/validate", key, "a")).body).toEqual({
    ...{ valid: true, status: "active", expires_at, token: expect.any(String) },
  });
  await check("/activate", key, "b");
  expect((await check("/activate", key, "c")).body).toEqual({
    ...{ valid: false, status: "active", license_key: key, fingerprint: "c", expires_at },
    reason: "activation_limit_reached",
  });
  const left = { valid: true, status: "active", active_seats: 1, max_activations: 2, expires_at };
  expect((await check("/deactivate", key, "a", { reason: "new Mac" })).body).toEqual({
    released: true,
    ...left,
  });
  expect((await check("/deactivate", key, "a")).body).toEqual({ released: false, ...left });
  expect((await check("/deactivate", key, "b")).body).toMatchObject({ status: "inactive", active_seats: 0 });
});

test.each([
  ["expired", "inactive", { paidUntil: new Date(Date.now() - day) }],
  ["revoked", "revoked", { revokedAt: new Date() }],
] as const)("what is %s is refused with status 200 and that reason", async (reason, status, overrides) => {
  const { key } = await aKey(overrides);
  for (const path of ["/activate", "/validate"]) {
    const answer = await check(path, key, "a");
    expect(answer).toMatchObject({ status: 200, body: { valid: false, status, reason } });
    expect(answer.body).not.toHaveProperty("token");
  }
});

test("a suspended license counts as revoked, one in grace is good until its grace ends", async () => {
  const held = await aKey();
  await db().licenseHold.create({
    data: { id: "hold_x", licenseId: held.license.id, cause: "staff", reason: "test" },
  });
  expect((await check("/validate", held.key, "a")).body).toMatchObject({
    ...{ valid: false, status: "revoked", reason: "revoked" },
  });
  const graceUntil = new Date(Date.now() + day);
  const { key } = await aKey({ paidUntil: new Date(Date.now() - day), graceUntil });
  expect((await check("/activate", key, "a")).body).toMatchObject({
    ...{ valid: true, status: "active", expires_at: graceUntil.toISOString() },
  });
});

test("many devices at once share the seats, and one device many times takes one", async () => {
  const { key } = await aKey({ deviceLimit: 3 });
  const many = await Promise.all(Array.from({ length: 30 }, (_, n) => check("/activate", key, `fp-${n}`)));
  expect(many.every(({ status }) => status === 200)).toBe(true);
  expect(many.filter(({ body }) => (body as { valid: boolean }).valid)).toHaveLength(3);
  const one = await aKey({ deviceLimit: 3 });
  await Promise.all(Array.from({ length: 30 }, () => check("/activate", one.key, "same")));
  expect((await check("/deactivate", one.key, "same")).body).toMatchObject({ active_seats: 0 });
});

test("an offline token verifies with the public key its kid names and ends no later than the license", async () => {
  const end = new Date(Date.now() + day);
  const { key, license } = await aKey({ paidUntil: end });
  const { body } = await check("/activate", key, "fp-1");
  const { token } = body as { token: string };
  const [head = "", claims = "", signature = ""] = token.split(".");
  const read = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString()) as object;
  const listed = await callApi(`${url}/management/offline/public-keys`);
  const [signing] = (listed.body as { signing_keys: { kid: string; public_key_pem: string }[] }).signing_keys;
  expect(signing).toMatchObject({ id: 1, algorithm: "Ed25519", status: "active", retired_at: null });
  expect(read(head)).toEqual({ alg: "EdDSA", typ: "JWT", kid: signing?.kid });
  const publicKey = createPublicKey(signing?.public_key_pem ?? "");
  const signed = Buffer.from(`${head}.${claims}`);
  expect(verify(null, signed, publicKey, Buffer.from(signature, "base64url"))).toBe(true);
  expect(read(claims)).toEqual({
    ...{ iss: "http://localhost:3000", sub: uuidOf(license.id), slug: "lumen-pro", fingerprint: "fp-1" },
    ...{ iat: expect.any(Number), nbf: expect.any(Number), jti: expect.any(String) },
    exp: Math.floor(end.getTime() / 1000),
  });
  const own = await callApi(`${url}/management/offline/signing-keys`, { headers: server });
  expect(own.body).toMatchObject({ signing_keys: [{ kid: signing?.kid, status: "active" }] });
});

test("a policy without offline use gives no token", async () => {
  const online = await aPolicy({ offlineHours: null });
  const { key } = await aKey({ policyId: online.id });
  expect((await check("/activate", key, "a")).body).not.toHaveProperty("token");
});

test("bad calls answer with their statuses and one text", async () => {
  const { key } = await aKey();
  const error = expect.any(String);
  expect(await check("/validate", "LUMEN-0000", "a")).toMatchObject({
    status: 404,
    body: { error: "license not found" },
  });
  expect(await check("/validate", key, "f".repeat(257))).toMatchObject({ status: 400, body: { error } });
  expect(await post("/activate", { license_key: key })).toMatchObject({
    status: 400,
    body: { error: "fingerprint is required." },
  });
  expect(await callApi(`${url}/activate`, { body: "{" })).toMatchObject({ status: 400, body: { error } });
  expect(await post("/generate", { slug: "lumen" })).toMatchObject({ status: 401, body: { error } });
  const reader = await keyWith("licenses:read");
  expect(await post("/generate", { slug: "lumen" }, reader)).toMatchObject({ status: 401, body: { error } });
  expect(await post("/generate", { slug: "nothing" }, server)).toMatchObject({
    status: 404,
    body: { error: "slug not found" },
  });
  for (const slug of ["-a", "A", "a b", "a".repeat(129)])
    expect((await post("/generate", { slug }, server)).status, slug).toBe(400);
  const many = Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`k${n}`, ""]));
  for (const metadata of [many, { a: { b: { c: { d: { e: { f: 1 } } } } } }, { a: Array(600).fill(1) }])
    expect((await post("/generate", { slug: "lumen", metadata }, server)).status).toBe(400);
});

test("a management key makes and revokes server keys that may do less than itself", async () => {
  const made = await post("/management/api-keys", { name: "ci" }, manager);
  expect(made).toMatchObject({ status: 201 });
  const { api_key, id } = made.body as { api_key: string; id: string };
  expect(made.body).toEqual({ api_key, id, name: "ci", created_at: expect.any(String) });
  const own = { Authorization: `Bearer ${api_key}` };
  expect((await post("/generate", { slug: "lumen" }, own)).status).toBe(200);
  expect((await post("/management/api-keys", {}, own)).status).toBe(401);
  expect((await callApi(`${url}/management/api-keys`, { headers: manager })).body).toMatchObject({
    api_keys: expect.arrayContaining([
      { id, name: "ci", hint: api_key.slice(-4), revoked_at: null, created_at: expect.any(String) },
    ]),
  });
  const revoked = await callApi(`${url}/management/api-keys/${id}/revoke`, {
    method: "POST",
    headers: manager,
  });
  expect(revoked).toMatchObject({ status: 200, body: { id, revoked_at: expect.any(String) } });
  expect((await post("/generate", { slug: "lumen" }, own)).status).toBe(401);
  const narrow = await keyWith("api-keys:write");
  expect((await post("/management/api-keys", {}, narrow)).status).toBe(401);
  const half = await keyWith("api-keys:write", "licenses:read");
  const reading = (await post("/management/api-keys", {}, half)).body as { api_key: string; name: string };
  expect(reading.name).toBe("unnamed");
  expect((await post("/generate", { slug: "lumen" }, { "X-API-Key": reading.api_key })).status).toBe(401);
  const missing = await callApi(`${url}/management/api-keys/key_x/revoke`, {
    method: "POST",
    headers: manager,
  });
  expect(missing).toMatchObject({ status: 404, body: { error: "api key not found" } });
});

test("slugs are policies: made, read, changed and archived", async () => {
  const slugs = `${url}/management/slugs`;
  const wanted = { name: "solo", max_activations: 1, expiration_type: "duration", expiration_days: 30 };
  const made = await callApi(slugs, { headers: manager, body: { ...wanted, offline_enabled: true } });
  expect(made).toMatchObject({ status: 201 });
  expect(made.body).toEqual({
    ...wanted,
    ...{ id: expect.any(Number), fixed_expires_at: null, is_default: false, deleted_at: null },
    ...{ offline_enabled: true, offline_token_lifetime_hours: 24, attributes: {} },
    ...{ created_at: expect.any(String), updated_at: expect.any(String) },
  });
  expect((await callApi(slugs, { headers: manager, body: wanted })).status).toBe(409);
  const { body } = await post("/generate", { slug: "solo" }, server);
  const { expires_at, license_key } = body as { expires_at: string; license_key: string };
  expect(Date.parse(expires_at) - Date.now()).toBeGreaterThan(29 * day);
  const changed = await callApi(`${slugs}/solo`, {
    ...{ method: "PATCH", headers: manager },
    body: { max_activations: 2_147_483_647, attributes: { pro: true } },
  });
  expect(changed.body).toMatchObject({ expiration_days: 30, max_activations: 2_147_483_647 });
  expect(await db().policy.findUnique({ where: { slug: "solo" } })).toMatchObject({ deviceLimit: null });
  expect((await callApi(`${slugs}/solo`, { headers: manager })).body).toMatchObject({
    attributes: { pro: true },
  });
  for (const wrong of [{}, { expiration_type: "fixed_date" }, { name: "other" }, { max_activations: 0 }])
    expect(await callApi(`${slugs}/solo`, { method: "PATCH", headers: manager, body: wrong })).toMatchObject({
      ...{ status: 400, body: { error: expect.any(String) } },
    });
  const removed = await callApi(`${slugs}/solo`, { method: "DELETE", headers: manager });
  expect(removed).toMatchObject({ status: 200, body: { deleted: true } });
  expect((await callApi(`${slugs}/solo`, { headers: manager })).status).toBe(404);
  expect((await post("/generate", { slug: "solo" }, server)).status).toBe(404);
  // A license that was sold goes on.
  expect((await check("/activate", license_key, "a")).body).toMatchObject({ valid: true });
  const listed = async (query: string) =>
    (
      (await callApi(`${slugs}${query}`, { headers: manager })).body as { slugs: { name: string }[] }
    ).slugs.map(({ name }) => name);
  expect(await listed("")).toContain("lumen-pro");
  expect(await listed("")).not.toContain("solo");
  expect(await listed("?include_archived=true")).toContain("solo");
  expect((await callApi(slugs, { headers: manager, body: wanted })).status).toBe(201);
  expect((await callApi(slugs, { headers: server })).status).toBe(401);
  const events = await db().auditLog.findMany({
    where: { event: { startsWith: "policy." } },
    orderBy: { seq: "asc" },
  });
  expect(events.map(({ event }) => event)).toEqual([
    ...["policy.created", "policy.changed", "policy.archived", "policy.created"],
  ]);
});

test("the list of licenses filters, turns pages and counts", async () => {
  const shelf = await aPolicy({ slug: "shelf" });
  const make = async (overrides: LicenseOverrides) => (await aKey({ policyId: shelf.id, ...overrides })).key;
  const used = await make({});
  await check("/activate", used, "a");
  await make({ revokedAt: new Date() });
  await make({ paidUntil: new Date(Date.now() - day) });
  await make({});
  const list = async (query: string) =>
    (await callApi(`${url}/management/licenses?q=shelf&${query}`, { headers: server })).body;
  expect(await list("status=active")).toMatchObject({
    licenses: [{ license_key: used, slug: "shelf", status: "active", active_seats: 1, max_activations: 3 }],
    pagination: { page: 1, page_size: 10, total: 1, total_pages: 1 },
  });
  for (const status of ["inactive", "revoked", "expired"])
    expect(await list(`status=${status}`)).toMatchObject({
      licenses: [{ status }],
      pagination: { total: 1 },
    });
  expect(await list("page=2&page_size=3")).toMatchObject({
    licenses: [{ license_key: used }],
    pagination: { page: 2, page_size: 3, total: 4, total_pages: 2 },
  });
  const { counts } = (await list("")) as { counts: Record<string, number> };
  expect(counts.total).toBe(await db().license.count());
  expect(counts.total).toBe(
    (counts.active ?? 0) + (counts.inactive ?? 0) + (counts.revoked ?? 0) + (counts.expired ?? 0),
  );
  const tooMany = await callApi(`${url}/management/licenses?page_size=101`, { headers: server });
  expect(tooMany).toMatchObject({ status: 400, body: { error: expect.stringContaining("page_size") } });
});

test("switched off, nothing of it is there", async () => {
  await chooseSettings({ simpleLicenseServerDialect: "off" });
  expect((await post("/validate", { license_key: "x", fingerprint: "a" })).status).toBe(404);
  expect((await callApi(`${url}/management/licenses`, { headers: server })).status).toBe(404);
});
