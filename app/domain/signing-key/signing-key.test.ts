import { createPublicKey } from "node:crypto";
import { expect, test } from "vitest";
import {
  publicKeyHex,
  publicKeyJwk,
  publicKeyPem,
  requireSigningKeyState,
  retirementProblem,
} from "#app/domain/signing-key/signing-key.ts";

/** The first test of RFC 8032; base64 of it has a plus sign and a slash to lose. */
const hex = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
const publicKey = Buffer.from(hex, "hex").toString("base64");

test("a public key is the same key in every form it is shown in", () => {
  expect(publicKeyHex(publicKey)).toBe(hex);
  const jwk = publicKeyJwk({ keyId: "21fe31dfa154a261", publicKey });
  expect(jwk).toMatchObject({
    kty: "OKP",
    crv: "Ed25519",
    kid: "21fe31dfa154a261",
    alg: "EdDSA",
    use: "sig",
  });
  for (const key of [
    createPublicKey(publicKeyPem(publicKey)),
    createPublicKey({ key: { ...jwk }, format: "jwk" }),
  ])
    expect(key.export({ format: "der", type: "spki" }).subarray(-32).toString("hex")).toBe(hex);
});

test("the active key cannot be retired, and what to do instead is said", () => {
  expect(retirementProblem("active")).toContain("Rotate first");
  expect(retirementProblem("verify-only")).toBeNull();
  expect(retirementProblem("retired")).toBeNull();
});

test("a state that nobody wrote is refused", () => {
  expect(requireSigningKeyState("verify-only")).toBe("verify-only");
  expect(() => requireSigningKeyState("paused")).toThrow('cannot be "paused"');
});
