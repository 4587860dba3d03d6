import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { parseEnv, setRuntimeEnv } from "#app/infra/env.server.ts";
import {
  decrypt,
  encrypt,
  hmac,
  masterKeyId,
  type Purpose,
  randomToken,
  sha256Hex,
} from "#app/infra/secrets.server.ts";

function withMasterKey(masterKey: Buffer): void {
  setRuntimeEnv({ ...parseEnv({}), databaseUrl: "postgresql://nobody@127.0.0.1:1/none", masterKey });
}

const first = randomBytes(32);
withMasterKey(first);

const purposes: Purpose[] = [
  "license-key-generation",
  "license-key-lookup",
  "license-key-encryption",
  "fingerprint-lookup",
  "signing-key",
  "sign-in-code",
  "email-secret",
  "cookie",
];

test("what was sealed opens again for its row", () => {
  for (const plain of ["", "LUMEN-0000", "Grüße 🔑", "x".repeat(10_000)])
    expect(decrypt("email-secret", encrypt("email-secret", plain, "mail_1"), "mail_1")).toBe(plain);
});

test("the same text is sealed differently each time and does not show", () => {
  const one = encrypt("email-secret", "ABCD-EFGH", "mail_1");
  const two = encrypt("email-secret", "ABCD-EFGH", "mail_1");
  expect(one.equals(two)).toBe(false);
  expect(one.toString("latin1")).not.toContain("ABCD");
});

test("two ciphertexts that were swapped open neither row", () => {
  const a = encrypt("license-key-encryption", "key of a", "lic_a");
  const b = encrypt("license-key-encryption", "key of b", "lic_b");
  expect(() => decrypt("license-key-encryption", b, "lic_a")).toThrow();
  expect(() => decrypt("license-key-encryption", a, "lic_b")).toThrow();
});

test("a ciphertext does not open for another purpose", () => {
  const sealed = encrypt("license-key-encryption", "a key", "lic_a");
  for (const purpose of purposes.filter((each) => each !== "license-key-encryption"))
    expect(() => decrypt(purpose, sealed, "lic_a")).toThrow();
});

test("no byte of a ciphertext can be changed, left out or added", () => {
  const sealed = encrypt("license-key-encryption", "a key", "lic_a");
  for (let i = 0; i < sealed.length; i++) {
    const altered = Buffer.from(sealed);
    altered[i] = (altered[i] ?? 0) ^ 1;
    expect(() => decrypt("license-key-encryption", altered, "lic_a")).toThrow();
    expect(() => decrypt("license-key-encryption", sealed.subarray(0, i), "lic_a")).toThrow();
  }
  // Node takes tags as short as four bytes unless told otherwise, and those can be guessed.
  const empty = encrypt("email-secret", "", "mail_1");
  expect(() => decrypt("email-secret", empty.subarray(0, 24), "mail_1")).toThrow();
  const longer = Buffer.concat([sealed, Buffer.from([0])]);
  expect(() => decrypt("license-key-encryption", longer, "lic_a")).toThrow();
});

test("another master key opens nothing, has another name and gives other hashes", () => {
  const sealed = encrypt("license-key-encryption", "a key", "lic_a");
  const [id, hash] = [masterKeyId(), hmac("cookie", "x").toString("hex")];
  withMasterKey(randomBytes(32));
  expect(() => decrypt("license-key-encryption", sealed, "lic_a")).toThrow();
  expect(masterKeyId()).not.toBe(id);
  expect(hmac("cookie", "x").toString("hex")).not.toBe(hash);
  withMasterKey(first);
  expect(decrypt("license-key-encryption", sealed, "lic_a")).toBe("a key");
  expect(masterKeyId()).toBe(id);
});

test("each purpose has a key of its own, and the name of the master key is no part of it", () => {
  const hashes = purposes.map((purpose) => hmac(purpose, "the same message").toString("hex"));
  expect(new Set(hashes).size).toBe(purposes.length);
  expect(masterKeyId()).toMatch(/^[0-9a-f]{12}$/);
  expect(first.toString("hex")).not.toContain(masterKeyId());
});

test("tokens are 32 random bytes, hashed at rest as everybody's SHA-256", () => {
  const tokens = Array.from({ length: 1_000 }, randomToken);
  expect(new Set(tokens).size).toBe(1_000);
  expect(tokens.every((token) => /^[\w-]{43}$/.test(token))).toBe(true);
  expect(sha256Hex("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});
