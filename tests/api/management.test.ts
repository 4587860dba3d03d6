import { expect, test } from "vitest";
import { createApiKey } from "#app/domain/api-key/api-key.server.ts";
import { type Scope, scopes } from "#app/domain/api-key/scopes.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { newId, uuidOf } from "#app/domain/ids.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { db } from "#app/infra/db.server.ts";
import { callApi, startApi } from "#tests/api/api-server.ts";
import { aCustomer, aLicense, anActivation, aPolicy, aProduct } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const { url } = await startApi();
const product = await aProduct({ slug: "lumen" });
const policy = await aPolicy({ slug: "lumen-pro", productId: product.id });
const day = 86_400_000;

async function aKeyWith(granted: readonly Scope[], name = "Shop back end", expiresAt: Date | null = null) {
  const maker = { actor: systemActor("test"), now: new Date(), requestId: null, createdBy: "test" };
  return createApiKey({ ...maker, name, scopes: granted, expiresAt });
}
const all = await aKeyWith([...scopes]);

type Options = { method?: string; body?: unknown; headers?: Record<string, string>; as?: string };
function ask(path: string, { as = all.key, headers, ...options }: Options = {}) {
  return callApi(`${url}/api/v1${path}`, {
    ...options,
    headers: { Authorization: `Bearer ${as}`, ...headers },
  });
}

test("licenses are created, found by what a program noted, read, and the log names the key", async () => {
  const created = await ask("/licenses", {
    body: { policy: "lumen-pro", quantity: 2, metadata: { subscription: "sub_42" }, deviceLimit: null },
  });
  expect(created).toMatchObject({
    status: 201,
    body: { licenses: [{ customer: null, deviceLimit: null, status: "unused" }, { valid: true }] },
  });
  const list = await ask("/licenses?metadata[subscription]=sub_42&limit=1");
  expect(list.body).toMatchObject({ licenses: [{ metadata: { subscription: "sub_42" } }] });
  const { licenses, nextCursor } = list.body as {
    licenses: { id: string; key: string }[];
    nextCursor: string;
  };
  const rest = await ask(`/licenses?metadata[subscription]=sub_42&cursor=${encodeURIComponent(nextCursor)}`);
  expect(rest.body).toMatchObject({ licenses: [{}], nextCursor: null });
  const [{ id, key } = { id: "", key: "" }] = licenses;
  for (const ref of [id, uuidOf(id)])
    expect((await ask(`/licenses/${ref}`)).body).toMatchObject({ id, key, product: { slug: "lumen" } });
  expect((await ask("/licenses/search", { body: { key: key.toLowerCase() } })).body).toMatchObject({
    licenses: [{ id }],
  });
  expect(await db().auditLog.findFirst({ where: { licenseId: id } })).toMatchObject({
    ...{ event: "license.issued", actorType: "api-key", actorId: all.record.id, actorLabel: "Shop back end" },
    reason: "Through the API",
  });
});

test("an unknown field is refused by its name, so that no typo is silently ignored", async () => {
  const wrong = [
    ["/licenses", { policy: "lumen-pro", devicelimit: 3 }, "devicelimit"],
    ["/licenses", { policy: "lumen-pro", customer: { email: "a@example.com", mail: "b" } }, "customer.mail"],
    [`/licenses/${newId("lic")}/suspend`, { why: "x" }, "why"],
    ["/api-keys", { name: "x", scopes: ["licenses:read"], expires: "x" }, "expires"],
  ] as const;
  for (const [path, body, field] of wrong)
    expect(await ask(path, { body })).toMatchObject({
      status: 422,
      body: { code: "invalid_request", errors: [{ field }] },
    });
  expect((await ask("/licenses?prodct=lumen")).body).toMatchObject({ errors: [{ field: "prodct" }] });
  const before = await db().license.count();
  expect((await ask("/licenses", { body: { policy: "no-such" } })).body).toMatchObject({
    errors: [{ field: "policy" }],
  });
  expect(await db().license.count()).toBe(before);
});

test("the same Idempotency-Key makes one set of licenses and gives the same answer", async () => {
  const headers = { "Idempotency-Key": "sale-1042" };
  const body = { policy: "lumen-pro", quantity: 3 };
  const first = await ask("/licenses", { body, headers });
  const again = await ask("/licenses", { body, headers });
  expect(again.body).toEqual(first.body);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(await ask("/licenses", { body: { ...body, quantity: 4 }, headers })).toMatchObject({
    status: 409,
    body: { code: "idempotency_conflict" },
  });
});

test("a key without the scope, and without any key, is refused before anything is read", async () => {
  const reader = await aKeyWith(["licenses:read"]);
  expect(await ask("/licenses", { as: reader.key })).toMatchObject({ status: 200 });
  expect(await ask("/licenses", { as: reader.key, body: {} })).toMatchObject({
    status: 403,
    body: { code: "forbidden" },
  });
  expect(await ask("/products", { as: reader.key })).toMatchObject({ status: 403 });
  expect(await callApi(`${url}/api/v1/licenses`)).toMatchObject({
    status: 401,
    body: { code: "unauthorized" },
  });
});

