import { expect, test } from "vitest";
import { createApiKey } from "#app/domain/api-key/api-key.server.ts";
import type { Scope } from "#app/domain/api-key/scopes.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { uuidOf } from "#app/domain/ids.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { db } from "#app/infra/db.server.ts";
import { callApi, startApi } from "#tests/api/api-server.ts";
import { aLicense, anActivation, aPolicy, aProduct, type LicenseOverrides } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const { url } = await startApi();
const base = `${url}/v1/accounts/acme`;
const product = await aProduct({ slug: "lumen", name: "Lumen" });
const policy = await aPolicy({ productId: product.id, deviceLimit: 2, term: "days", termDays: 365 });
const dayMs = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * dayMs);

async function aKey(overrides: LicenseOverrides = {}) {
  const license = await aLicense({ policyId: policy.id, ...overrides });
  return { license, key: readKey(license), id: uuidOf(license.id) };
}

type Answer = { status: number; code: string | undefined; body: unknown };
type Machine = { data: { id: string; type: string; attributes: Record<string, unknown> } };

async function call(
  method: string,
  path: string,
  authorization: string | null,
  body?: unknown,
  more: Record<string, string> = {},
): Promise<Answer> {
  const headers = {
    ...{ "Content-Type": "application/vnd.api+json", Accept: "application/vnd.api+json", ...more },
    ...(authorization !== null && { Authorization: authorization }),
  };
  const { status, body: answered } = await callApi(base + path, {
    ...{ method, headers },
    ...(body !== undefined && { body }),
  });
  return {
    status,
    body: answered,
    code: (answered as { errors?: { code: string }[] } | null)?.errors?.[0]?.code,
  };
}

function aMachine(licenseId: string, fingerprint: string, attributes: object = {}) {
  return {
    data: {
      type: "machines",
      attributes: { fingerprint, ...attributes },
      relationships: { license: { data: { type: "licenses", id: licenseId } } },
    },
  };
}

const activate = (owner: { key: string; id: string }, fingerprint: string, attributes: object = {}) =>
  call("POST", "/machines", `License ${owner.key}`, aMachine(owner.id, fingerprint, attributes));

test("a device is activated, found by id and fingerprint, renamed and deactivated with nothing but the license key", async () => {
  const owner = await aKey();
  const told = { name: "Studio", platform: "darwin_arm64", hostname: "studio.local", cores: 8 };
  const made = await activate(owner, "4d:Eq:UV", told);
  expect(made.status).toBe(201);
  const { data } = made.body as Machine;
  const row = await db().activation.findFirstOrThrow({ where: { licenseId: owner.license.id } });
  expect(data).toMatchObject({
    ...{ id: uuidOf(row.id), type: "machines" },
    attributes: {
      ...{ fingerprint: "4d:Eq:UV", name: "Studio", platform: "darwin_arm64", hostname: "studio.local" },
      ...{ requireHeartbeat: false, heartbeatStatus: "NOT_STARTED", heartbeatDuration: null },
      created: row.firstSeenAt.toISOString(),
    },
    relationships: {
      license: { data: { type: "licenses", id: owner.id } },
      product: { data: { type: "products", id: uuidOf(product.id) } },
    },
  });
  const auth = `License ${owner.key}`;
  for (const id of [data.id, encodeURIComponent("4d:Eq:UV")])
    expect((await call("GET", `/machines/${id}`, auth)).body).toEqual({ data });
  expect((await call("GET", "/machines", auth)).body).toEqual({ data: [data] });
  expect((await call("GET", `/licenses/${owner.id}/machines`, auth)).body).toEqual({ data: [data] });
  const renamed = await call("PATCH", `/machines/${data.id}`, auth, {
    data: { type: "machines", attributes: { name: "Study" } },
  });
  expect(renamed.body).toMatchObject({
    data: { id: data.id, attributes: { name: "Study", platform: "darwin_arm64" } },
  });
  expect((await call("DELETE", `/machines/${data.id}`, auth)).status).toBe(204);
  expect(await call("DELETE", `/machines/${data.id}`, auth)).toMatchObject({
    status: 404,
    code: "NOT_FOUND",
  });
  expect((await call("GET", "/machines", auth)).body).toEqual({ data: [] });
  const again = await activate(owner, "4d:Eq:UV");
  expect([again.status, (again.body as Machine).data.id]).toEqual([201, data.id]);
});

test("a device that has a seat is taken, one too many is refused, in the words of Keygen", async () => {
  const owner = await aKey();
  await activate(owner, "a", { name: "First" });
  const taken = await activate(owner, "a", { name: "Second" });
  expect([taken.status, taken.body]).toEqual([
    422,
    {
      errors: [
        {
          title: "Unprocessable resource",
          detail: "has already been taken",
          code: "FINGERPRINT_TAKEN",
          source: { pointer: "/data/attributes/fingerprint" },
        },
      ],
    },
  ]);
  expect((await call("GET", "/machines/a", `License ${owner.key}`)).body).toMatchObject({
    data: { attributes: { name: "First" } },
  });
  await activate(owner, "b");
  const refused = await activate(owner, "c");
  expect([refused.status, refused.body]).toEqual([
    422,
    {
      errors: [
        {
          title: "Unprocessable resource",
          detail: "machine count has exceeded maximum allowed for license (2)",
          code: "MACHINE_LIMIT_EXCEEDED",
          source: { pointer: "/data" },
        },
      ],
    },
  ]);
});

