// Keygen's scheme for signed answers: https://keygen.sh/docs/api/signatures/
import { fromBase64 } from "./base64.ts";
import { asInstant, parseObject } from "./json.ts";
import { isSignedBy, type PlatformCrypto, sha256, utf8 } from "./platform-crypto.ts";
import { readPublicKeys } from "./verify-file.ts";

export type SignedAnswer = { url: URL; method: "GET" | "POST"; headers: Headers; body: string };

/**
 * Whether the body is what the holder of one of `publicKeys` answered to this very address. `Latchkey-Signature` covers
 * method, path, host, date and the digest of the body; the digest is compared with the body itself.
 */
export async function isAnswerSigned(
  answer: SignedAnswer,
  publicKeys: readonly string[],
  crypto: PlatformCrypto,
): Promise<boolean> {
  const { url, method, headers, body } = answer;
  const given = /(?:^|[ ,])signature="([^"]+)"/.exec(headers.get("latchkey-signature") ?? "")?.[1];
  const signature = given === undefined ? null : fromBase64(given);
  if (signature?.length !== 64) return false;
  const digest = await sha256(crypto, utf8(body));
  // Proxies such as nginx write a Date of their own, and a page of another origin may not see it. The answers to questions
  // about a license tell the same instant in their body.
  const dates = [headers.get("date"), asInstant(parseObject(body)?.serverTime)?.toUTCString() ?? null];
  for (const date of new Set(dates)) {
    if (date === null) continue;
    const text = [
      `(request-target): ${method.toLowerCase()} ${url.pathname}${url.search}`,
      `host: ${url.host}`,
      `date: ${date}`,
      `digest: sha-256=${btoa(String.fromCharCode(...digest))}`,
    ].join("\n");
    for (const key of readPublicKeys(publicKeys)) {
      if (await isSignedBy(crypto, key, signature, utf8(text))) return true;
    }
  }
  return false;
}
