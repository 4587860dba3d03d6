import { createHash, createPublicKey, verify } from "node:crypto";
import { expect, test } from "vitest";
import { uuidOf } from "#app/domain/ids.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { publicKeys } from "#app/domain/signing-key/signing-key.server.ts";
import { publicKeyPem } from "#app/domain/signing-key/signing-key.ts";
import { db } from "#app/infra/db.server.ts";
import { callApi, chooseSettings, startApi } from "#tests/api/api-server.ts";
import {
  aCustomer,
  aLicense,
  anActivation,
  aPolicy,
  aProduct,
  type LicenseOverrides,
} from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const { url } = await startApi();
const account = "87c9078c-6ce3-4c29-9fa2-e092a594b151";
const base = `${url}/v1/accounts/${account}`;
const headers = { "Content-Type": "application/vnd.api+json", Accept: "application/vnd.api+json" };
const product = await aProduct({ slug: "lumen", name: "Lumen" });
const policy = await aPolicy({ productId: product.id, deviceLimit: 2, slug: "lumen-pro", name: "Pro" });
const dayMs = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * dayMs);

async function aKey(overrides: LicenseOverrides = {}) {
  const license = await aLicense({ policyId: policy.id, ...overrides });
  return { license, key: readKey(license) };
}

type Answer = {
  data: { id: string; type: string; attributes: Record<string, unknown>; relationships: object } | null;
  meta: { valid: boolean; code: string; detail: string; ts: string; nonce?: unknown; scope?: unknown };
};

async function validateKey(key: string, scope?: object | null, more: object = {}) {
  const { status, body } = await callApi(`${base}/licenses/actions/validate-key`, {
    body: { meta: { key, ...(scope !== undefined && { scope }), ...more } },
    headers,
  });
  expect(status).toBe(200);
  return body as Answer;
}

/** Code and whether it is good, on one line. */
const says = ({ meta }: Answer) => `${meta.code}${meta.valid ? " valid" : ""}: ${meta.detail}`;

test("a good key is valid, with nonce and scope echoed and the license in Keygen's attributes, in their order", async () => {
  const { key, license } = await aKey({ paidUntil: inDays(365) });
  const scope = { product: uuidOf(product.id) };
  const { data, meta } = await validateKey(key.toLowerCase(), scope, { nonce: 1574265297 });
  expect(meta).toEqual({
    ...{ ts: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/), valid: true },
    ...{ detail: "is valid", code: "VALID", nonce: 1574265297, scope },
  });
  expect(data?.id).toBe(uuidOf(license.id));
  expect(data?.type).toBe("licenses");
  // The order of a recorded answer of Keygen 1.8, and the two attributes that came after it.
  expect(Object.keys(data?.attributes ?? {}).join(" ")).toBe(
    "name key expiry status uses suspended scheme encrypted strict floating protected version maxMachines maxProcesses maxUsers maxCores maxMemory maxDisk maxUses requireHeartbeat requireCheckIn lastValidated lastCheckIn nextCheckIn lastCheckOut metadata created updated",
  );
  expect(data?.attributes).toMatchObject({
    ...{ key, status: "ACTIVE", expiry: license.paidUntil?.toISOString(), maxMachines: 2, suspended: false },
    ...{ uses: 0, requireHeartbeat: false, metadata: {}, created: license.createdAt.toISOString() },
  });
  expect(data?.relationships).toMatchObject({
    account: { data: { type: "accounts", id: account } },
    product: { data: { type: "products", id: uuidOf(product.id) } },
    policy: { data: { type: "policies", id: uuidOf(policy.id) } },
    owner: { data: null },
    machines: { meta: { cores: 0, count: 0 } },
  });
});

