import {
  activateLicense,
  deactivateLicense,
  lemonSqueezySetup,
  validateLicense,
} from "@lemonsqueezy/lemonsqueezy.js";
import { expect, test, vi } from "vitest";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { db } from "#app/infra/db.server.ts";
import { callApi, chooseSettings, startApi } from "#tests/api/api-server.ts";
import * as records from "#tests/api/lemon-squeezy-records.ts";
import {
  type activatedRecord,
  deactivatedRecord,
  refusedActivationRecord,
  refusedDeactivationRecord,
  refusedValidationRecord,
  shapeOf,
  validatedInstanceRecord,
  validatedKeyRecord,
} from "#tests/api/lemon-squeezy-records.ts";
import { aCustomer, aLicense, anOrder, aPolicy, aProduct, type LicenseOverrides } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const { url } = await startApi();
lemonSqueezySetup({ apiKey: "not used by the license API" });

// The SDK has the address of Lemon Squeezy built in: only the host of its requests is changed, nothing else.
const realFetch = globalThis.fetch;
vi.stubGlobal("fetch", (input: string, init?: RequestInit) =>
  realFetch(input.replace("https://api.lemonsqueezy.com", url), init),
);

const product = await aProduct({ slug: "lumen", name: "Lumen" });
const policy = await aPolicy({ productId: product.id, deviceLimit: 2, slug: "lumen-pro", name: "Pro" });
const dayMs = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * dayMs);

async function aKey(overrides: LicenseOverrides = {}) {
  const license = await aLicense({ policyId: policy.id, ...overrides });
  return { license, key: readKey(license) };
}

/** A license somebody bought, with the line of its order. */
async function aSoldKey(livemode: boolean) {
  const customer = await aCustomer({ name: "Ada Lovelace" });
  const order = await anOrder({ customerId: customer.id, livemode });
  const line = await db().orderLine.create({
    data: { id: `line_${order.id}`, orderId: order.id, policyId: policy.id, quantity: 1 },
  });
  return { ...(await aKey({ customerId: customer.id, orderId: order.id })), customer, order, line };
}

const form = async (path: string, fields: Record<string, string>) => {
  const response = await realFetch(`${url}/v1/licenses/${path}`, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams(fields),
  });
  return { status: response.status, body: (await response.json()) as unknown };
};

test("the SDK activates, validates and deactivates; every answer has the fields and types of a recorded one", async () => {
  const { key, license } = await aKey({ paidUntil: inDays(365) });
  const activated = await activateLicense(key, "Studio Mac");
  expect(activated.error).toBeNull();
  expect(activated.statusCode).toBe(200);
  expect(shapeOf(activated.data)).toEqual(shapeOf(records.activatedRecord));
  expect(activated.data).toMatchObject({
    ...{ activated: true, error: null },
    license_key: {
      id: license.number,
      status: "active",
      key,
      activation_limit: 2,
      activation_usage: 1,
      created_at: license.createdAt.toISOString().replace("Z", "000Z"),
      expires_at: license.paidUntil?.toISOString().replace("Z", "000Z"),
    },
    instance: { name: "Studio Mac" },
    meta: { product_id: product.number, variant_id: policy.number, variant_name: "Pro" },
  } satisfies DeepPartial<typeof activatedRecord>);
  const instanceId = activated.data?.instance?.id ?? "";
  expect(instanceId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);

  const byKey = await validateLicense(key);
  expect([byKey.statusCode, byKey.data?.valid, byKey.data?.instance]).toEqual([200, true, null]);
  expect(shapeOf(byKey.data)).toEqual(shapeOf(validatedKeyRecord));

  const byInstance = await validateLicense(key, instanceId);
  expect([byInstance.statusCode, byInstance.data?.valid]).toEqual([200, true]);
  expect(byInstance.data?.instance).toEqual(activated.data?.instance);
  expect(shapeOf(byInstance.data)).toEqual(shapeOf(validatedInstanceRecord));

  const deactivated = await deactivateLicense(key, instanceId);
  expect([deactivated.statusCode, deactivated.error]).toEqual([200, null]);
  expect(deactivated.data).toMatchObject({
    deactivated: true,
    license_key: { status: "inactive", activation_usage: 0 },
  });
  expect(shapeOf(deactivated.data)).toEqual(shapeOf(deactivatedRecord));
});