test("a license goes through its life by the acts of a program", async () => {
  const license = await aLicense({
    ...{ policyId: policy.id, term: "days", paidUntil: new Date(Date.now() + 10 * day), customerId: null },
  });
  const act = (name: string, body: object = {}) => ask(`/licenses/${license.id}/${name}`, { body });
  const until = new Date(Date.now() + 40 * day).toISOString();
  expect((await act("extend", { until })).body).toMatchObject({ validUntil: until });
  expect((await act("extend", { until })).body).toMatchObject({ validUntil: until, version: 2 });
  expect((await act("extend", { until, days: 1 })).status).toBe(422);
  expect((await act("extend")).status).toBe(422);
  expect((await act("suspend")).body).toMatchObject({
    status: "suspended",
    code: "SUSPENDED",
    holds: ["staff"],
  });
  expect((await act("reinstate")).body).toMatchObject({ status: "unused", holds: [] });
  const patched = await ask(`/licenses/${license.id}`, {
    method: "PATCH",
    body: { customer: { email: "mia@example.com" }, deviceLimit: 9, metadata: { a: "1" }, validUntil: null },
  });
  expect(patched.body).toMatchObject({
    ...{ customer: { email: "mia@example.com" }, deviceLimit: 9, metadata: { a: "1" }, validUntil: null },
  });
  expect((await ask(`/licenses/${license.id}`, { method: "PATCH", body: {} })).status).toBe(422);
  expect((await act("resend")).status).toBe(200);
  expect((await act("revoke", { reason: "Chargeback" })).body).toMatchObject({
    ...{ status: "revoked", revokedReason: "Chargeback", valid: false },
  });
  expect((await act("revoke")).status).toBe(200);
  expect(await act("suspend")).toMatchObject({ status: 409, body: { code: "conflict" } });
  const events = await db().auditLog.findMany({ where: { licenseId: license.id }, orderBy: { seq: "asc" } });
  expect(new Set(events.map(({ actorType }) => actorType))).toEqual(new Set(["api-key"]));
  expect((await ask(`/licenses/${newId("lic")}/revoke`, { body: {} })).status).toBe(404);
});

test("a change that is refused in part changes nothing", async () => {
  const license = await aLicense({ policyId: policy.id });
  const refused = await ask(`/licenses/${license.id}`, {
    method: "PATCH",
    body: { deviceLimit: 9, customer: { email: "somebody@example.com" } },
  });
  expect(refused.status).toBe(409);
  expect(await db().license.findUnique({ where: { id: license.id } })).toMatchObject({
    deviceLimit: 3,
    version: 1,
  });
});

test("a rotated key is taken by checks while its overlap runs", async () => {
  const license = await aLicense({ policyId: policy.id });
  const old = readKey(license);
  const { body } = await ask(`/licenses/${license.id}/rotate-key`, { body: { overlapHours: 1 } });
  const { key } = body as { key: string };
  for (const typed of [old, key])
    expect((await ask("/licenses/validate", { body: { product: "lumen", key: typed } })).status).toBe(200);
  await ask(`/licenses/${license.id}/rotate-key`, { method: "POST" });
  expect((await ask("/licenses/validate", { body: { product: "lumen", key } })).status).toBe(404);
});

test("devices are listed with their fingerprints and released once", async () => {
  const license = await aLicense({ policyId: policy.id });
  const device = await anActivation({ licenseId: license.id, fingerprint: "mac-1", name: "Studio" });
  const other = await anActivation();
  expect((await ask(`/licenses/${license.id}/devices`)).body).toMatchObject({
    devices: [{ id: device.id, fingerprint: "mac-1", active: true }],
  });
  const release = (id: string) => ask(`/licenses/${license.id}/devices/${id}`, { method: "DELETE" });
  expect((await release(device.id)).body).toEqual({ released: true, activeDevices: 0 });
  expect((await release(device.id)).body).toEqual({ released: false, activeDevices: 0 });
  expect((await release(other.id)).body).toEqual({ released: false, activeDevices: 0 });
  expect((await db().activation.findUnique({ where: { id: other.id } }))?.releasedAt).toBeNull();
});

test("the catalog is read by any name", async () => {
  expect(JSON.stringify((await ask("/products")).body)).toContain(product.id);
  for (const ref of ["lumen", product.id, String(product.number)])
    expect((await ask(`/products/${ref}`)).body).toMatchObject({ id: product.id });
  expect((await ask("/policies?product=lumen")).body).toMatchObject({ policies: [{ slug: "lumen-pro" }] });
  expect((await ask("/policies/lumen-pro")).body).toMatchObject({ product: { slug: "lumen" } });
  expect((await ask("/policies/lumen")).status).toBe(404);
});

