// License and machine files, read by a client that follows Keygen's published steps (keygen-client.py) and by OpenSSL.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { uuidOf } from "#app/domain/ids.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { publicKeys } from "#app/domain/signing-key/signing-key.server.ts";
import { publicKeyHex, publicKeyPem } from "#app/domain/signing-key/signing-key.ts";
import { callApi, startApi } from "#tests/api/api-server.ts";
import { aLicense, anActivation, aPolicy, aProduct, type LicenseOverrides } from "#tests/factories.ts";
import { findOrInstallPython } from "#tests/setup/python.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const { url } = await startApi();
const base = `${url}/v1/accounts/acme`;
const python = findOrInstallPython();
const publicKey = (await publicKeys())[0]?.publicKey ?? "";
const folder = mkdtempSync(join(tmpdir(), "latchkey-keygen-"));
afterAll(() => rmSync(folder, { recursive: true }));
const product = await aProduct({ slug: "lumen", name: "Lumen" });
const policy = await aPolicy({ productId: product.id, deviceLimit: 2, offlineHours: 24 * 60 });
const fingerprint = "5f2b7c9e Grüße/+=";

async function aKey(overrides: LicenseOverrides = {}) {
  const license = await aLicense({ policyId: policy.id, entitlements: { EXPORT: true }, ...overrides });
  const device = await anActivation({ licenseId: license.id, fingerprint, name: "Studio" });
  return { license, key: readKey(license), id: uuidOf(license.id), machine: uuidOf(device.id) };
}

type FileAnswer = {
  data: {
    type: string;
    attributes: { certificate: string; ttl: number; issued: string; expiry: string; includes: string[] };
    relationships: Record<string, { data: { id: string } }>;
  };
};

async function checkOut(
  key: string,
  path: string,
  options: { query?: string; body?: unknown; method?: string } = {},
) {
  const { query = "", body, method = "POST" } = options;
  return callApi(`${base}/${path}/actions/check-out${query}`, {
    method,
    headers: { Authorization: `License ${key}`, "Content-Type": "application/vnd.api+json" },
    ...(body !== undefined && { body }),
  });
}

async function fileOf(...asked: Parameters<typeof checkOut>) {
  const { status, body } = await checkOut(...asked);
  expect(status).toBe(200);
  return (body as FileAnswer).data;
}

type Document = {
  meta: { issued: string; expiry: string; ttl: number };
  data: { type: string; id: string; attributes: Record<string, unknown> };
  included: { type: string; attributes: Record<string, unknown> }[];
};

/** What a client of Keygen reads in it; throws the client's own reason for refusing it. */
function read(
  kind: "license" | "machine",
  file: string,
  { secret = "", now = new Date() }: { secret?: string; now?: Date } = {},
): Document {
  const input = JSON.stringify({
    kind,
    file,
    publicKey: publicKeyHex(publicKey),
    secret,
    now: now.toISOString(),
  });
  const told = JSON.parse(
    execFileSync(python, ["tests/api/keygen-client.py"], { input, encoding: "utf8" }),
  ) as {
    document?: Document;
    reason?: string;
  };
  if (told.document) return told.document;
  throw new Error(told.reason);
}

const hours = (count: number) => new Date(Date.now() + count * 3_600_000);

test("a client of Keygen verifies a plain license file and finds the license in it", async () => {
  const { key, id } = await aKey();
  const { type, attributes, relationships } = await fileOf(key, `licenses/${id}`);
  expect([type, relationships.license?.data.id]).toEqual(["license-files", id]);
  expect(attributes.ttl).toBe(2_629_746);
  expect(Date.parse(attributes.expiry) - Date.parse(attributes.issued)).toBe(2_629_746_000);
  const { meta, data, included } = read("license", attributes.certificate);
  expect(meta).toEqual({ issued: attributes.issued, expiry: attributes.expiry, ttl: attributes.ttl });
  expect(data).toMatchObject({ type: "licenses", id, attributes: { key, status: "ACTIVE", expiry: null } });
  expect(included).toEqual([]);
});

test("an encrypted license file opens with the license key and with no other", async () => {
  const { key, id } = await aKey();
  const body = {
    meta: { encrypt: true, ttl: 3600, include: ["entitlements", "product", "policy", "owner"] },
  };
  const { attributes } = await fileOf(key, `licenses/${id}`, { body });
  expect(attributes).toMatchObject({ ttl: 3600, includes: body.meta.include });
  const { data, included } = read("license", attributes.certificate, { secret: key });
  expect(data.id).toBe(id);
  expect(included.map(({ type, attributes: { code } }) => [type, code])).toEqual([
    ["entitlements", "EXPORT"],
    ["products", "lumen"],
    ["policies", undefined],
  ]);
  expect(() => read("license", attributes.certificate, { secret: `${key}X` })).toThrow("secret is wrong");
});

test("a machine file opens with license key and fingerprint together, as the Go client asks for it", async () => {
  const { key, id, machine } = await aKey();
  const query = "?encrypt=true&include=license%2Clicense.entitlements";
  // The client sends its options in the address, and an empty document.
  const file = await fileOf(key, `machines/${machine}`, { query, body: { data: null } });
  expect([file.type, file.relationships.machine?.data.id]).toEqual(["machine-files", machine]);
  const { data, included } = read("machine", file.attributes.certificate, { secret: key + fingerprint });
  expect(data).toMatchObject({ type: "machines", id: machine, attributes: { fingerprint, name: "Studio" } });
  expect(included.map(({ type }) => type)).toEqual(["licenses", "entitlements"]);
  expect(included[0]).toMatchObject({ id, attributes: { key } });
  expect(() => read("machine", file.attributes.certificate, { secret: `${key}another device` })).toThrow(
    "secret is wrong",
  );
  const byFingerprint = await fileOf(key, `machines/${encodeURIComponent(fingerprint)}`);
  expect(read("machine", byFingerprint.attributes.certificate).data.id).toBe(machine);
});

