// What files and tokens say, once their signature is known to be good.
import type { FileKind } from "./file-layout.ts";
import { asInstant, asNumber, asObject, asText, type Json, parseObject } from "./json.ts";
import { type Device, type License, readDevice, readLicense } from "./license.ts";
import type { Bytes } from "./platform-crypto.ts";

export type FileDocument = {
  issued: Date;
  /** null = as long as the license. */
  expiry: Date | null;
  license: License;
  device: Device | null;
  /** The device it counts on; null = any. */
  fingerprint: string | null;
};

/** The document inside a file or token; null when it is none of ours. */
export function readDocument(kind: FileKind, bytes: Bytes): FileDocument | null {
  const document = parseObject(new TextDecoder().decode(bytes));
  if (!document) return null;
  return kind === "token" ? readClaims(document) : readFile(kind, document);
}

function readFile(kind: FileKind, { meta, data, included }: Json): FileDocument | null {
  const term = asObject(meta);
  const issued = asInstant(term?.issued);
  const expiry = asInstant(term?.expiry);
  if (!term || !issued || (term.expiry !== null && !expiry)) return null;
  const resources = [data, ...(Array.isArray(included) ? included : [])].map(asObject);
  const named = (type: string) => resources.find((resource) => resource?.type === type) ?? null;
  const found = named("licenses");
  const license = found && readLicense(found.id, asObject(found.attributes) ?? {});
  const machine = named("machines");
  const attributes = asObject(machine?.attributes) ?? {};
  const device = machine && readDevice(machine.id, attributes);
  const fingerprint = asText(attributes.fingerprint);
  // Only a license file that names no device counts on any.
  const isBound = kind === "machine" || machine !== null;
  if (!license || (isBound && (!device || !fingerprint))) return null;
  return { issued, expiry, license, device, fingerprint };
}

function readClaims(claims: Json): FileDocument | null {
  const issued = asSeconds(claims.iat);
  const expiry = asSeconds(claims.exp);
  const fingerprint = asText(claims.fingerprint);
  const { sub, aud, policy, validUntil, updatesUntil, entitlements } = claims;
  const end = asInstant(validUntil);
  if (!issued || !expiry || !fingerprint) return null;
  // A token has no end with grace: `exp` is that end where it comes first. Otherwise the license is known to work until
  // its own end at least, and no longer is promised.
  const worksUntil = end && new Date(Math.max(end.getTime(), expiry.getTime())).toISOString();
  const facts = { product: aud, policy, validUntil, worksUntil, updatesUntil, entitlements };
  const license = readLicense(sub, facts);
  return license && { issued, expiry, license, device: null, fingerprint };
}

/** Seconds since 1970, as JSON Web Tokens count. */
function asSeconds(value: unknown): Date | null {
  const seconds = asNumber(value);
  return seconds !== null && Math.abs(seconds) <= 8.64e12 ? new Date(seconds * 1000) : null;
}
