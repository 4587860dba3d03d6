import { iso } from "#app/api/iso.ts";
import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import type { CheckCode, Verdict } from "#app/domain/activation/judge-check.ts";

export type Failure =
  | "invalid_app"
  | "invalid_key"
  | "session_expired"
  | "hwid_mismatch"
  | "expired"
  | "revoked";

const statuses: Record<Failure, number> = {
  invalid_app: 401,
  invalid_key: 401,
  session_expired: 401,
  hwid_mismatch: 403,
  expired: 410,
  revoked: 410,
};

/** A refusal at run time. https://docs.authforge.cc/api/errors */
export function failed(error: Failure) {
  return { status: statuses[error], body: { status: "failed", error } };
}

const failures: Record<CheckCode, Failure | null> = {
  VALID: null,
  GRACE: null,
  EXPIRED: "expired",
  // These clients know no suspension; a suspended license works for them as little as a revoked one.
  SUSPENDED: "revoked",
  REVOKED: "revoked",
  DEVICE_NOT_ACTIVE: "hwid_mismatch",
  DEVICE_LIMIT_REACHED: "hwid_mismatch",
};

/** What stands in the way; null for a good license on this device. */
export function failureOf({ code }: Pick<Verdict, "code">): Failure | null {
  return failures[code];
}

/** How long a session lasts when the client names nothing, and the bounds of what it may name. */
const sessionSeconds = { standard: 86_400, shortest: 3_600, longest: 604_800 };

export function sessionTtl(wishedSeconds: number | null): number {
  const { standard, shortest, longest } = sessionSeconds;
  return Math.min(Math.max(wishedSeconds ?? standard, shortest), longest);
}

/** When a session that begins at `now` ends: never after the license itself. */
export function sessionEnd(ttlSeconds: number, worksUntil: Date | null, now: Date): Date {
  const end = new Date(now.getTime() + ttlSeconds * 1000);
  return worksUntil && worksUntil < end ? worksUntil : end;
}

/**
 * What the client reads once it has verified the signature. `expiresIn` is an instant in seconds since 1970, as theirs is;
 * the end of the license is the last instant at which it works, grace included. The label stays with the vendor, who may
 * have written a name there.
 */
export function sessionPayload(
  license: FoundLicense,
  verdict: Verdict,
  session: { token: string; end: Date; nonce: string; requestId: string; now: Date },
) {
  const { token, end, nonce, requestId, now } = session;
  const { deviceLimit, activeDevices, entitlements } = license;
  return {
    sessionToken: token,
    timestamp: iso(now),
    expiresIn: Math.floor(end.getTime() / 1000),
    sessionExpiresAt: iso(end),
    nonce,
    requestId,
    licenseExpiresAt: iso(verdict.worksUntil),
    ...(deviceLimit === null ? { unlimitedHwidSlots: true } : { maxHwidSlots: deviceLimit }),
    hwidCount: activeDevices,
    appVariables: {},
    licenseVariables: entitlements,
  };
}
