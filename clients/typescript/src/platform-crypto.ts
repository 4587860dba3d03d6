// Everything secret-free that needs arithmetic is done by the platform's WebCrypto: no algorithm is written here.

/** Bytes that WebCrypto takes: never a view on shared memory. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** The part of WebCrypto this package uses; the global `crypto` fits, and `webcrypto` of node:crypto does too. */
export type PlatformCrypto = {
  getRandomValues(bytes: Bytes): Bytes;
  subtle: {
    digest(algorithm: string, bytes: Bytes): Promise<ArrayBuffer>;
    importKey(
      format: "raw",
      bytes: Bytes,
      algorithm: string,
      extractable: boolean,
      usages: ("verify" | "decrypt")[],
    ): Promise<CryptoKey>;
    verify(algorithm: string, key: CryptoKey, signature: Bytes, bytes: Bytes): Promise<boolean>;
    decrypt(algorithm: { name: string; iv: Bytes }, key: CryptoKey, bytes: Bytes): Promise<ArrayBuffer>;
  };
};

/** The platform cannot do what offline files need; `message` says what to do about it. */
export class UnsupportedPlatformError extends Error {
  override name = "UnsupportedPlatformError";
}

/**
 * `given`, or the platform's own WebCrypto.
 * @throws UnsupportedPlatformError where there is none.
 */
export function requireCrypto(given?: PlatformCrypto): PlatformCrypto {
  const found: PlatformCrypto | undefined = given ?? globalThis.crypto;
  if (found?.subtle) return found;
  throw new UnsupportedPlatformError(
    "This platform has no WebCrypto. In a browser, open the page over https; in Node 18, import from @latchkey/client/node or pass { crypto: webcrypto } of node:crypto.",
  );
}

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function sha256(crypto: PlatformCrypto, bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** `byteCount` random bytes in hexadecimal digits. */
export function randomHex(crypto: PlatformCrypto, byteCount: number): string {
  return hex(crypto.getRandomValues(new Uint8Array(byteCount)));
}

/**
 * Whether `signature` is that of `bytes` under the 32-byte Ed25519 `publicKey` (RFC 8032).
 * @throws UnsupportedPlatformError where WebCrypto does not know Ed25519.
 */
export async function isSignedBy(
  crypto: PlatformCrypto,
  publicKey: Bytes,
  signature: Bytes,
  bytes: Bytes,
): Promise<boolean> {
  let key: CryptoKey;
  try {
    key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
  } catch (error) {
    if (error instanceof Error && error.name === "DataError") return false;
    throw new UnsupportedPlatformError(
      "This platform's WebCrypto cannot check Ed25519 signatures, so license files cannot be used here. It needs Node 18.4, Chrome or Electron with Chromium 137, Firefox 129, Safari 17, or later.",
      { cause: error },
    );
  }
  return crypto.subtle.verify("Ed25519", key, signature, bytes);
}

/** The plain bytes; null when the key is another one or a bit was changed. `sealed` ends with the 16 bytes of the tag. */
export async function openAesGcm(
  crypto: PlatformCrypto,
  key: Bytes,
  iv: Bytes,
  sealed: Bytes,
): Promise<Bytes | null> {
  const imported = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, imported, sealed));
  } catch {
    // WebCrypto says no more than "it failed", on purpose.
    return null;
  }
}
