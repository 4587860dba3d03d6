import type { Device } from "#app/domain/activation/device.ts";
import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import { assessLicense, worksUntil } from "#app/domain/license/assess-license.ts";

/** What of a license goes into a file; no names and no addresses. */
export type FileLicense = Pick<
  FoundLicense,
  "id" | "facts" | "product" | "deviceLimit" | "entitlements" | "updatesUntil"
> & { policy: Pick<FoundLicense["policy"], "slug" | "offlineHours"> };

export type FileDevice = Pick<Device, "id" | "name" | "platform"> & { fingerprint: string };

/** When a file was made and how long it may be trusted; the end of the license itself is apart from it. */
export type FileTerm = { issued: Date; expiry: Date; ttlSeconds: number };

const hourSeconds = 3_600;
/** Keygen's shortest file; a shorter one would be refused by a clock that is a little off. */
const shortestTtlSeconds = hourSeconds;

/**
 * How long a file made at `now` is good for: what was wished, at least an hour and at most the policy's `offlineHours`,
 * which is also what counts without a wish. Null when the policy gives no files.
 */
export function fileTerm(
  offlineHours: number | null,
  now: Date,
  wishedSeconds: number | null = null,
): FileTerm | null {
  if (offlineHours === null) return null;
  const longest = Math.max(offlineHours * hourSeconds, shortestTtlSeconds);
  const wished = Math.max(wishedSeconds ?? longest, shortestTtlSeconds);
  const ttlSeconds = Math.floor(Math.min(wished, longest));
  return { issued: now, expiry: new Date(now.getTime() + ttlSeconds * 1000), ttlSeconds };
}

/** What a machine file of ours says: the device in `data`, the license as it was when the file was made in `included`. */
export function machineFileDocument(
  license: FileLicense,
  device: FileDevice,
  { term, keyId }: { term: FileTerm; keyId: string },
) {
  const { issued, expiry, ttlSeconds } = term;
  const licenses = { type: "licenses", id: license.id } as const;
  const { fingerprint, name, platform } = device;
  return {
    meta: { issued: issued.toISOString(), expiry: expiry.toISOString(), ttl: ttlSeconds, kid: keyId },
    data: {
      type: "machines",
      id: device.id,
      attributes: { fingerprint, name, platform },
      relationships: { license: { data: licenses } },
    },
    included: [{ ...licenses, attributes: licenseAttributes(license, issued) }],
  };
}

function licenseAttributes(license: FileLicense, now: Date) {
  const { code, status, validUntil } = assessLicense(license.facts, now);
  const ends = worksUntil(license.facts);
  return {
    product: license.product.slug,
    policy: license.policy.slug,
    code,
    status,
    validUntil: validUntil?.toISOString() ?? null,
    worksUntil: ends?.toISOString() ?? null,
    updatesUntil: license.updatesUntil?.toISOString() ?? null,
    entitlements: license.entitlements,
    deviceLimit: license.deviceLimit,
  };
}

/** Seconds since 1970, as JSON Web Tokens count. */
export const unixSeconds = (at: Date): number => Math.floor(at.getTime() / 1000);

/**
 * The claims of our compact token (RFC 7519). `exp` is also the end of the license, because programs that read tokens
 * look at nothing else.
 */
export function tokenClaims(
  license: FileLicense,
  device: Pick<FileDevice, "fingerprint">,
  { term, issuer, tokenId }: { term: FileTerm; issuer: string; tokenId: string },
) {
  const { validUntil } = assessLicense(license.facts, term.issued);
  const ends = worksUntil(license.facts);
  const issuedAt = unixSeconds(term.issued);
  return {
    iss: issuer,
    sub: license.id,
    aud: license.product.slug,
    fingerprint: device.fingerprint,
    iat: issuedAt,
    nbf: issuedAt,
    exp: unixSeconds(ends && ends < term.expiry ? ends : term.expiry),
    jti: tokenId,
    policy: license.policy.slug,
    validUntil: validUntil?.toISOString() ?? null,
    updatesUntil: license.updatesUntil?.toISOString() ?? null,
    entitlements: license.entitlements,
  };
}
