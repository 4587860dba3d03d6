import { createHash } from "node:crypto";
import { signingKey } from "#app/domain/signing-key/signing-key.server.ts";

export type SignedHeaders = { Date: string; Digest: string; signature: string };

/**
 * The headers that let a program prove who answered what, in Keygen's scheme: the Ed25519 signature covers the request's
 * method and path (with its query), the host, the date and the digest of the body. The caller names the signature's
 * header. https://keygen.sh/docs/api/signatures/
 */
export async function signAnswer(answer: {
  method: string;
  path: string;
  host: string;
  date: Date;
  body: string | Uint8Array;
}): Promise<SignedHeaders> {
  const key = await signingKey();
  const date = answer.date.toUTCString();
  const digest = `sha-256=${createHash("sha256").update(answer.body).digest("base64")}`;
  const text = signedText({ ...answer, date, digest });
  const signature = key.sign(Buffer.from(text)).toString("base64");
  return {
    Date: date,
    Digest: digest,
    signature: `keyid="${key.keyId}", algorithm="ed25519", signature="${signature}", headers="(request-target) host date digest"`,
  };
}

function signedText(parts: {
  method: string;
  path: string;
  host: string;
  date: string;
  digest: string;
}): string {
  return [
    `(request-target): ${parts.method.toLowerCase()} ${parts.path}`,
    `host: ${parts.host}`,
    `date: ${parts.date}`,
    `digest: ${parts.digest}`,
  ].join("\n");
}