test("an API key makes, rotates and revokes keys, but none that may do more than itself", async () => {
  const keeper = await aKeyWith(["api-keys:write", "licenses:read"], "Keeper");
  const made = await ask("/api-keys", { as: keeper.key, body: { name: "Job", scopes: ["licenses:read"] } });
  expect(made).toMatchObject({ status: 201, body: { state: "active", createdBy: "Keeper" } });
  const { id, key } = made.body as { id: string; key: string };
  expect((await ask("/licenses", { as: key })).status).toBe(200);
  expect(
    await ask("/api-keys", { as: keeper.key, body: { name: "Job", scopes: ["licenses:write"] } }),
  ).toMatchObject({ status: 403 });
  for (const act of ["revoke", "rotate"])
    expect((await ask(`/api-keys/${all.record.id}/${act}`, { as: keeper.key, method: "POST" })).status).toBe(
      403,
    );
  const rotated = await ask(`/api-keys/${id}/rotate`, { as: keeper.key, body: { overlapHours: 0 } });
  expect((await ask("/licenses", { as: key })).status).toBe(401);
  const next = rotated.body as { id: string; key: string };
  expect((await ask("/licenses", { as: next.key })).status).toBe(200);
  expect((await ask(`/api-keys/${next.id}/revoke`, { as: keeper.key, method: "POST" })).body).toMatchObject({
    state: "revoked",
  });
  expect((await ask("/licenses", { as: next.key })).status).toBe(401);
  const { body } = await ask("/api-keys?limit=100", { as: keeper.key });
  expect(JSON.stringify(body)).not.toContain(key.slice(0, 20));
});

test("an API key that ends makes none that outlives it, but may rotate itself", async () => {
  const end = new Date(Date.now() + 3_600_000);
  const keeper = await aKeyWith([...scopes], "Keeper", end);
  const make = (expiresAt?: string | null) =>
    ask("/api-keys", { as: keeper.key, body: { name: "Job", scopes: ["licenses:read"], expiresAt } });
  expect((await make()).body).toMatchObject({ expiresAt: end.toISOString() });
  const sooner = new Date(end.getTime() - 1000).toISOString();
  expect((await make(sooner)).body).toMatchObject({ expiresAt: sooner });
  for (const later of [null, new Date(end.getTime() + 1).toISOString()])
    expect(await make(later)).toMatchObject({ status: 422, body: { errors: [{ field: "expiresAt" }] } });
  const server = await callApi(`${url}/management/api-keys`, {
    body: { name: "ci" },
    headers: { Authorization: `Bearer ${keeper.key}` },
  });
  const { id } = server.body as { id: string };
  const rotate = (which: string) => ask(`/api-keys/${which}/rotate`, { as: keeper.key, body: {} });
  expect((await rotate(id)).body).toMatchObject({ expiresAt: end.toISOString() });
  const forever = await aKeyWith(["licenses:read"]);
  expect((await rotate(forever.record.id)).body).toMatchObject({ expiresAt: end.toISOString() });
  const own = (await rotate(keeper.record.id)).body as { expiresAt: string };
  expect(Date.parse(own.expiresAt)).toBeGreaterThan(Date.now());
});

test("a file is checked out for a device that is active, plain or for the holder of the key", async () => {
  const license = await aLicense({ policyId: policy.id, customerId: (await aCustomer()).id });
  const body = { product: "lumen", key: readKey(license), fingerprint: "mac-9" };
  expect((await ask("/licenses/check-out", { body })).body).toMatchObject({
    ...{ valid: false, code: "DEVICE_NOT_ACTIVE", certificate: null, token: null },
  });
  await ask("/licenses/activate", { body });
  const plain = await ask("/licenses/check-out", { body: { ...body, ttlSeconds: 7200 } });
  const file = plain.body as { issued: string; expiry: string; certificate: string; token: string };
  expect(Date.parse(file.expiry) - Date.parse(file.issued)).toBe(7_200_000);
  expect(file.certificate).toMatch(/^-----BEGIN MACHINE FILE-----/);
  expect(file.token.split(".")).toHaveLength(3);
  const sealed = await ask("/licenses/check-out", { body: { ...body, encrypted: true } });
  const { certificate } = sealed.body as { certificate: string };
  const inner = Buffer.from(certificate.split("\n").slice(1, -2).join(""), "base64").toString();
  expect(JSON.parse(inner)).toMatchObject({ alg: "aes-256-gcm+ed25519" });
  const without = await aPolicy({ productId: product.id, offlineHours: null });
  const online = { ...body, key: readKey(await aLicense({ policyId: without.id })) };
  await ask("/licenses/activate", { body: online });
  expect(await ask("/licenses/check-out", { body: online })).toMatchObject({
    status: 403,
    body: { code: "forbidden" },
  });
});

test("public keys are told to anybody, also as a key set", async () => {
  const { body } = await callApi(`${url}/api/v1/signing-keys`);
  const { keys } = body as { keys: { keyId: string; hex: string }[] };
  expect(keys[0]?.hex).toMatch(/^[0-9a-f]{64}$/);
  expect((await callApi(`${url}/api/v1/signing-keys/jwks`)).body).toMatchObject({
    keys: [{ kid: keys[0]?.keyId, kty: "OKP" }],
  });
});