const states: [string, LicenseOverrides, { status: string; error: string | null }][] = [
  ["issued, no device", {}, { status: "inactive", error: null }],
  ["in payment grace", { paidUntil: inDays(-1), graceUntil: inDays(6) }, { status: "inactive", error: null }],
  ["expired", { paidUntil: inDays(-1) }, { status: "expired", error: "This license key is expired." }],
  ["revoked", { revokedAt: inDays(-1) }, { status: "disabled", error: "This license key is disabled." }],
  ["suspended", {}, { status: "disabled", error: "This license key is disabled." }],
];

test.each(states)(
  "a key that is %s: the SDK sees its status and why it is refused",
  async (name, columns, expected) => {
    const { key, license } = await aKey(columns);
    if (name === "suspended")
      await db().licenseHold.create({
        data: { id: `hold_${license.id}`, licenseId: license.id, cause: "unpaid:sub_1", reason: "Not paid" },
      });
    const isGood = expected.error === null;
    const validated = await validateLicense(key);
    expect([validated.statusCode, validated.data?.valid, validated.data?.error]).toEqual([
      isGood ? 200 : 400,
      isGood,
      expected.error,
    ]);
    expect(validated.data?.license_key.status).toBe(expected.status);
    const activated = await activateLicense(key, "Mac");
    expect([activated.statusCode, activated.data?.activated, activated.data?.error]).toEqual([
      isGood ? 200 : 400,
      isGood,
      expected.error,
    ]);
    if (isGood) return;
    expect(validated.data).toMatchObject({ instance: null });
    expect(withoutEnd(validated.data)).toEqual(withoutEnd(refusedValidationRecord));
    expect(activated.data).not.toHaveProperty("instance");
    expect(withoutEnd(activated.data)).toEqual(withoutEnd(refusedActivationRecord));
  },
);

test("an end that a grace outlasts is told as the end it works until", async () => {
  const graceUntil = inDays(6);
  const { key } = await aKey({ paidUntil: inDays(-1), graceUntil });
  const { data } = await validateLicense(key);
  expect(data?.license_key.expires_at).toBe(graceUntil.toISOString().replace("Z", "000Z"));
});

test("a full key refuses one more instance in Lemon Squeezy's words; another name is another instance", async () => {
  const { key } = await aKey();
  const first = await activateLicense(key, "Mac");
  const second = await activateLicense(key, "Mac");
  expect(second.data?.instance?.id).not.toBe(first.data?.instance?.id);
  const third = await activateLicense(key, "Mac");
  expect(third.statusCode).toBe(400);
  expect(third.data).toMatchObject({
    activated: false,
    error: "This license key has reached the activation limit.",
    license_key: { status: "active", activation_usage: 2, activation_limit: 2 },
  });
  expect(third.data).not.toHaveProperty("instance");
});

test("with the extra field fingerprint a device keeps its instance and its seat", async () => {
  const { key } = await aKey({ deviceLimit: 1 });
  const activate = (instance_name: string) =>
    form("activate", { license_key: key, instance_name, fingerprint: "mac-1" });
  const first = await activate("Mac");
  const again = await activate("Mac of Ada");
  expect(again.status).toBe(200);
  expect(again.body).toMatchObject({
    license_key: { activation_usage: 1 },
    instance: { id: (first.body as { instance: { id: string } }).instance.id, name: "Mac of Ada" },
  });
});

