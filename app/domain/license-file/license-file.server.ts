import { createCipheriv, createHash, randomBytes, randomUUID } from "node:crypto";
import {
  type FileDevice,
  type FileLicense,
  type FileTerm,
  fileTerm,
  machineFileDocument,
  tokenClaims,
} from "#app/domain/license-file/license-file.ts";
import type { Ed25519Key } from "#app/domain/signing-key/ed25519.server.ts";
import { signingKey } from "#app/domain/signing-key/signing-key.server.ts";
import { getEnv } from "#app/infra/env.server.ts";

/**
 * A license file in Keygen's certificate layout around any JSON document (its `meta` says issued, expiry and ttl).
 * Encrypted for the holder of the key unless `licenseKey` is null. https://keygen.sh/docs/api/cryptography/#cryptographic-lic
 */
export async function sealLicenseFile(file: {
  document: object;
  licenseKey: string | null;
}): Promise<string> {
  return seal("license", file.document, file.licenseKey, await signingKey());
}

/** The same for one device: encrypted, it opens only with the key and the fingerprint together. */
export async function sealMachineFile(file: {
  document: object;
  licenseKey: string | null;
  fingerprint: string;
}): Promise<string> {
  return seal("machine", file.document, machineSecret(file), await signingKey());
}

function machineSecret(file: { licenseKey: string | null; fingerprint: string }): string | null {
  return file.licenseKey === null ? null : file.licenseKey + file.fingerprint;
}

type FileKind = "license" | "machine";

/** The kind is part of what is signed, so that a license file never passes for a machine file or anything else we sign. */
function seal(kind: FileKind, document: object, secret: string | null, key: Ed25519Key): string {
  const text = JSON.stringify(document);
  const enc = secret === null ? Buffer.from(text).toString("base64") : encrypted(text, secret);
  const sig = key.sign(Buffer.from(`${kind}/${enc}`)).toString("base64");
  const alg = secret === null ? "base64+ed25519" : "aes-256-gcm+ed25519";
  return certificate(kind, JSON.stringify({ enc, sig, alg }));
}

/** ciphertext.iv.tag; the nonce is fresh for each file, since the key is the same for all files of a license. */
function encrypted(text: string, secret: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", createHash("sha256").update(secret).digest(), iv);
  const ciphertext = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return [ciphertext, iv, cipher.getAuthTag()].map((part) => part.toString("base64")).join(".");
}

function certificate(kind: FileKind, payload: string): string {
  const label = `${kind.toUpperCase()} FILE`;
  const lines =
    Buffer.from(payload)
      .toString("base64")
      .match(/.{1,60}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/**
 * A JSON Web Token signed with EdDSA (RFC 8037); `kid` names the key. The claims are the caller's.
 * Starts with `ey`, so it can be mistaken neither for a file nor for a signed answer.
 */
export async function offlineJwt(claims: object): Promise<string> {
  return signJwt(claims, await signingKey());
}

function signJwt(claims: object, key: Ed25519Key): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "EdDSA", typ: "JWT", kid: key.keyId })}.${part(claims)}`;
  return `${signed}.${key.sign(Buffer.from(signed)).toString("base64url")}`;
}

export type CheckOut = FileTerm & {
  /** A machine file for this device. */
  certificate: string;
  /** The same in short: a JSON Web Token that fits a QR code. */
  token: string;
};

export type CheckOutRequest = {
  license: FileLicense;
  device: FileDevice;
  /** Encrypts the file; null leaves it readable. The token is always readable. */
  licenseKey: string | null;
  now: Date;
  /** How long the file should be good for; the policy's `offlineHours` is the limit. */
  ttlSeconds?: number | null | undefined;
};

/**
 * What an app needs to go on without a connection. The caller has judged the license and the device good.
 * @returns null when the policy gives no files.
 */
export async function checkOutFile(request: CheckOutRequest): Promise<CheckOut | null> {
  const { license, device, licenseKey, now } = request;
  const term = fileTerm(license.policy.offlineHours, now, request.ttlSeconds ?? null);
  if (!term) return null;
  const key = await signingKey();
  const document = machineFileDocument(license, device, { term, keyId: key.keyId });
  const secret = machineSecret({ licenseKey, fingerprint: device.fingerprint });
  const claims = tokenClaims(license, device, { term, issuer: getEnv().appUrl, tokenId: randomUUID() });
  return { ...term, certificate: seal("machine", document, secret, key), token: signJwt(claims, key) };
}