test("who has no key, a wrong one or one that is no longer good gets no seat and the code that says why", async () => {
  const machine = aMachine("9d1e8df9-229f-4b5d-a207-945dcfa1e996", "a");
  const post = (authorization: string | null) => call("POST", "/machines", authorization, machine);
  expect(await post(null)).toMatchObject({ status: 401, code: "TOKEN_INVALID" });
  expect(await post("License TEST-0000-0000-0000")).toMatchObject({ status: 401, code: "LICENSE_INVALID" });
  expect(await post("Bearer activ-0a1b2c")).toMatchObject({ status: 401, code: "TOKEN_INVALID" });
  expect(await post(`Basic ${Buffer.from("license:nothing").toString("base64")}`)).toMatchObject({
    ...{ status: 401, code: "LICENSE_INVALID" },
  });
  const other = await aKey();
  expect(await post(`License ${other.key}`)).toMatchObject({ status: 403, code: "LICENSE_NOT_ALLOWED" });
  const expired = await aKey({ paidUntil: inDays(-1) });
  expect(await activate(expired, "a")).toMatchObject({ status: 403, code: "LICENSE_EXPIRED" });
  const revoked = await aKey({ revokedAt: inDays(-1) });
  expect(await activate(revoked, "a")).toMatchObject({ status: 403, code: "LICENSE_SUSPENDED" });
  expect(await call("GET", "/me", `License ${revoked.key}`)).toMatchObject({ code: "LICENSE_SUSPENDED" });
});

test("an expired license may still look and give its seats back", async () => {
  const owner = await aKey({ paidUntil: inDays(-1) });
  await anActivation({ licenseId: owner.license.id, fingerprint: "a" });
  const auth = `License ${owner.key}`;
  expect((await call("GET", "/me", auth)).body).toMatchObject({
    data: { attributes: { status: "EXPIRED" } },
  });
  expect((await call("DELETE", "/machines/a", auth)).status).toBe(204);
});

test("a device of another license is not found, and a fingerprint that looks like a UUID is found", async () => {
  const owner = await aKey();
  const other = await aKey();
  const hardwareId = "03000200-0400-0500-0006-000700080009";
  const { data } = (await activate(other, hardwareId)).body as Machine;
  expect((await call("GET", `/machines/${hardwareId}`, `License ${other.key}`)).body).toEqual({ data });
  for (const id of [data.id, hardwareId])
    for (const method of ["GET", "DELETE"])
      expect((await call(method, `/machines/${id}`, `License ${owner.key}`)).status).toBe(404);
  expect((await call("GET", `/machines/${data.id}`, `License ${other.key}`)).status).toBe(200);
});

test("a floating seat is kept by pings, freed when they stop and taken up again by the next", async () => {
  const owner = await aKey({ leaseSeconds: 600, deviceLimit: 1 });
  const auth = `License ${owner.key}`;
  const { data } = (await activate(owner, "a")).body as Machine;
  expect(data.attributes).toMatchObject({
    ...{ requireHeartbeat: true, heartbeatStatus: "ALIVE", heartbeatDuration: 600 },
    nextHeartbeat: expect.stringMatching(/Z$/),
  });
  for (const action of ["ping", "ping-heartbeat", "reset-heartbeat"])
    expect(await call("POST", `/machines/${data.id}/actions/${action}`, auth)).toMatchObject({
      status: 200,
      body: { data: { id: data.id, attributes: { heartbeatStatus: "ALIVE" } } },
    });
  const lapse = () =>
    db().activation.updateMany({
      where: { licenseId: owner.license.id },
      data: { leaseUntil: new Date(Date.now() - 1000) },
    });
  await lapse();
  expect((await call("GET", `/machines/${data.id}`, auth)).status).toBe(404);
  expect((await call("POST", `/machines/${data.id}/actions/ping`, auth)).status).toBe(200);
  await lapse();
  expect((await activate(owner, "b")).status).toBe(201);
  expect(await call("POST", `/machines/${data.id}/actions/ping`, auth)).toMatchObject({
    ...{ status: 422, code: "MACHINE_LIMIT_EXCEEDED" },
  });
  await call("DELETE", "/machines/b", auth);
  expect((await call("POST", "/machines/b/actions/ping", auth)).status).toBe(404);
});

