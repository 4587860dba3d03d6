import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { getEnv } from "#app/infra/env.server.ts";
import { singleton } from "#app/infra/singleton.server.ts";

/** Each purpose has its own key, derived from the master key (RFC 5869), so that one can never stand in for another. */
export type Purpose =
  | "license-key-generation"
  | "license-key-lookup"
  | "license-key-encryption"
  | "fingerprint-lookup"
  | "fingerprint-encryption"
  | "idempotency-answer"
  | "signing-key"
  | "program-session"
  | "sign-in-code"
  | "email-secret"
  | "cookie";

function keyFor(purpose: Purpose): Buffer {
  return singleton(`secret:${getEnv().masterKey.toString("base64")}:${purpose}`, () =>
    Buffer.from(hkdfSync("sha256", getEnv().masterKey, "latchkey", purpose, 32)),
  );
}

/** HMAC-SHA256 under the purpose's key. */
export function hmac(purpose: Purpose, message: string): Buffer {
  return createHmac("sha256", keyFor(purpose)).update(message).digest();
}

/** SHA-256 in hex, for tokens that already carry 128 bits or more. */
export function sha256Hex(value: string): string {
  return createHash("sha256").update(value).digest("hex");
}

/** 32 random bytes in base64url. */
export function randomToken(): string {
  return randomBytes(32).toString("base64url");
}

/**
 * AES-256-GCM; the answer is nonce, tag and ciphertext in one. `boundTo` must be given again to open it, so a
 * ciphertext moved to another row does not open.
 */
export function encrypt(purpose: Purpose, plain: string, boundTo: string): Buffer<ArrayBuffer> {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", keyFor(purpose), nonce);
  cipher.setAAD(Buffer.from(boundTo));
  const sealed = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

/** @throws Error when the bytes were altered, belong elsewhere or were sealed under another master key. */
export function decrypt(purpose: Purpose, sealed: Uint8Array, boundTo: string): string {
  const bytes = Buffer.from(sealed);
  const decipher = createDecipheriv("aes-256-gcm", keyFor(purpose), bytes.subarray(0, 12), {
    authTagLength: 16,
  });
  decipher.setAAD(Buffer.from(boundTo));
  decipher.setAuthTag(bytes.subarray(12, 28));
  return decipher.update(bytes.subarray(28), undefined, "utf8") + decipher.final("utf8");
}

/** Names the master key without telling it, so that a wrong one is noticed before it does harm. */
export function masterKeyId(): string {
  return hmac("license-key-encryption", "key id").toString("hex").slice(0, 12);
}