test("an unknown key is 404 without a license, in all three calls", async () => {
  const key = "TEST-0000-0000-0000-0000-0000-0000-0001";
  for (const [flag, call] of [
    ["activated", () => activateLicense(key, "Mac")],
    ["valid", () => validateLicense(key)],
    ["deactivated", () => deactivateLicense(key, "9d1e8df9-229f-4b5d-a207-945dcfa1e996")],
  ] as const) {
    const { statusCode, data } = await call();
    expect([statusCode, data]).toEqual([404, { [flag]: false, error: "license_key not found." }]);
  }
});

test("an instance that is not there is 400 for validate and deactivate, with the key described", async () => {
  const { key } = await aKey();
  const other = await aKey();
  const foreign = (await activateLicense(other.key, "Mac")).data?.instance?.id ?? "";
  const own = (await activateLicense(key, "Mac")).data?.instance?.id ?? "";
  await deactivateLicense(key, own);
  for (const id of [foreign, own, "9d1e8df9-229f-4b5d-a207-945dcfa1e996", "no-uuid"]) {
    const validated = await validateLicense(key, id);
    expect([validated.statusCode, validated.data?.valid, validated.data?.instance]).toEqual([
      400,
      false,
      null,
    ]);
    const deactivated = await deactivateLicense(key, id);
    expect([deactivated.statusCode, deactivated.data?.deactivated]).toEqual([400, false]);
    expect(deactivated.data?.error).toBe("license_key_instance not found.");
    expect(withoutEnd(deactivated.data)).toEqual(withoutEnd(refusedDeactivationRecord));
  }
  expect((await validateLicense(other.key, foreign)).data?.valid).toBe(true);
});

test("a disabled key keeps its instances, an expired one gives them back", async () => {
  const { key, license } = await aKey();
  const id = (await activateLicense(key, "Mac")).data?.instance?.id ?? "";
  await db().license.update({ where: { id: license.id }, data: { revokedAt: new Date() } });
  const disabled = await deactivateLicense(key, id);
  expect([disabled.statusCode, disabled.data?.error]).toEqual([400, "This license key is disabled."]);
  await db().license.update({
    where: { id: license.id },
    data: { revokedAt: null, paidUntil: inDays(-1) },
  });
  const expired = await deactivateLicense(key, id);
  expect([expired.statusCode, expired.data?.license_key.status]).toEqual([200, "expired"]);
});

test("order, line and mode come from the purchase; a license that was given away is no test key", async () => {
  const sold = await aSoldKey(false);
  const { data } = await validateLicense(sold.key);
  expect(data?.license_key.test_mode).toBe(true);
  expect(data?.meta).toEqual({
    ...{ store_id: 1, order_id: sold.order.number, order_item_id: sold.line.number },
    ...{ product_id: product.number, product_name: "Lumen" },
    ...{ variant_id: policy.number, variant_name: "Pro" },
    ...{ customer_id: sold.customer.number, customer_name: "", customer_email: "" },
  });
  expect((await validateLicense((await aSoldKey(true)).key)).data?.license_key.test_mode).toBe(false);
  const given = await aLicense({ policyId: policy.id, customerId: null });
  const answer = await validateLicense(readKey(given));
  expect(answer.data?.license_key.test_mode).toBe(false);
  expect(answer.data?.meta).toMatchObject({ order_id: 0, order_item_id: 0, customer_id: 0 });
});

test("who bought it is told only where the vendor chose so", async () => {
  const { key, customer } = await aSoldKey(true);
  await chooseSettings({ customerInLemonSqueezyAnswers: "shown" });
  const shown = await validateLicense(key);
  await chooseSettings({ customerInLemonSqueezyAnswers: "hidden" });
  expect(shown.data?.meta).toMatchObject({ customer_name: "Ada Lovelace", customer_email: customer.email });
});

