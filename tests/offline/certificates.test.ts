// Files and tokens against code that is not ours: OpenSSL, jose, and the steps that Keygen publishes for its format.
import { spawnSync } from "node:child_process";
import { createDecipheriv, createHash, createPublicKey, verify } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLocalJWKSet, jwtVerify } from "jose";
import { afterAll, expect, test } from "vitest";
import {
  checkOutFile,
  offlineJwt,
  sealLicenseFile,
  sealMachineFile,
} from "#app/domain/license-file/license-file.server.ts";
import { retireSigningKey, rotateSigningKey } from "#app/domain/signing-key/change-signing-key.server.ts";
import { publicKeys, signingKey } from "#app/domain/signing-key/signing-key.server.ts";
import { publicKeyJwk, publicKeyPem } from "#app/domain/signing-key/signing-key.ts";
import {
  aFileLicense,
  device,
  hours,
  licenseKey,
  loadTypescriptSample,
  madeAt,
} from "#tests/offline/files.ts";
import { findOrInstallOpenssl } from "#tests/setup/openssl.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

const env = await useTestRuntime();
const openssl = findOrInstallOpenssl();
const folder = mkdtempSync(join(tmpdir(), "latchkey-openssl-"));
afterAll(() => rmSync(folder, { recursive: true }));

const document = { meta: { issued: "2026-11-21T10:00:00.000Z", ttl: 3600 }, data: { name: "Grüße 🔑" } };

/** Keygen's steps, one by one; the answer is the text of the document. */
function openAsKeygenSays(certificate: string, kind: "license" | "machine", pem: string, secret: string) {
  const label = `${kind.toUpperCase()} FILE`;
  const body = certificate
    .replace(`-----BEGIN ${label}-----\n`, "")
    .replace(`-----END ${label}-----\n`, "")
    .replaceAll("\n", "");
  const { enc, sig, alg } = JSON.parse(Buffer.from(body, "base64").toString()) as Record<string, string>; // seen below
  const genuine = verify(
    null,
    Buffer.from(`${kind}/${enc}`),
    createPublicKey(pem),
    Buffer.from(sig ?? "", "base64"),
  );
  expect(genuine).toBe(true);
  if (alg === "base64+ed25519") return Buffer.from(enc ?? "", "base64").toString();
  expect(alg).toBe("aes-256-gcm+ed25519");
  const [ciphertext, iv, tag] = (enc ?? "").split(".").map((part) => Buffer.from(part, "base64"));
  if (!ciphertext || !iv || !tag) throw new Error("not three parts");
  const decipher = createDecipheriv("aes-256-gcm", createHash("sha256").update(secret).digest(), iv);
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString();
}

const activePem = async () => publicKeyPem((await signingKey()).publicKey);

test("files open by the steps Keygen publishes, plain and encrypted, for a license and for a machine", async () => {
  const pem = await activePem();
  const { fingerprint } = device;
  const text = JSON.stringify(document);
  for (const key of [null, licenseKey]) {
    const ofLicense = await sealLicenseFile({ document, licenseKey: key });
    expect(openAsKeygenSays(ofLicense, "license", pem, licenseKey)).toBe(text);
    const ofMachine = await sealMachineFile({ document, licenseKey: key, fingerprint });
    expect(openAsKeygenSays(ofMachine, "machine", pem, licenseKey + fingerprint)).toBe(text);
  }
});

test("a certificate has the label, lines of 60 characters and an end that Keygen's clients expect", async () => {
  const lines = (await sealLicenseFile({ document, licenseKey: null })).split("\n");
  expect([lines[0], ...lines.slice(-2)]).toEqual([
    "-----BEGIN LICENSE FILE-----",
    "-----END LICENSE FILE-----",
    "",
  ]);
  const body = lines.slice(1, -2);
  expect(body.slice(0, -1).every((line) => line.length === 60)).toBe(true);
  const payload = JSON.parse(Buffer.from(body.join(""), "base64").toString());
  expect(Object.keys(payload)).toEqual(["enc", "sig", "alg"]);
});

test("the same document is encrypted differently each time", async () => {
  const [one, other] = await Promise.all([1, 2].map(() => sealLicenseFile({ document, licenseKey })));
  expect(one).not.toBe(other);
});