test("what is wrong with a new machine is named by a pointer", async () => {
  const owner = await aKey();
  const post = (body: unknown) => call("POST", "/machines", `License ${owner.key}`, body);
  expect(await post({ data: { type: "machines", attributes: {} } })).toMatchObject({
    status: 400,
    body: { errors: [{ detail: "is missing", source: { pointer: "/data/attributes/fingerprint" } }] },
  });
  expect((await post(aMachine(owner.id, " "))).status).toBe(400);
  expect((await post(aMachine(owner.id, "x".repeat(257)))).status).toBe(400);
  // A fingerprint is half of the secret of a machine file, so not a blank of it may go.
  const spaced = (await activate(owner, " a ")).body as Machine;
  expect(spaced.data.attributes.fingerprint).toBe(" a ");
  await call("DELETE", `/machines/${spaced.data.id}`, `License ${owner.key}`);
  const kept = await activate(owner, "a", { metadata: { room: "B2", floor: 3 } });
  expect(kept.status).toBe(201);
  const where = { licenseId: owner.license.id, releasedAt: null };
  const row = await db().activation.findFirstOrThrow({ where });
  expect(row.metadata).toEqual({ room: "B2", floor: "3" });
});

test("entitlements are listed by code with ids that stay", async () => {
  const owner = await aKey({ entitlements: { EXPORT: true, CHANNELS: 8, BETA: false } });
  const list = async () =>
    (await call("GET", `/licenses/${owner.id}/entitlements`, `License ${owner.key}`)).body;
  const first = await list();
  expect(first).toMatchObject({
    data: [
      { type: "entitlements", attributes: { code: "EXPORT", metadata: {} } },
      { type: "entitlements", attributes: { code: "CHANNELS", metadata: { value: 8 } } },
    ],
  });
  expect(await list()).toEqual(first);
  const { data } = first as { data: { id: string }[] };
  for (const { id } of data)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

async function anApiKey(scopes: Scope[]) {
  const { key } = await createApiKey({
    ...{ name: "back end", scopes, expiresAt: null, createdBy: "a test" },
    ...{ actor: systemActor("test"), now: new Date(), requestId: null },
  });
  return key;
}

test("the holder of an API key suspends, reinstates, renews and revokes; the record stays", async () => {
  const bearer = `Bearer ${await anApiKey(["licenses:read", "licenses:write"])}`;
  const end = inDays(10);
  const owner = await aKey({ paidUntil: end, metadata: { plan: "team" } });
  const path = `/licenses/${owner.id}`;
  const act = (action: string) => call("POST", `${path}/actions/${action}`, bearer);
  expect((await call("GET", path, bearer)).body).toMatchObject({
    data: { id: owner.id, attributes: { key: owner.key, metadata: { plan: "team" } } },
  });
  expect((await act("suspend")).body).toMatchObject({ data: { attributes: { status: "SUSPENDED" } } });
  expect((await act("suspend")).status).toBe(200);
  expect((await act("reinstate")).body).toMatchObject({ data: { attributes: { suspended: false } } });
  const renewed = new Date(end.getTime() + 365 * dayMs).toISOString();
  expect((await act("renew")).body).toMatchObject({ data: { attributes: { expiry: renewed } } });
  expect((await call("DELETE", path, bearer)).status).toBe(204);
  expect((await call("GET", path, bearer)).body).toMatchObject({
    data: { attributes: { status: "SUSPENDED" } },
  });
  const acts = await db().auditLog.findMany({ where: { licenseId: owner.license.id, actorType: "api-key" } });
  expect(acts.length).toBe(4);
});

test("an act with an Idempotency-Key is answered with the license as it is after it, and so again", async () => {
  const bearer = `Bearer ${await anApiKey(["licenses:write"])}`;
  const owner = await aKey();
  const path = `/licenses/${owner.id}/actions/suspend`;
  const send = () => call("POST", path, bearer, undefined, { "Idempotency-Key": "s1" });
  const first = await send();
  expect(first.body).toMatchObject({ data: { attributes: { suspended: true, status: "SUSPENDED" } } });
  expect(await send()).toEqual(first);
});

test("a license key does nothing that staff do, and an API key needs the scope", async () => {
  const owner = await aKey();
  const path = `/licenses/${owner.id}/actions/suspend`;
  expect(await call("POST", path, `License ${owner.key}`)).toMatchObject({
    status: 401,
    code: "TOKEN_INVALID",
  });
  const reader = `Bearer ${await anApiKey(["licenses:read"])}`;
  expect((await call("POST", path, reader)).status).toBe(403);
  expect((await call("GET", `/licenses/${uuidOf(product.id)}`, reader)).code).toBe("NOT_FOUND");
});

test("an activation that is sent again with its Idempotency-Key is answered again", async () => {
  const owner = await aKey();
  const send = () =>
    call("POST", "/machines", `License ${owner.key}`, aMachine(owner.id, "a"), { "Idempotency-Key": "k1" });
  const first = await send();
  expect(first.status).toBe(201);
  expect(await send()).toEqual(first);
});

test("a deactivation that is sent again with its Idempotency-Key is answered and signed as the first", async () => {
  const owner = await aKey();
  await activate(owner, "a");
  const send = () =>
    fetch(`${base}/machines/a`, {
      method: "DELETE",
      headers: { Authorization: `License ${owner.key}`, "Idempotency-Key": "d1" },
    });
  const [first, again] = [await send(), await send()];
  expect([first.status, again.status]).toEqual([204, 204]);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(again.headers.get("digest")).toBe(first.headers.get("digest"));
});