test("forms, JSON and JSON:API documents are read; empty fields and numbers count as they were meant", async () => {
  const { key } = await aKey();
  expect((await form("validate", { license_key: key, instance_id: "" })).body).toMatchObject({
    valid: true,
    instance: null,
  });
  const typed = key.toLowerCase().replaceAll("-", " ");
  const post = (body: unknown, type = "application/json") =>
    callApi(`${url}/v1/licenses/validate`, { body, headers: { "Content-Type": type } });
  expect((await post({ license_key: typed, instance_id: null })).body).toMatchObject({
    valid: true,
    license_key: { key },
  });
  const document = { data: { type: "license-keys", attributes: { license_key: key } } };
  expect((await post(document, "application/vnd.api+json")).body).toMatchObject({ valid: true });
  const numbered = await callApi(`${url}/v1/licenses/activate`, {
    body: { license_key: key, instance_name: 42 },
  });
  expect(numbered.body).toMatchObject({ instance: { name: "42" } });
});

test("a missing field is 422 with a sentence", async () => {
  expect(await form("validate", { license_key: " " })).toEqual({
    status: 422,
    body: { valid: false, error: "The license key field is required." },
  });
  expect(await form("activate", {})).toEqual({
    status: 422,
    body: { activated: false, error: "The license key field is required. (and 1 more error)" },
  });
  const { key } = await aKey();
  expect(await form("activate", { license_key: key, instance_name: "x".repeat(256) })).toEqual({
    status: 422,
    body: {
      activated: false,
      error: "The instance name field must not be greater than 255 characters.",
    },
  });
  const bare = await realFetch(`${url}/v1/licenses/validate`, { method: "POST" });
  expect([bare.status, await bare.json()]).toEqual([
    422,
    { valid: false, error: "The license key field is required." },
  ]);
  expect((await form("deactivate", { license_key: key })).body).toEqual({
    deactivated: false,
    error: "The instance id field is required.",
  });
});

test("an app that names its product is told nothing about the key of another one", async () => {
  const { key } = await aKey();
  expect((await form("validate", { license_key: key, product: "lumen" })).body).toMatchObject({
    valid: true,
  });
  expect(await form("validate", { license_key: key, product: "another" })).toEqual({
    status: 404,
    body: { valid: false, error: "license_key not found." },
  });
});

test("the same Idempotency-Key gives one instance, however often it is sent", async () => {
  const { key } = await aKey();
  const send = () =>
    callApi(`${url}/v1/licenses/activate`, {
      body: { license_key: key, instance_name: "Mac" },
      headers: { "Idempotency-Key": "a-1" },
    });
  const first = await send();
  const again = await send();
  expect(again.body).toEqual(first.body);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect((await validateLicense(key)).data?.license_key.activation_usage).toBe(1);
});

test("too many calls are no verdict on the key, so the answer has no flag", async () => {
  const { key } = await aKey();
  await chooseSettings({ publicCallsPerKeyPerMinute: 1 });
  await validateLicense(key);
  const { statusCode, data } = await validateLicense(key);
  await chooseSettings({ publicCallsPerKeyPerMinute: 0 });
  expect([statusCode, data]).toEqual([429, { error: expect.any(String) }]);
});

test("switched off, its addresses answer nothing", async () => {
  const { key } = await aKey();
  await chooseSettings({ lemonSqueezyDialect: "off" });
  const off = await form("validate", { license_key: key });
  await chooseSettings({ lemonSqueezyDialect: "on" });
  // Also where AuthForge has another method at the same address.
  expect(off.status).toBe(404);
  expect(off.body).not.toHaveProperty("license_key");
});

type DeepPartial<T> = { [K in keyof T]?: unknown };

/** The shape, but for the end of the license, which the recorded ones lack. */
function withoutEnd(value: unknown): unknown {
  const shape = shapeOf(value) as { license_key: Record<string, unknown> };
  const { expires_at, ...rest } = shape.license_key;
  return { ...shape, license_key: { ...rest, ends: expires_at !== undefined } };
}
