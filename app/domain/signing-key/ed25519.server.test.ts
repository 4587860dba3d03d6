import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { deriveSigningKey, ed25519FromSeed } from "#app/domain/signing-key/ed25519.server.ts";
import { parseEnv, setRuntimeEnv } from "#app/infra/env.server.ts";

/** RFC 8032, section 7.1, tests 1 to 3: seed, public key, message, signature. */
const vectors = [
  [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
] as const;

test("a seed gives the key pair and the signatures of RFC 8032", () => {
  for (const [seed, publicKey, message, signature] of vectors) {
    const key = ed25519FromSeed(Buffer.from(seed, "hex"));
    expect(Buffer.from(key.publicKey, "base64").toString("hex")).toBe(publicKey);
    expect(key.sign(Buffer.from(message, "hex")).toString("hex")).toBe(signature);
    expect(key.keyId).toMatch(/^[0-9a-f]{16}$/);
  }
});

test("a generation has the same key under the same master key, and another under every other", () => {
  const withMasterKey = (masterKey: Buffer) =>
    setRuntimeEnv({ ...parseEnv({}), databaseUrl: "postgresql://nobody@127.0.0.1:1/none", masterKey });
  const [one, other] = [randomBytes(32), randomBytes(32)];
  withMasterKey(one);
  const keys = [1, 2, 3].map((generation) => deriveSigningKey(generation).publicKey);
  withMasterKey(other);
  keys.push(deriveSigningKey(1).publicKey);
  expect(new Set(keys).size).toBe(4);
  withMasterKey(one);
  expect(deriveSigningKey(1).publicKey).toBe(keys[0]);
});
