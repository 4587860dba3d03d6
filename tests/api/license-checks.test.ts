import { expect, test } from "vitest";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { db } from "#app/infra/db.server.ts";
import { callApi, startApi } from "#tests/api/api-server.ts";
import { aLicense, aPolicy, aProduct, type LicenseOverrides } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const { url } = await startApi();
const product = await aProduct({ slug: "lumen" });
const policy = await aPolicy({ productId: product.id, deviceLimit: 2, slug: "lumen-pro" });
const day = 86_400_000;

async function aKey(overrides: LicenseOverrides = {}) {
  const license = await aLicense({ policyId: policy.id, ...overrides });
  return { license, key: readKey(license) };
}
const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  callApi(`${url}/api/v1/licenses/${path}`, { body: { product: "lumen", ...body }, headers });

test("a good license is valid, with the nonce echoed and nothing of its owner told", async () => {
  const { key, license } = await aKey();
  const { status, body, headers } = await post("validate", { key, nonce: "n-1" });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    ...{ valid: true, code: "VALID", retryable: false, nonce: "n-1", device: null },
    license: { id: license.id, status: "unused", product: "lumen", deviceLimit: 2, activeDevices: 0 },
  });
  const customer = await db().customer.findUniqueOrThrow({ where: { id: license.customerId ?? "" } });
  expect(JSON.stringify(body)).not.toContain(customer.email);
  expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
});

test.each([
  ["EXPIRED", { paidUntil: new Date(Date.now() - day) }],
  ["GRACE", { paidUntil: new Date(Date.now() - day), graceUntil: new Date(Date.now() + day) }],
  ["REVOKED", { revokedAt: new Date() }],
] as const)("a license that is %s says so with status 200", async (code, overrides) => {
  const { key } = await aKey(overrides);
  const { status, body } = await post("validate", { key });
  expect({ status, body }).toMatchObject({ status: 200, body: { code, valid: code === "GRACE" } });
});

test("a device takes one seat however often it asks; the limit holds; a released seat is free again", async () => {
  const { key } = await aKey();
  const activate = (fingerprint: string) =>
    post("activate", { key, fingerprint, name: `Mac ${fingerprint}` });
  expect((await activate("a")).body).toMatchObject({ valid: true, license: { activeDevices: 1 } });
  expect((await activate("a")).body).toMatchObject({ valid: true, license: { activeDevices: 1 } });
  expect((await activate("b")).body).toMatchObject({ device: { name: "Mac b", active: true } });
  expect((await activate("c")).body).toMatchObject({
    ...{ valid: false, code: "DEVICE_LIMIT_REACHED", retryable: true, device: null },
  });
  expect((await post("validate", { key, fingerprint: "c" })).body).toMatchObject({
    code: "DEVICE_NOT_ACTIVE",
  });
  expect((await post("validate", { key, fingerprint: "b" })).body).toMatchObject({ code: "VALID" });
  expect((await post("deactivate", { key, fingerprint: "a" })).body).toMatchObject({
    released: true,
    license: { activeDevices: 1 },
  });
  expect((await post("deactivate", { key, fingerprint: "a" })).body).toMatchObject({ released: false });
  expect((await activate("c")).body).toMatchObject({ valid: true, license: { activeDevices: 2 } });
});

test("floating seats are held by heartbeats and freed when they lapse", async () => {
  const { key, license } = await aKey({ leaseSeconds: 60, deviceLimit: 1 });
  expect((await post("activate", { key, fingerprint: "a" })).body).toMatchObject({
    device: { leaseUntil: expect.any(String) },
  });
  expect((await post("activate", { key, fingerprint: "b" })).body).toMatchObject({
    code: "DEVICE_LIMIT_REACHED",
  });
  await db().activation.updateMany({
    where: { licenseId: license.id },
    data: { leaseUntil: new Date(Date.now() - 1000) },
  });
  expect((await post("validate", { key, fingerprint: "a" })).body).toMatchObject({
    code: "DEVICE_NOT_ACTIVE",
  });
  expect((await post("heartbeat", { key, fingerprint: "a" })).body).toMatchObject({ valid: true });
  expect((await post("activate", { key, fingerprint: "b" })).body).toMatchObject({
    code: "DEVICE_LIMIT_REACHED",
  });
  expect((await post("heartbeat", { key, fingerprint: "b" })).body).toMatchObject({
    code: "DEVICE_NOT_ACTIVE",
  });
});

test("unknown, mistyped and foreign keys look the same", async () => {
  const other = await aLicense();
  const { key } = await aKey();
  const mistyped = key.slice(0, -1) + (key.endsWith("X") ? "Y" : "X");
  const answers = [];
  for (const wrong of [readKey(other), mistyped, "LUMEN-0000-0000-0000-0000-0000-0000-0000"])
    answers.push(await post("validate", { key: wrong }));
  for (const { status, body } of answers) {
    expect(status).toBe(404);
    expect(body).toEqual(answers[0]?.body);
  }
  expect(answers[0]?.body).toMatchObject({ code: "license_not_found", type: "/docs/api#license_not_found" });
  expect(answers[0]?.headers.get("content-type")).toBe("application/problem+json");
});

test("wrong calls are named with their fields", async () => {
  expect((await post("validate", {})).body).toMatchObject({
    status: 422,
    errors: [{ field: "key", message: "key is required." }],
  });
  const broken = await callApi(`${url}/api/v1/licenses/validate`, { body: "{" });
  expect(broken).toMatchObject({ status: 400, body: { code: "malformed_request" } });
  const wrongMethod = await callApi(`${url}/api/v1/licenses/validate`, { method: "DELETE" });
  expect(wrongMethod).toMatchObject({ status: 405, body: { code: "method_not_allowed" } });
  expect(wrongMethod.headers.get("allow")).toContain("POST");
  const nul = await post("validate", { key: "a\0b" });
  expect(nul).toMatchObject({ status: 400, body: { code: "malformed_request" } });
  expect((await callApi(`${url}/api/v1/nothing`)).status).toBe(404);
});

test("the same Idempotency-Key replays the answer and conflicts with another request", async () => {
  const { key } = await aKey();
  const headers = { "Idempotency-Key": "once" };
  const first = await post("activate", { key, fingerprint: "i" }, headers);
  const again = await post("activate", { key, fingerprint: "i" }, headers);
  expect(again.body).toEqual(first.body);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  const other = await post("activate", { key, fingerprint: "j" }, headers);
  expect(other).toMatchObject({ status: 409, body: { code: "idempotency_conflict" } });
});
