import { createHash, createPublicKey, verify } from "node:crypto";
import { expect, test } from "vitest";
import { signAnswer } from "#app/domain/signing-key/sign-answer.server.ts";
import { publicKeys } from "#app/domain/signing-key/signing-key.server.ts";
import { publicKeyPem } from "#app/domain/signing-key/signing-key.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();

test("an answer's signature covers what was asked, by whom it is answered, when, and every byte of the body", async () => {
  const body = '{"valid":true,"name":"Grüße"}';
  const headers = await signAnswer({
    method: "POST",
    path: "/api/v1/licenses/validate?x=1",
    host: "licenses.example.com",
    date: new Date("2026-11-21T10:00:00.900Z"),
    body,
  });
  expect(headers.Date).toBe("Sat, 21 Nov 2026 10:00:00 GMT");
  expect(headers.Digest).toBe(`sha-256=${createHash("sha256").update(body).digest("base64")}`);
  const parts =
    /^keyid="([0-9a-f]{16})", algorithm="ed25519", signature="([^"]+)", headers="\(request-target\) host date digest"$/.exec(
      headers.signature,
    );
  const [key] = await publicKeys();
  expect(parts?.[1]).toBe(key?.keyId);
  const signed = [
    "(request-target): post /api/v1/licenses/validate?x=1",
    "host: licenses.example.com",
    `date: ${headers.Date}`,
    `digest: ${headers.Digest}`,
  ].join("\n");
  const pem = createPublicKey(publicKeyPem(key?.publicKey ?? ""));
  const signature = Buffer.from(parts?.[2] ?? "", "base64");
  expect(verify(null, Buffer.from(signed), pem, signature)).toBe(true);
  expect(verify(null, Buffer.from(signed.replace("x=1", "x=2")), pem, signature)).toBe(false);
});