test("OpenSSL confirms the signature of a file, and not that of an altered one", async () => {
  const file = await checkOutFile({ license: aFileLicense(), device, licenseKey, now: madeAt });
  const body = (file?.certificate ?? "").split("\n").slice(1, -2).join("");
  const { enc, sig } = JSON.parse(Buffer.from(body, "base64").toString()) as Record<string, string>; // checked by OpenSSL
  const at = (name: string) => join(folder, name);
  writeFileSync(at("key.pem"), await activePem());
  writeFileSync(at("signature"), Buffer.from(sig ?? "", "base64"));
  const confirms = (signed: string) => {
    writeFileSync(at("signed"), signed);
    const options = ["-verify", "-pubin", "-inkey", at("key.pem"), "-rawin", "-in", at("signed")];
    return spawnSync(openssl, ["pkeyutl", ...options, "-sigfile", at("signature")], { encoding: "utf8" });
  };
  expect(confirms(`machine/${enc}`)).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("Successfully"),
  });
  expect(confirms(`license/${enc}`).status).toBe(1);
});

test("a token is a JSON Web Token that jose verifies by its key id, for this product and no other", async () => {
  const file = await checkOutFile({ license: aFileLicense(), device, licenseKey: null, now: madeAt });
  const token = file?.token ?? "";
  const keys = createLocalJWKSet({ keys: (await publicKeys()).map(publicKeyJwk) });
  const options = { issuer: env.appUrl, audience: "lumen", algorithms: ["EdDSA"], currentDate: hours(1) };
  const { payload, protectedHeader } = await jwtVerify(token, keys, options);
  expect(protectedHeader).toEqual({ alg: "EdDSA", typ: "JWT", kid: (await signingKey()).keyId });
  expect(payload).toMatchObject({
    sub: "lic_01kaq1",
    fingerprint: device.fingerprint,
    policy: "lumen-pro",
    entitlements: { export: true, channels: 8 },
  });
  await expect(jwtVerify(token, keys, { ...options, audience: "aria" })).rejects.toThrow("aud");
  await expect(jwtVerify(token, keys, { ...options, currentDate: hours(25) })).rejects.toThrow("exp");
  await expect(jwtVerify(token, keys, { ...options, currentDate: hours(-1) })).rejects.toThrow("nbf");
  const [head, , signature] = token.split(".");
  const forged = `${head}.${Buffer.from(JSON.stringify({ ...payload, aud: "aria" })).toString("base64url")}.${signature}`;
  await expect(jwtVerify(forged, keys, { ...options, audience: "aria" })).rejects.toThrow("signature");
});

test("a token carries the claims it is given and nothing else", async () => {
  const token = await offlineJwt({ sub: "lic_1", slug: "pro" });
  const keys = createLocalJWKSet({ keys: (await publicKeys()).map(publicKeyJwk) });
  expect((await jwtVerify(token, keys)).payload).toEqual({ sub: "lic_1", slug: "pro" });
});

test("a policy without offline hours gives neither file nor token", async () => {
  const license = aFileLicense({ policy: { slug: "lumen-pro", offlineHours: null } });
  expect(await checkOutFile({ license, device, licenseKey: null, now: madeAt })).toBeNull();
});

test("rotation keeps old files good and signs new ones with the new key, until the old key is retired", async () => {
  const verifyFile = await loadTypescriptSample();
  const make = async () =>
    (await checkOutFile({ license: aFileLicense(), device, licenseKey: null, now: madeAt }))?.certificate ??
    "";
  const judge = async (certificate: string) => {
    const keys = (await publicKeys()).map(({ publicKey }) => publicKey);
    const { fingerprint } = device;
    return verifyFile(certificate, { publicKeys: keys, product: "lumen", fingerprint, now: hours(1) });
  };
  const change = {
    actor: { type: "system", label: "test" } as const,
    now: madeAt,
    requestId: null,
  };
  const old = await make();
  const before = await signingKey();
  await rotateSigningKey(change);
  const fresh = await make();
  expect([await judge(old), await judge(fresh)]).toMatchObject([{ license: {} }, { license: {} }]);
  expect(openAsKeygenSays(fresh, "machine", await activePem(), "")).toContain(
    `"kid":"${(await signingKey()).keyId}"`,
  );
  expect((await signingKey()).keyId).not.toBe(before.keyId);
  await retireSigningKey({ ...change, generation: 1 });
  expect([await judge(old), await judge(fresh)]).toMatchObject([
    { reason: "bad-signature" },
    { license: {} },
  ]);
});
