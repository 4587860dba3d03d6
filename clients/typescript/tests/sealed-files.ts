// Files as Keygen's published steps describe them, made with node:crypto: what the client reads was not written by its own code.
import {
  createCipheriv,
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";

export type Signer = { privateKey: KeyObject; publicKey: string; keyId: string };

export function createSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const keyId = createHash("sha256").update(raw).digest("hex").slice(0, 16);
  return { privateKey, publicKey: raw.toString("base64"), keyId };
}

export function signText(signer: Signer, text: string): string {
  return sign(null, Buffer.from(text), signer.privateKey).toString("base64");
}

export const fingerprint = "studio-mac";
export const licenseKey = "LUMEN-7K2M-9QXT-4HBC-W8ZP-3VDN-6RFA-5JGS";
export const issued = new Date("2026-03-01T12:00:00Z");
export const hour = 3_600_000;

export type FileFacts = {
  product: string;
  fingerprint: string;
  issued: Date;
  expiry: Date | null;
  validUntil: Date | null;
  worksUntil: Date | null;
  entitlements: object;
};

const usual: FileFacts = {
  product: "lumen",
  fingerprint,
  issued,
  expiry: new Date(issued.getTime() + 72 * hour),
  validUntil: null,
  worksUntil: null,
  entitlements: { export: true },
};

export const licenseFields = (facts: Partial<FileFacts> = {}) => {
  const { product, validUntil, worksUntil, entitlements } = { ...usual, ...facts };
  return {
    product,
    policy: "lumen-pro",
    status: "active",
    validUntil: validUntil?.toISOString() ?? null,
    worksUntil: worksUntil?.toISOString() ?? null,
    updatesUntil: null,
    entitlements,
    deviceLimit: 3,
  };
};

export function machineDocument(signer: Signer, facts: Partial<FileFacts> = {}) {
  const file = { ...usual, ...facts };
  return {
    meta: {
      issued: file.issued.toISOString(),
      expiry: file.expiry?.toISOString() ?? null,
      ttl: 259_200,
      kid: signer.keyId,
    },
    data: {
      type: "machines",
      id: "dev_1",
      attributes: { fingerprint: file.fingerprint, name: "Studio Mac" },
    },
    included: [{ type: "licenses", id: "lic_1", attributes: licenseFields(facts) }],
  };
}

/** `secret` null leaves the file readable. */
export function sealFile(
  signer: Signer,
  document: object,
  { kind = "machine", secret = null }: { kind?: "machine" | "license"; secret?: string | null } = {},
): string {
  const text = JSON.stringify(document);
  const enc = secret === null ? Buffer.from(text).toString("base64") : encrypt(text, secret);
  const alg = secret === null ? "base64+ed25519" : "aes-256-gcm+ed25519";
  return certificate(kind, { enc, sig: signText(signer, `${kind}/${enc}`), alg });
}

function encrypt(text: string, secret: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", createHash("sha256").update(secret).digest(), iv);
  const parts = [Buffer.concat([cipher.update(text), cipher.final()]), iv, cipher.getAuthTag()];
  return parts.map((part) => part.toString("base64")).join(".");
}

export function certificate(kind: "machine" | "license", envelope: object): string {
  const name = `${kind.toUpperCase()} FILE`;
  const lines =
    Buffer.from(JSON.stringify(envelope))
      .toString("base64")
      .match(/.{1,60}/g) ?? [];
  return [`-----BEGIN ${name}-----`, ...lines, `-----END ${name}-----`, ""].join("\n");
}

/** What is inside a certificate, to change it. */
export function openEnvelope(text: string): { enc: string; sig: string; alg: string } {
  return JSON.parse(Buffer.from(text.split("\n").slice(1, -2).join(""), "base64").toString());
}

/** The short form: a JSON Web Token (RFC 7519) signed with EdDSA. */
export function signToken(signer: Signer, changes: object = {}, header: object = {}): string {
  const seconds = (at: Date) => Math.floor(at.getTime() / 1000);
  const claims = {
    iss: "https://licenses.example.com",
    sub: "lic_1",
    aud: "lumen",
    fingerprint,
    iat: seconds(issued),
    nbf: seconds(issued),
    exp: seconds(issued) + 72 * 3_600,
    jti: "one",
    policy: "lumen-pro",
    validUntil: null,
    updatesUntil: null,
    entitlements: { export: true },
    ...changes,
  };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "EdDSA", typ: "JWT", kid: signer.keyId, ...header })}.${part(claims)}`;
  return `${signed}.${sign(null, Buffer.from(signed), signer.privateKey).toString("base64url")}`;
}