test("each state of a license has the code and the status that Keygen's clients know", async () => {
  const states: [LicenseOverrides, string, string | null][] = [
    [{}, "VALID valid: is valid", "ACTIVE"],
    [{ paidUntil: inDays(10) }, "VALID valid: is valid", "EXPIRING"],
    [{ paidUntil: inDays(-1), graceUntil: inDays(6) }, "VALID valid: is valid", "EXPIRING"],
    [{ paidUntil: inDays(-1) }, "EXPIRED: is expired", "EXPIRED"],
    [{ revokedAt: inDays(-1), paidUntil: inDays(-1) }, "SUSPENDED: is suspended", "SUSPENDED"],
  ];
  for (const [columns, code, status] of states) {
    const answer = await validateKey((await aKey(columns)).key);
    expect([says(answer), answer.data?.attributes.status]).toEqual([code, status]);
  }
  const held = await aKey();
  await db().licenseHold.create({
    data: { id: "hold_1", licenseId: held.license.id, cause: "unpaid:sub_1", reason: "Not paid" },
  });
  const answer = await validateKey(held.key);
  expect(says(answer)).toBe("SUSPENDED: is suspended");
  expect(answer.data?.attributes).toMatchObject({ status: "SUSPENDED", suspended: true });
});

test("in its grace the expiry is the end it works until", async () => {
  const graceUntil = inDays(6);
  const { data } = await validateKey((await aKey({ paidUntil: inDays(-1), graceUntil })).key);
  expect(data?.attributes.expiry).toBe(graceUntil.toISOString());
});

test("an unknown key is 200 with no license", async () => {
  const { data, meta } = await validateKey(
    "A0F2D8-359DCA-FFC1F1-FAFD8E-15CCDC-V3",
    { fingerprint: "f" },
    { nonce: 7 },
  );
  expect(data).toBeNull();
  expect(meta).toMatchObject({
    ...{ valid: false, code: "NOT_FOUND", detail: "does not exist", nonce: 7, scope: { fingerprint: "f" } },
  });
});

test("a device that is asked about must have a seat; without one asked about, none is judged", async () => {
  const { key, license } = await aKey();
  const notHere = "fingerprint is not activated";
  expect(says(await validateKey(key))).toBe("VALID valid: is valid");
  expect(says(await validateKey(key, { fingerprint: "a" }))).toBe(
    `NO_MACHINES: ${notHere} (has no associated machines)`,
  );
  const device = await anActivation({ licenseId: license.id, fingerprint: "a" });
  const machine = uuidOf(device.id);
  expect(says(await validateKey(key, { fingerprint: "a" }))).toBe("VALID valid: is valid");
  expect(says(await validateKey(key, { fingerprint: "b" }))).toBe(
    `FINGERPRINT_SCOPE_MISMATCH: ${notHere} (does not match any associated machines)`,
  );
  expect(says(await validateKey(key, { fingerprints: ["b", "a"] }))).toBe("VALID valid: is valid");
  expect(says(await validateKey(key, { fingerprints: ["b", "c"] }))).toMatch(
    /^FINGERPRINT_SCOPE_MISMATCH: one or/,
  );
  expect(says(await validateKey(key, { fingerprints: [] }))).toMatch(/^FINGERPRINT_SCOPE_EMPTY/);
  expect(says(await validateKey(key, { machine, fingerprint: "a" }))).toBe("VALID valid: is valid");
  expect(says(await validateKey(key, { machine, fingerprint: "b" }))).toMatch(/^FINGERPRINT_SCOPE_MISMATCH/);
  expect(says(await validateKey(key, { machine: account, fingerprint: "a" }))).toMatch(
    /^MACHINE_SCOPE_MISMATCH/,
  );
  await db().activation.update({ where: { id: device.id }, data: { releasedAt: new Date() } });
  expect(says(await validateKey(key, { machine }))).toMatch(/^NO_MACHINES: machine is not activated/);
});

