/** `active` signs; what a `verify-only` key signed is still good; a `retired` one is no longer told to anybody. */
export const signingKeyStates = ["active", "verify-only", "retired"] as const;
export type SigningKeyState = (typeof signingKeyStates)[number];

/** What anybody may know of a key. `publicKey` is the 32 bytes of RFC 8032 in base64. */
export type PublicKey = { keyId: string; publicKey: string; state: SigningKeyState; createdAt: Date };

/** @throws Error for a text that is no state: such a row was not written by Latchkey. */
export function requireSigningKeyState(value: string): SigningKeyState {
  const state = signingKeyStates.find((each) => each === value);
  if (!state)
    throw new Error(`A signing key cannot be "${value}": correct signing_key.state in the database.`);
  return state;
}

/** Why a key in this state cannot be retired; null when it can. Retiring it again changes nothing. */
export function retirementProblem(state: SigningKeyState): string | null {
  if (state !== "active") return null;
  return "The active key signs every new file. Rotate first, then retire the key that is verify-only.";
}

/** The bytes before the 32 of the key in an Ed25519 public key of RFC 8410; 12 bytes, so base64 joins without a seam. */
const spkiPrefix = "MCowBQYDK2VwAyEA";

/** The key as most libraries and OpenSSL read it. */
export function publicKeyPem(publicKey: string): string {
  return `-----BEGIN PUBLIC KEY-----\n${spkiPrefix}${publicKey}\n-----END PUBLIC KEY-----\n`;
}

/** The key as Keygen's clients take it: 64 hexadecimal digits. */
export function publicKeyHex(publicKey: string): string {
  return Array.from(atob(publicKey), (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

export type Jwk = { kty: "OKP"; crv: "Ed25519"; x: string; kid: string; alg: "EdDSA"; use: "sig" };

/** The key as RFC 8037 writes it, for libraries that read JSON Web Tokens. */
export function publicKeyJwk(key: Pick<PublicKey, "keyId" | "publicKey">): Jwk {
  const x = key.publicKey.replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_");
  return { kty: "OKP", crv: "Ed25519", x, kid: key.keyId, alg: "EdDSA", use: "sig" };
}
