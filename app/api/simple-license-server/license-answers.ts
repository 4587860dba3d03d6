import { iso } from "#app/api/iso.ts";
import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import type { CheckCode, Verdict } from "#app/domain/activation/judge-check.ts";
import type { LicenseStatus } from "#app/domain/license/assess-license.ts";
import { type FileTerm, unixSeconds } from "#app/domain/license-file/license-file.ts";

/** Expiry is no status of its own: it shows as `valid: false` with a reason. */
export type SlsStatus = "inactive" | "active" | "revoked";
type Reason = "revoked" | "expired" | "activation_limit_reached" | "fingerprint_not_active";

/** These clients know no suspension; a suspended license works for them as little as a revoked one. */
export function slsStatus(status: LicenseStatus, activeDevices: number): SlsStatus {
  if (status === "revoked" || status === "suspended") return "revoked";
  return activeDevices > 0 ? "active" : "inactive";
}

const reasons: Record<CheckCode, Reason | null> = {
  VALID: null,
  GRACE: null,
  EXPIRED: "expired",
  SUSPENDED: "revoked",
  REVOKED: "revoked",
  DEVICE_NOT_ACTIVE: "fingerprint_not_active",
  DEVICE_LIMIT_REACHED: "activation_limit_reached",
};

/** Their clients read an integer; this stands for "any number". */
export const unlimitedActivations = 2_147_483_647;

/**
 * What validate answers. `expires_at` is the last instant at which it works, grace included, because clients compare it
 * with their own clock.
 */
export function checkAnswer(
  license: Pick<FoundLicense, "activeDevices">,
  verdict: Verdict,
  token: string | null,
) {
  const reason = reasons[verdict.code];
  return {
    valid: verdict.valid,
    status: slsStatus(verdict.status, license.activeDevices),
    expires_at: iso(verdict.worksUntil),
    ...(token !== null && { token }),
    ...(reason !== null && { reason }),
  };
}

/** What deactivate answers; a license in any state may be left. */
export function deactivateAnswer(
  license: Pick<FoundLicense, "deviceLimit">,
  verdict: Verdict,
  { released, activeDevices }: { released: boolean; activeDevices: number },
) {
  return {
    valid: true,
    released,
    status: slsStatus(verdict.status, activeDevices),
    active_seats: activeDevices,
    max_activations: license.deviceLimit ?? unlimitedActivations,
    expires_at: iso(verdict.worksUntil),
  };
}

/** The claims of an offline token. It ends with the license, because its readers look at nothing else. */
export function offlineClaims(
  license: { uuid: string; slug: string },
  fingerprint: string,
  {
    term,
    worksUntil,
    issuer,
    tokenId,
  }: { term: FileTerm; worksUntil: Date | null; issuer: string; tokenId: string },
) {
  const issuedAt = unixSeconds(term.issued);
  return {
    iss: issuer,
    sub: license.uuid,
    slug: license.slug,
    fingerprint,
    iat: issuedAt,
    nbf: issuedAt,
    exp: unixSeconds(worksUntil && worksUntil < term.expiry ? worksUntil : term.expiry),
    jti: tokenId,
  };
}