test("what is wrong with the license comes before what is wrong with the scope", async () => {
  const { key } = await aKey({ revokedAt: inDays(-1) });
  expect(says(await validateKey(key, { product: account, fingerprint: "x" }))).toMatch(/^SUSPENDED/);
  const expired = await aKey({ paidUntil: inDays(-1) });
  expect(says(await validateKey(expired.key, { product: account }))).toMatch(/^EXPIRED/);
});

test("every scope refuses with its own code, in Keygen's order", async () => {
  const customer = await aCustomer();
  const { key } = await aKey({
    customerId: customer.id,
    entitlements: { EXPORT: true, CHANNELS: 8, BETA: false },
  });
  const good = {
    ...{ product: uuidOf(product.id), policy: uuidOf(policy.id), user: customer.email },
    entitlements: ["EXPORT", "CHANNELS"],
  };
  expect(says(await validateKey(key, good))).toBe("VALID valid: is valid");
  expect(says(await validateKey(key, { product: "lumen", policy: "lumen-pro" }))).toMatch(/^VALID/);
  const wrong: [object, string][] = [
    [{ environment: "sandbox" }, "ENVIRONMENT_SCOPE_MISMATCH"],
    [{ product: uuidOf(policy.id) }, "PRODUCT_SCOPE_MISMATCH"],
    [{ policy: uuidOf(product.id) }, "POLICY_SCOPE_MISMATCH"],
    [{ user: "somebody@example.com" }, "USER_SCOPE_MISMATCH"],
    [{ entitlements: [] }, "ENTITLEMENTS_SCOPE_EMPTY"],
    [{ entitlements: ["EXPORT", "BETA"] }, "ENTITLEMENTS_MISSING"],
    [{ machine: account }, "NO_MACHINES"],
  ];
  const later = [...wrong].reverse();
  for (const [scope, code] of wrong)
    expect((await validateKey(key, { ...good, ...scope })).meta.code).toBe(code);
  // All that is wrong at once, less and less of it: the first in the order tells.
  for (let i = 0; i < wrong.length; i++) {
    const scope = Object.assign({}, good, ...later.slice(0, wrong.length - i).map(([each]) => each));
    // entitlements stand in two of them, and the first in the order counts
    if (i === 5) scope.entitlements = ["EXPORT", "BETA"];
    if (i === 6) delete scope.entitlements;
    expect((await validateKey(key, scope)).meta.code).toBe(wrong[i]?.[1]);
  }
});

test("scopes for things Latchkey has none of never match", async () => {
  const { key, license } = await aKey();
  await anActivation({ licenseId: license.id, fingerprint: "a" });
  const codes: [object, string][] = [
    [{ components: ["c"] }, "FINGERPRINT_SCOPE_REQUIRED"],
    [{ fingerprint: "a", components: [] }, "COMPONENTS_SCOPE_EMPTY"],
    [{ fingerprint: "a", components: ["c"] }, "COMPONENTS_SCOPE_MISMATCH"],
    [{ checksum: "00ff" }, "CHECKSUM_SCOPE_MISMATCH"],
    [{ version: "1.0.0" }, "VERSION_SCOPE_MISMATCH"],
  ];
  for (const [scope, code] of codes) expect((await validateKey(key, scope)).meta.code).toBe(code);
});

test("a limit that was lowered below the devices in use is told, and takes no seat away", async () => {
  const { key, license } = await aKey();
  await anActivation({ licenseId: license.id, fingerprint: "a" });
  await anActivation({ licenseId: license.id, fingerprint: "b" });
  await db().license.update({ where: { id: license.id }, data: { deviceLimit: 1 } });
  expect(says(await validateKey(key, { fingerprint: "a" }))).toBe(
    "TOO_MANY_MACHINES valid: has too many associated machines",
  );
});

