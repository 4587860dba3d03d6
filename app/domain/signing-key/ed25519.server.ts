import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { hmac } from "#app/infra/secrets.server.ts";

export type Ed25519Key = {
  /** The first 16 hexadecimal digits of SHA-256 of the public key: short enough for a header, the same for everybody. */
  keyId: string;
  /** 32 bytes in base64. */
  publicKey: string;
  /** 64 bytes; the same message always gives the same signature (RFC 8032). */
  sign(message: Uint8Array): Buffer;
};

/** What stands before the 32 secret bytes in PKCS #8 (RFC 8410, section 7). */
const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");

/** The key pair of RFC 8032 for this seed of 32 bytes. */
export function ed25519FromSeed(seed: Uint8Array): Ed25519Key {
  const der = Buffer.concat([pkcs8Prefix, seed]);
  const secret = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const raw = rawPublicKey(secret);
  return {
    keyId: createHash("sha256").update(raw).digest("hex").slice(0, 16),
    publicKey: raw.toString("base64"),
    sign: (message) => sign(null, message, secret),
  };
}

function rawPublicKey(secret: KeyObject): Buffer {
  return createPublicKey(secret).export({ format: "der", type: "spki" }).subarray(-32);
}

/**
 * The signing key of a generation, derived from the master key: a lost database loses no key, and the database holds
 * nothing that can sign.
 */
export function deriveSigningKey(generation: number): Ed25519Key {
  return ed25519FromSeed(hmac("signing-key", `generation ${generation}`));
}
