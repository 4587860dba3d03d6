import { fromBase64 } from "./base64.ts";
import { type FileDocument, readDocument } from "./file-document.ts";
import { type Certificate, type FileKind, openContent, readCertificate, readToken } from "./file-layout.ts";
import { asObject, asText, parseObject } from "./json.ts";
import type { Device, License } from "./license.ts";
import {
  type Bytes,
  hex,
  isSignedBy,
  type PlatformCrypto,
  requireCrypto,
  sha256,
} from "./platform-crypto.ts";

/** Why a file does not count. The list is closed; each has its own cause. */
export const fileRefusals = {
  malformed: "This is not a license file, or only a part of one. Copy or download it again, whole.",
  altered: "The license file was changed after it was made. Download it again.",
  "unknown-key":
    "The license file was not made by the seller of this app, or with a key this version does not know. Update the app or get a new file.",
  "wrong-product": "The license file is for another product.",
  "wrong-device": "The license file is for another device. Get one for this device.",
  "wrong-license-key": "The license file does not open with this license key on this device.",
  "clock-rolled-back": "The clock of this device is behind. Set its date and time, then try again.",
  "file-expired": "The license file has ended. Connect to the internet or get a new file.",
  "license-expired": "The license has ended. Renew it, then connect to the internet or get a new file.",
} as const;
export type FileRefusal = keyof typeof fileRefusals;

export type GoodFile = {
  ok: true;
  kind: FileKind;
  /** `GRACE`: the license works while its renewal is awaited. */
  code: "VALID" | "GRACE";
  license: License;
  /** Null in a token, and in a license file that is not bound to a device. */
  device: Device | null;
  issued: Date;
  /** How long the file is good for; null = as long as the license. */
  expiry: Date | null;
};
export type FileCheck = GoodFile | { ok: false; reason: FileRefusal; message: string };

export type FileQuestion = {
  /** The vendor's Ed25519 public keys, 32 bytes in base64, built into the app; several after a rotation. */
  publicKeys: readonly string[];
  /** Slug of the product the app is. */
  product: string;
  fingerprint: string;
  /** Needed for encrypted files only. */
  licenseKey?: string | undefined;
  now: Date;
  /** The latest instant known to have passed: a clock behind it was set back. */
  lastSeenTime?: Date | null | undefined;
  /** Hours after its expiry for which the file still counts; 0 unless given. The end of the license always counts. */
  offlineGraceHours?: number | undefined;
  crypto?: PlatformCrypto | undefined;
};

/** Clocks of honest devices are off by this much. */
export const clockToleranceSeconds = 5 * 60;

/**
 * Judges a license file, a machine file or a token without a connection: the signature before anything else is believed, then product,
 * device, clock, the file's term and the license's end.
 * @throws UnsupportedPlatformError where WebCrypto has no Ed25519; TypeError for a public key that is none.
 */
export async function verifyFile(text: string, question: FileQuestion): Promise<FileCheck> {
  const crypto = requireCrypto(question.crypto);
  const keys = readPublicKeys(question.publicKeys);
  const certificate = readCertificate(text) ?? readToken(text);
  if (!certificate) return refuse("malformed");
  if (!(await isSigned(crypto, keys, certificate)))
    return refuse(await whyNotSigned(crypto, keys, certificate, question));
  const bytes = await openContent(crypto, certificate, {
    licenseKey: question.licenseKey,
    fingerprint: question.fingerprint,
  });
  if (!bytes) return refuse("wrong-license-key");
  const file = readDocument(certificate.kind, bytes);
  return file ? judge(file, certificate.kind, question) : refuse("malformed");
}

/**
 * The bytes of each key.
 * @throws TypeError that says what a public key looks like.
 */
export function readPublicKeys(publicKeys: readonly string[]): Bytes[] {
  const keys = publicKeys.map(fromBase64);
  const good = keys.filter((key) => key?.length === 32);
  if (good.length === publicKeys.length && good.length > 0) return good.filter((key) => key !== null);
  throw new TypeError(
    "publicKeys: give at least one Ed25519 public key, 32 bytes in base64 (44 characters), as the admin area shows it under signing keys.",
  );
}

function refuse(reason: FileRefusal): FileCheck {
  return { ok: false, reason, message: fileRefusals[reason] };
}

async function isSigned(crypto: PlatformCrypto, keys: readonly Bytes[], file: Certificate): Promise<boolean> {
  for (const key of keys) {
    if (await isSignedBy(crypto, key, file.signature, file.signed)) return true;
  }
  return false;
}

/** The key id inside is unsigned here: it only chooses between two ways to say no. */
async function whyNotSigned(
  crypto: PlatformCrypto,
  keys: readonly Bytes[],
  certificate: Certificate,
  question: FileQuestion,
): Promise<FileRefusal> {
  const { licenseKey, fingerprint } = question;
  const bytes = await openContent(crypto, certificate, { licenseKey, fingerprint });
  const document = bytes && parseObject(new TextDecoder().decode(bytes));
  const named = certificate.keyId ?? asText(asObject(document?.meta)?.kid);
  if (named === null) return "altered";
  const ids = await Promise.all(keys.map(async (key) => hex(await sha256(crypto, key)).slice(0, 16)));
  return ids.includes(named) ? "altered" : "unknown-key";
}

function judge(file: FileDocument, kind: FileKind, question: FileQuestion): FileCheck {
  const { issued, expiry, license, device, fingerprint } = file;
  const { now, lastSeenTime, offlineGraceHours = 0 } = question;
  if (license.product !== question.product) return refuse("wrong-product");
  if (fingerprint !== null && fingerprint !== question.fingerprint) return refuse("wrong-device");
  const passed = Math.max(issued.getTime(), lastSeenTime?.getTime() ?? 0);
  if (now.getTime() + clockToleranceSeconds * 1000 < passed) return refuse("clock-rolled-back");
  if (expiry && now.getTime() > expiry.getTime() + offlineGraceHours * 3_600_000)
    return refuse("file-expired");
  const worksUntil = license.worksUntil ?? license.validUntil;
  if (worksUntil && now >= worksUntil) return refuse("license-expired");
  const code = license.validUntil && now >= license.validUntil ? "GRACE" : "VALID";
  return { ok: true, kind, code, license, device, issued, expiry };
}