test("by id a license is validated for whoever sends its key, and for nobody else", async () => {
  const { key, license } = await aKey();
  const other = await aKey();
  const address = `${base}/licenses/${uuidOf(license.id)}/actions/validate`;
  const ask = (authorization: string, body?: object) =>
    callApi(address, { ...(body && { body }), headers: { ...headers, Authorization: authorization } });
  const quick = await ask(`License ${key}`);
  expect(quick.body).toMatchObject({ meta: { code: "VALID", valid: true } });
  const basic = Buffer.from(`license:${key}`).toString("base64");
  const scoped = await ask(`Basic ${basic}`, { meta: { scope: { fingerprints: ["a"], product: "lumen" } } });
  expect(scoped.body).toMatchObject({ meta: { code: "NO_MACHINES" }, data: { attributes: { key } } });
  const foreign = await ask(`License ${other.key}`, {});
  expect([foreign.status, foreign.body]).toEqual([
    404,
    { errors: [{ title: "Not found", detail: "The requested license was not found", code: "NOT_FOUND" }] },
  ]);
  const me = await callApi(`${base}/me`, { headers: { Authorization: `License ${key}` } });
  expect(me.body).toMatchObject({ data: { id: uuidOf(license.id), type: "licenses" } });
});

test("a request without a key, or of another shape, is refused by JSON:API errors that name the member", async () => {
  const post = (body: unknown) => callApi(`${base}/licenses/actions/validate-key`, { body, headers });
  const missing = await post({ meta: {} });
  expect([missing.status, missing.body]).toEqual([
    400,
    {
      errors: [
        {
          title: "Bad request",
          detail: "is missing",
          code: "PARAMETER_MISSING",
          source: { pointer: "/meta/key" },
        },
      ],
    },
  ]);
  expect((await post({})).body).toMatchObject({ errors: [{ source: { pointer: "/meta" } }] });
  expect((await post("{")).body).toMatchObject({ errors: [{ code: "MALFORMED_REQUEST" }] });
  expect((await post({ meta: { key: 1 } })).status).toBe(400);
  const nothing = await callApi(`${base}/licenses/actions/validate-key`);
  expect([nothing.status, nothing.headers.get("content-type")]).toEqual([405, "application/vnd.api+json"]);
});

test("every answer is signed so that Keygen's clients find it genuine, a refusal too", async () => {
  const { key } = await aKey();
  const [publicKey] = await publicKeys();
  const pem = createPublicKey(publicKeyPem(publicKey?.publicKey ?? ""));
  for (const [path, options] of [
    ["/licenses/actions/validate-key?x=1", { body: { meta: { key } }, headers }],
    ["/me", {}],
  ] as const) {
    const response = await fetch(base + path, {
      method: "body" in options ? "POST" : "GET",
      ...("body" in options && { body: JSON.stringify(options.body), headers }),
    });
    const body = Buffer.from(await response.arrayBuffer());
    const parts = new Map(
      (response.headers.get("keygen-signature") ?? "").split(/, ?/).map((part) => {
        const [name = "", value = ""] = part.split(/=(.*)/);
        return [name, value.replaceAll('"', "")];
      }),
    );
    expect([parts.get("algorithm"), parts.get("headers")]).toEqual([
      "ed25519",
      "(request-target) host date digest",
    ]);
    const digest = `sha-256=${createHash("sha256").update(body).digest("base64")}`;
    expect(response.headers.get("digest")).toBe(digest);
    const { pathname, search, host } = new URL(base + path);
    const method = "body" in options ? "post" : "get";
    const signed = `(request-target): ${method} ${pathname}${search}\nhost: ${host}\ndate: ${response.headers.get("date")}\ndigest: ${digest}`;
    expect(verify(null, Buffer.from(signed), pem, Buffer.from(parts.get("signature") ?? "", "base64"))).toBe(
      true,
    );
  }
});

test("switched off, its addresses answer nothing", async () => {
  const { key } = await aKey();
  await chooseSettings({ keygenDialect: "off" });
  const off = await callApi(`${base}/licenses/actions/validate-key`, { body: { meta: { key } }, headers });
  await chooseSettings({ keygenDialect: "on" });
  expect(off.status).toBe(404);
});
