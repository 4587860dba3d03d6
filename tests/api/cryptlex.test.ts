import { expect, test } from "vitest";
import { addInterval } from "#app/api/cryptlex/subscription-interval.ts";
import { createApiKey } from "#app/domain/api-key/api-key.server.ts";
import type { Scope } from "#app/domain/api-key/scopes.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { uuidOf } from "#app/domain/ids.ts";
import { db } from "#app/infra/db.server.ts";
import { callApi, chooseSettings, startApi } from "#tests/api/api-server.ts";
import { aCustomer, aLicense, aPolicy, aProduct } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const { url } = await startApi();
const product = await aProduct({ slug: "lumen" });
await aPolicy({ productId: product.id, deviceLimit: 2, slug: "lumen-pro" });
const productId = uuidOf(product.id);
const day = 86_400_000;
const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);

async function headersWith(...scopes: Scope[]) {
  const { key } = await createApiKey({
    ...{ name: "Bridge", scopes, expiresAt: null, createdBy: "test" },
    ...{ actor: systemActor("test"), now: new Date(), requestId: null },
  });
  return { Authorization: `Bearer ${key}` };
}
const headers = await headersWith("licenses:read", "licenses:write");
const call = (method: string, path: string, body?: unknown, more: Record<string, string> = {}) =>
  callApi(`${url}/v3${path}`, {
    ...{ method, headers: { ...headers, ...more } },
    ...(body !== undefined && { body }),
  });

type License = { id: string; key: string; expiresAt: string; metadata: unknown[] };
async function create(body: object = {}): Promise<License> {
  const answer = await call("POST", "/licenses", { productId, ...body });
  expect(answer).toMatchObject({ status: 201 });
  return answer.body as License;
}

test("a license is created with user, interval, limit and metadata", async () => {
  const customer = await aCustomer({ name: "Ada Lovelace" });
  const metadata = [{ key: "subscription_id", value: "sub_1", viewPermissions: [] }];
  const made = await call("POST", "/licenses", {
    ...{
      productId,
      userId: uuidOf(customer.id),
      subscriptionInterval: "P1Y",
      allowedActivations: 5,
      metadata,
    },
  });
  expect(made.status).toBe(201);
  expect(made.body).toEqual({
    ...{ id: uuid, key: expect.stringMatching(/^TEST-/), revoked: false, suspended: false },
    ...{ type: "node-locked", allowedActivations: 5, totalActivations: 0, leaseDuration: 0 },
    ...{ subscriptionInterval: "P1Y", subscriptionStartTrigger: "creation", expiresAt: instant },
    ...{ serverSyncGracePeriod: 720 * 3600, fingerprintMatchingStrategy: "exact", productId, metadata },
    userId: uuidOf(customer.id),
    user: { id: uuidOf(customer.id), email: customer.email, firstName: "Ada Lovelace", lastName: "" },
    ...{ tags: [], createdAt: instant, updatedAt: instant },
  });
  const license = made.body as License & { createdAt: string };
  expect(license.expiresAt).toBe(
    addInterval(new Date(license.createdAt), { months: 12, days: 0 }).toISOString(),
  );
  expect((await call("GET", `/licenses/${license.id}`)).body).toEqual(made.body);
});

test("what is left out comes from the policy; 0 activations are any number", async () => {
  expect(await create({ productId: "lumen" })).toMatchObject({
    allowedActivations: 2,
    expiresAt: null,
    user: null,
  });
  expect(await create({ allowedActivations: 0 })).toMatchObject({ allowedActivations: 0 });
  const yearly = await aPolicy({ term: "days", termDays: 365, slug: "yearly" });
  expect(await create({ licenseTemplateId: uuidOf(yearly.id), productId })).toMatchObject({
    subscriptionInterval: "P365D",
  });
  const before = "3f2b8a51-7f0d-4a76-9a5f-2c7c1f1f4d21";
  await aPolicy({ slug: before });
  expect(await create({ productId: before })).toMatchObject({ productId: before });
});

