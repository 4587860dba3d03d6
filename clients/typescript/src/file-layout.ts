// Files have Keygen's certificate layout: https://keygen.sh/docs/api/cryptography/#cryptographic-lic
// Tokens, which fit a QR code, are JSON Web Tokens signed with EdDSA (RFC 7519, RFC 8037).
import { fromBase64, fromBase64Url } from "./base64.ts";
import { asText, parseObject } from "./json.ts";
import { type Bytes, openAesGcm, type PlatformCrypto, sha256, utf8 } from "./platform-crypto.ts";

export type FileKind = "license" | "machine" | "token";

/** A file taken apart, nothing of it believed yet. */
export type Certificate = {
  kind: FileKind;
  /** What a token says it was signed with; files say it inside. */
  keyId: string | null;
  /** The exact text that is signed, and inside it the document. */
  signed: Bytes;
  signature: Bytes;
  content: { encrypted: false; document: Bytes } | { encrypted: true; sealed: Bytes; iv: Bytes };
};

/** The parts of a file; null when it is not one, or only a piece of one. */
export function readCertificate(text: string): Certificate | null {
  // Mail programs and editors change line ends and blanks around lines; nothing else may differ.
  const lines = text.split(/\r?\n/).map((line) => line.replace(/^[ \t]+|[ \t]+$/g, ""));
  const filled = lines.filter((line) => line !== "");
  const begin = /^-----BEGIN (LICENSE|MACHINE) FILE-----$/.exec(filled[0] ?? "");
  if (!begin || filled.at(-1) !== `-----END ${begin[1]} FILE-----`) return null;
  const kind: FileKind = begin[1] === "LICENSE" ? "license" : "machine";
  const envelope = parseEnvelope(filled.slice(1, -1).join(""));
  const signature = envelope && fromBase64(envelope.sig);
  const content = envelope && readContent(envelope);
  if (!envelope || signature?.length !== 64 || !content) return null;
  return { kind, keyId: null, signed: utf8(`${kind}/${envelope.enc}`), signature, content };
}

/** The parts of a token; null when the text is none. Blanks that scanners and mails put in are forgiven. */
export function readToken(text: string): Certificate | null {
  const parts = text.replace(/[ \t\r\n]+/g, "").split(".");
  const [header, claims, signature] = parts.map(fromBase64Url);
  const { alg, kid } = (header && parseObject(new TextDecoder().decode(header))) ?? {};
  // The header chooses nothing: there is one algorithm.
  if (parts.length !== 3 || alg !== "EdDSA" || !claims || signature?.length !== 64) return null;
  const signed = utf8(`${parts[0]}.${parts[1]}`);
  return {
    kind: "token",
    keyId: asText(kid),
    signed,
    signature,
    content: { encrypted: false, document: claims },
  };
}

type Envelope = { enc: string; sig: string; alg: string };

function parseEnvelope(base64: string): Envelope | null {
  const bytes = fromBase64(base64);
  const fields = bytes && parseObject(new TextDecoder().decode(bytes));
  const enc = asText(fields?.enc);
  const sig = asText(fields?.sig);
  const alg = asText(fields?.alg);
  return enc !== null && sig !== null && alg !== null ? { enc, sig, alg } : null;
}

function readContent({ enc, alg }: Envelope): Certificate["content"] | null {
  if (alg === "base64+ed25519") {
    const document = fromBase64(enc);
    return document && { encrypted: false, document };
  }
  if (alg !== "aes-256-gcm+ed25519") return null;
  const parts = enc.split(".").map(fromBase64);
  const [ciphertext, iv, tag] = parts;
  if (parts.length !== 3 || !ciphertext || iv?.length !== 12 || tag?.length !== 16) return null;
  // WebCrypto wants the tag behind the ciphertext.
  const sealed = new Uint8Array(ciphertext.length + tag.length);
  sealed.set(ciphertext);
  sealed.set(tag, ciphertext.length);
  return { encrypted: true, sealed, iv };
}

/** The document of an encrypted file; null when no spelling of the key opens it. */
export async function openContent(
  crypto: PlatformCrypto,
  { kind, content }: Certificate,
  { licenseKey, fingerprint }: { licenseKey: string | undefined; fingerprint: string },
): Promise<Bytes | null> {
  if (!content.encrypted) return content.document;
  if (licenseKey === undefined) return null;
  for (const spelling of spellings(licenseKey)) {
    const secret = await sha256(crypto, utf8(kind === "machine" ? spelling + fingerprint : spelling));
    const opened = await openAesGcm(crypto, secret, content.iv, content.sealed);
    if (opened) return opened;
  }
  return null;
}

const keyLength = 28;

/**
 * The key as typed, and as the server may write it: people type lower case, leave out dashes, and take O for 0. A key that
 * another system made is written in either case, with the dashes it has.
 */
export function spellings(typed: string): string[] {
  const trimmed = typed.trim();
  return [...new Set([trimmed, ownSpelling(trimmed), trimmed.toLowerCase(), trimmed.toUpperCase()])];
}

/** A key of Latchkey's with its prefix and in its groups; anything else as it is. */
function ownSpelling(typed: string): string {
  const characters = typed.toUpperCase().replace(/[^0-9A-Z]/g, "");
  const body = characters.slice(-keyLength).replaceAll("O", "0").replace(/[IL]/g, "1");
  const prefix = characters.slice(0, -keyLength);
  if (body.length < keyLength || prefix === "") return typed;
  return [prefix, ...(body.match(/.{4}/g) ?? [])].join("-");
}
