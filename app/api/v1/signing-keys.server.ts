import { z } from "zod";
import { type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import { instant } from "#app/api/v1/fields.server.ts";
import { publicKeys } from "#app/domain/signing-key/signing-key.server.ts";
import { publicKeyHex, publicKeyJwk, publicKeyPem } from "#app/domain/signing-key/signing-key.ts";

const SigningKeyAnswer = z
  .object({
    keyId: z.string().describe("`kid` in files, tokens and signed answers"),
    publicKey: z.string().describe("32 bytes, base64"),
    hex: z.string().describe("The same as 64 hexadecimal digits"),
    pem: z.string().describe("The same as OpenSSL reads it"),
    state: z
      .enum(["active", "verify-only"])
      .describe("`active` signs; what `verify-only` signed is still good"),
    createdAt: instant,
  })
  .meta({ id: "SigningKey" });

const Jwk = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.string(),
  kid: z.string(),
  alg: z.literal("EdDSA"),
  use: z.literal("sig"),
});

/** The Ed25519 keys that files, tokens and answers are checked with. */
export const signingKeys: readonly Endpoint[] = [
  endpoint({
    method: "GET",
    path: "/api/v1/signing-keys",
    access: "public",
    summary: "List public signing keys",
    description: "What license files, tokens and signed answers verify with. Ship them with your app.",
    answers: {
      200: { description: "All that are not retired", schema: z.object({ keys: z.array(SigningKeyAnswer) }) },
    },
    handle: async () => {
      const keys = await publicKeys();
      const body = {
        keys: keys.map(({ keyId, publicKey, state, createdAt }) => ({
          ...{ keyId, publicKey, hex: publicKeyHex(publicKey), pem: publicKeyPem(publicKey), state },
          createdAt: createdAt.toISOString(),
        })),
      };
      return { status: 200, body };
    },
  }),
  endpoint({
    method: "GET",
    path: "/api/v1/signing-keys/jwks",
    access: "public",
    summary: "List public signing keys as a JSON Web Key Set",
    description: "For libraries that verify JSON Web Tokens (RFC 7517, RFC 8037).",
    answers: { 200: { description: "The key set", schema: z.object({ keys: z.array(Jwk) }) } },
    handle: async () => ({ status: 200, body: { keys: (await publicKeys()).map(publicKeyJwk) } }),
  }),
];