test("a license is found by the subscription id in its metadata, by product, key and user", async () => {
  const customer = await aCustomer();
  const metadata = [{ key: "stripe_subscription_id", value: "sub_find" }];
  const { id, key } = await create({ metadata, userId: uuidOf(customer.id) });
  await create({ metadata: [{ key: "other", value: "sub_find" }] });
  const find = async (query: Record<string, string>) =>
    ((await call("GET", `/licenses?${new URLSearchParams(query)}`)).body as License[]).map(
      (found) => found.id,
    );
  const bySubscription = { "metadata.key[eq]": "stripe_subscription_id", "metadata.value[eq]": "sub_find" };
  expect(await find({ "productId[eq]": productId, ...bySubscription })).toEqual([id]);
  expect(await find({ "metadata.key": "stripe_subscription_id", "metadata.value": "sub_find" })).toEqual([
    id,
  ]);
  expect(await find({ "key[eq]": key })).toEqual([id]);
  expect(await find({ "user.email[eq]": customer.email })).toEqual([id]);
  expect(await find({ userId: uuidOf(customer.id) })).toEqual([id]);
  expect(await find({ ...bySubscription, page: "2", limit: "1" })).toEqual([]);
  expect(await find({ ...bySubscription, "productId[eq]": uuidOf((await aProduct()).id) })).toEqual([]);
  for (const wrong of ["revoked[eq]=true", "metadata.key[eq]=a", "limit=0", "key[contains]=a"])
    expect(await call("GET", `/licenses?${wrong}`), wrong).toMatchObject({
      ...{ status: 400, body: { message: expect.any(String), code: "INVALID_REQUEST" } },
    });
});

test("renew moves the end on by one interval from where it was, also when it is over", async () => {
  const { id, expiresAt } = await create({ subscriptionInterval: "P1M" });
  const renewed = await call("POST", `/licenses/${id}/renew`);
  const month = { months: 1, days: 0 };
  expect(renewed).toMatchObject({
    status: 200,
    body: { id, expiresAt: addInterval(new Date(expiresAt), month).toISOString() },
  });
  const over = new Date(Date.now() - 3 * day);
  await call("PATCH", `/licenses/${id}/expires-at`, { expiresAt: over.toISOString() });
  expect((await call("POST", `/licenses/${id}/renew`)).body).toMatchObject({
    expiresAt: addInterval(over, month).toISOString(),
  });
});

test("renewals at once all count, and one with an Idempotency-Key counts once", async () => {
  const { id, expiresAt } = await create({ subscriptionInterval: "P30D" });
  await Promise.all(Array.from({ length: 5 }, () => call("POST", `/licenses/${id}/renew`)));
  const once = { "Idempotency-Key": "in_1" };
  await call("POST", `/licenses/${id}/renew`, undefined, once);
  const last = await call("POST", `/licenses/${id}/renew`, undefined, once);
  expect(last.headers.get("idempotency-replayed")).toBe("true");
  expect(await call("GET", `/licenses/${id}`)).toMatchObject({
    body: { expiresAt: new Date(Date.parse(expiresAt) + 6 * 30 * day).toISOString() },
  });
});

test("the end is set exactly, and what has none cannot be renewed", async () => {
  const { id } = await create();
  expect(await call("POST", `/licenses/${id}/renew`)).toMatchObject({ status: 409 });
  const expiresAt = "2030-01-02T03:04:05.000Z";
  expect((await call("PATCH", `/licenses/${id}/expires-at`, { expiresAt })).body).toMatchObject({
    expiresAt,
  });
  expect((await call("PATCH", `/licenses/${id}/expires-at`, { expiresAt: null })).body).toMatchObject({
    expiresAt: null,
  });
  expect(await call("PATCH", `/licenses/${id}/expires-at`, { expiresAt: "soon" })).toMatchObject({
    status: 400,
  });
});

test("a license is suspended, taken back, changed and revoked for good", async () => {
  const metadata = [{ key: "a", value: "1" }];
  const { id } = await create({ subscriptionInterval: "P1Y", metadata });
  const patch = (body: object) => call("PATCH", `/licenses/${id}`, body);
  for (const suspended of [true, true, false, false])
    expect(await patch({ suspended })).toMatchObject({ status: 200, body: { suspended, revoked: false } });
  expect((await patch({ metadata: [{ key: "b", value: "2" }], allowedActivations: 7 })).body).toMatchObject({
    ...{ metadata: [{ key: "b", value: "2", viewPermissions: [] }], allowedActivations: 7 },
    subscriptionInterval: "P1Y",
  });
  // Two at once, each about its own part: neither undoes the other.
  await Promise.all([
    patch({ metadata: [{ key: "b", value: "3" }] }),
    patch({ subscriptionInterval: "P2M" }),
  ]);
  expect((await patch({ allowedActivations: 8 })).body).toMatchObject({
    ...{ subscriptionInterval: "P2M", metadata: [{ key: "b", value: "3" }] },
  });
  expect((await patch({ subscriptionInterval: "P1M" })).body).toMatchObject({
    ...{ subscriptionInterval: "P1M", metadata: [{ key: "b" }] },
  });
  const customer = await aCustomer();
  expect((await patch({ userId: uuidOf(customer.id) })).body).toMatchObject({
    user: { email: customer.email },
  });
  for (let repeat = 0; repeat < 2; repeat++)
    expect(await patch({ revoked: true })).toMatchObject({ status: 200, body: { revoked: true } });
  expect(await patch({ revoked: false })).toMatchObject({
    status: 409,
    body: { message: expect.stringContaining("final"), code: "CONFLICT" },
  });
  expect(await patch({})).toMatchObject({ status: 400 });
});