test("an altered byte, another kind of file, an expired one and a clock that was set back are refused", async () => {
  const { key, id } = await aKey();
  const { certificate } = (await fileOf(key, `licenses/${id}`, { query: "?ttl=3600" })).attributes;
  const payload = JSON.parse(
    Buffer.from(certificate.split("\n").slice(1, -2).join(""), "base64").toString("utf8"),
  ) as { enc: string };
  const enc = (payload.enc.startsWith("A") ? "B" : "A") + payload.enc.slice(1);
  const altered = `-----BEGIN LICENSE FILE-----\n${Buffer.from(JSON.stringify({ ...payload, enc })).toString("base64")}\n-----END LICENSE FILE-----\n`;
  expect(() => read("license", altered)).toThrow("file is not genuine");
  expect(() => read("machine", certificate.replaceAll("LICENSE", "MACHINE"))).toThrow("file is not genuine");
  expect(() => read("license", certificate, { now: hours(2) })).toThrow("file is expired");
  expect(() => read("license", certificate, { now: hours(-1) })).toThrow("system clock is out of sync");
});

test("OpenSSL verifies the signature over the kind and the payload", async () => {
  const { key, machine } = await aKey();
  const { certificate } = (await fileOf(key, `machines/${machine}`, { query: "?encrypt=1" })).attributes;
  const { enc, sig, alg } = JSON.parse(
    Buffer.from(certificate.split("\n").slice(1, -2).join(""), "base64").toString("utf8"),
  ) as Record<"enc" | "sig" | "alg", string>;
  expect(alg).toBe("aes-256-gcm+ed25519");
  const put = (name: string, content: string | Buffer) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const keyFile = put("key.pem", publicKeyPem(publicKey));
  const signature = put("signature", Buffer.from(sig, "base64"));
  const verify = (message: string) =>
    spawnSync("openssl", [
      ...["pkeyutl", "-verify", "-pubin", "-inkey", keyFile, "-rawin"],
      ...["-in", put("message", message), "-sigfile", signature],
    ]).status;
  expect(verify(`machine/${enc}`)).toBe(0);
  expect(verify(`license/${enc}`)).not.toBe(0);
});

test("a GET gives the file itself to download", async () => {
  const { key, id, machine } = await aKey();
  for (const [kind, path] of [
    ["license", `licenses/${id}`],
    ["machine", `machines/${machine}`],
  ] as const) {
    const response = await fetch(`${base}/${path}/actions/check-out`, {
      headers: { Authorization: `License ${key}` },
    });
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(response.headers.get("content-disposition")).toMatch(
      /^attachment; filename="[0-9a-f-]{36}\.lic"$/,
    );
    expect(response.headers.get("keygen-signature")).toContain("ed25519");
    expect(read(kind, await response.text()).data.type).toBe(`${kind}s`);
  }
});

test("a file lasts no longer than the policy allows, and no time may be wished below an hour", async () => {
  const short = await aPolicy({ productId: product.id, offlineHours: 48 });
  const { key, id } = await aKey({ policyId: short.id });
  const ttlOf = async (query: string, body?: unknown) =>
    (await fileOf(key, `licenses/${id}`, { query, body })).attributes.ttl;
  expect(await ttlOf("")).toBe(48 * 3600);
  expect(await ttlOf("?ttl=7200")).toBe(7200);
  expect(await ttlOf("", { meta: { ttl: null } })).toBe(48 * 3600);
  const tooShort = await checkOut(key, `licenses/${id}`, { query: "?ttl=60" });
  expect([tooShort.status, tooShort.body]).toEqual([
    400,
    {
      errors: [
        {
          title: "Bad request",
          detail: "must be greater than or equal to 3600 (1 hour)",
          code: "CHECKOUT_TTL_INVALID",
          source: { parameter: "ttl" },
        },
      ],
    },
  ]);
  const unknown = await checkOut(key, `licenses/${id}`, { query: "?include=secrets" });
  expect(unknown.body).toMatchObject({ errors: [{ code: "CHECKOUT_INCLUDE_INVALID" }] });
});

test("no file for a license that does not work, a policy without files or a device without a seat", async () => {
  const codeOf = async (key: string, path: string) => {
    const { status, body } = await checkOut(key, path);
    return [status, (body as { errors: { code: string }[] }).errors[0]?.code];
  };
  const expired = await aKey({ paidUntil: hours(-1) });
  expect(await codeOf(expired.key, `machines/${expired.machine}`)).toEqual([403, "LICENSE_EXPIRED"]);
  const revoked = await aKey({ revokedAt: hours(-1) });
  expect(await codeOf(revoked.key, `licenses/${revoked.id}`)).toEqual([403, "LICENSE_SUSPENDED"]);
  const online = await aPolicy({ productId: product.id, offlineHours: null });
  const without = await aKey({ policyId: online.id });
  expect(await codeOf(without.key, `licenses/${without.id}`)).toEqual([403, "CHECKOUT_NOT_ALLOWED"]);
  const good = await aKey();
  expect(await codeOf(good.key, "machines/unknown")).toEqual([404, "NOT_FOUND"]);
  expect(await codeOf(good.key, `licenses/${expired.id}`)).toEqual([404, "NOT_FOUND"]);
});