test("a change of several fields happens whole or not at all", async () => {
  const { id } = await create();
  const license = await db().license.findFirstOrThrow({ orderBy: { createdAt: "desc" } });
  await db().licenseHold.create({
    data: { id: "hold_r", licenseId: license.id, cause: "refund:ch_1", reason: "test" },
  });
  // A hold of Stripe's is not lifted by a program.
  const failed = await call("PATCH", `/licenses/${id}`, { allowedActivations: 9, suspended: false });
  expect(failed).toMatchObject({ status: 400, body: { message: expect.any(String) } });
  expect((await call("GET", `/licenses/${id}`)).body).toMatchObject({ allowedActivations: 2 });
});

test("deleting revokes and keeps the record", async () => {
  const { id } = await create();
  expect(await call("DELETE", `/licenses/${id}`)).toMatchObject({ status: 204, body: null });
  expect((await call("GET", `/licenses/${id}`)).body).toMatchObject({ revoked: true });
});

test("a license that was bought here is not shortened", async () => {
  const paidUntil = new Date(Date.now() + 30 * day);
  const { id } = await aLicense({ sourceId: "cs_1", itemKey: "li_1", ordinal: 1, paidUntil });
  const expiresAt = new Date(Date.now() + day).toISOString();
  expect(await call("PATCH", `/licenses/${uuidOf(id)}/expires-at`, { expiresAt })).toMatchObject({
    status: 409,
  });
});

test("users are found by address, made once and renamed", async () => {
  const find = (email: string) => call("GET", `/users?${new URLSearchParams({ "email[eq]": email })}`);
  expect((await find("grace@example.com")).body).toEqual([]);
  const wanted = { email: "Grace@Example.com", firstName: "Grace Hopper", password: "x", role: "user" };
  const made = await call("POST", "/users", wanted);
  expect(made.status).toBe(201);
  expect(made.body).toEqual({
    ...{ id: uuid, email: "grace@example.com", firstName: "Grace Hopper", lastName: "", role: "user" },
    ...{ metadata: [], tags: [], createdAt: instant, updatedAt: instant },
  });
  expect((await find("GRACE@example.com")).body).toEqual([made.body]);
  expect(await call("POST", "/users", wanted)).toMatchObject({ status: 409, body: { code: "CONFLICT" } });
  expect(await call("POST", "/users", { email: "nobody" })).toMatchObject({ status: 400 });
  const { id } = made.body as { id: string };
  expect((await call("GET", `/users/${id}`)).body).toEqual(made.body);
  expect((await call("PATCH", `/users/${id}`, { firstName: "G. Hopper" })).body).toMatchObject({
    firstName: "G. Hopper",
  });
  expect((await call("GET", "/users?limit=100")).body).toContainEqual(expect.objectContaining({ id }));
});

test("bad calls name the problem", async () => {
  const message = expect.any(String);
  expect(await callApi(`${url}/v3/licenses`)).toMatchObject({ status: 401, body: { message } });
  const reader = await headersWith("licenses:read");
  expect(await callApi(`${url}/v3/licenses`, { headers: reader, body: { productId } })).toMatchObject({
    ...{ status: 403, body: { message, code: "FORBIDDEN" } },
  });
  expect(await call("GET", `/licenses/${uuidOf("lic_00000000000000000000000000")}`)).toMatchObject({
    status: 404,
  });
  const wrong = [
    ...[{ productId: "nothing" }, { licenseTemplateId: "nothing" }, { subscriptionInterval: "1 year" }],
    ...[{ allowedActivations: -1 }, { key: "MY-KEY" }, { metadata: [{ key: "a", value: 1 }] }],
    { metadata: [{ key: "cryptlex:subscriptionInterval", value: "P9Y" }] },
  ];
  for (const body of wrong)
    expect(await call("POST", "/licenses", { productId, ...body }), JSON.stringify(body)).toMatchObject({
      ...{ status: 400, body: { message } },
    });
  expect(await call("POST", "/licenses", { productId, userId: "cust_x" })).toMatchObject({ status: 404 });
  const monthly = await aPolicy({ term: "subscription" });
  expect(await call("POST", "/licenses", { productId: monthly.slug })).toMatchObject({
    ...{ status: 400, body: { message: expect.stringContaining("subscriptionInterval") } },
  });
});

test("switched off, nothing of it is there", async () => {
  await chooseSettings({ cryptlexDialect: "off" });
  expect((await call("GET", "/licenses")).status).toBe(404);
});
