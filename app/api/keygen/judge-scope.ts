import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import type { Verdict } from "#app/domain/activation/judge-check.ts";
import { uuidOf } from "#app/domain/ids.ts";

/** What a client wants to be true of a license besides its being good. */
export type Scope = {
  environment?: string | undefined;
  product?: string | undefined;
  policy?: string | undefined;
  user?: string | undefined;
  entitlements?: string[] | undefined;
  machine?: string | undefined;
  fingerprint?: string | undefined;
  fingerprints?: string[] | undefined;
  components?: string[] | undefined;
  checksum?: string | undefined;
  version?: string | undefined;
};

export type Asked = {
  license: Pick<FoundLicense, "product" | "policy" | "deviceLimit" | "activeDevices">;
  /** Of the license alone: no device judged. */
  verdict: Pick<Verdict, "code">;
  /** null = nothing but the license itself is asked about */
  scope: Scope | null;
  /** Whose license it is, as far as `scope.user` asks. */
  owner: { id: string; email: string } | null;
  /** The entitlements it carries. */
  entitlements: readonly string[];
  /** Whether the device of `scope.machine` has a seat. */
  machineIsActive: boolean;
  /** Whether any of the devices of `scope.fingerprint(s)` has one. */
  fingerprintIsActive: boolean;
};

export type Judgement = { valid: boolean; detail: string; code: string };

const no = (code: string, detail: string): Judgement => ({ valid: false, detail, code });

/**
 * The first code that fits, in Keygen's order for a policy that revokes access at the end of a license. Environments,
 * components, checksums and versions are things we have none of, so a scope that asks for one never matches.
 */
export function judgeScope(asked: Asked): Judgement {
  const { verdict, scope, license } = asked;
  if (verdict.code === "REVOKED" || verdict.code === "SUSPENDED") return no("SUSPENDED", "is suspended");
  if (verdict.code === "EXPIRED") return no("EXPIRED", "is expired");
  const refused = scope && (judgeThings(scope, asked) ?? judgeDevices(scope, asked) ?? judgeReleases(scope));
  if (refused) return refused;
  // Devices that had a seat before the limit was lowered keep it, here as in every other answer.
  if (license.deviceLimit !== null && license.activeDevices > license.deviceLimit)
    return { valid: true, detail: "has too many associated machines", code: "TOO_MANY_MACHINES" };
  return { valid: true, detail: "is valid", code: "VALID" };
}

function judgeThings(scope: Scope, { license, owner, entitlements }: Asked): Judgement | null {
  if (scope.environment !== undefined)
    return no("ENVIRONMENT_SCOPE_MISMATCH", "environment scope does not match");
  if (scope.product !== undefined && !isNamed(license.product, scope.product))
    return no("PRODUCT_SCOPE_MISMATCH", "product scope does not match");
  if (scope.policy !== undefined && !isNamed(license.policy, scope.policy))
    return no("POLICY_SCOPE_MISMATCH", "policy scope does not match");
  if (scope.user !== undefined && !(owner && isOwner(owner, scope.user)))
    return no("USER_SCOPE_MISMATCH", "user scope does not match");
  if (!scope.entitlements) return null;
  if (scope.entitlements.length === 0) return no("ENTITLEMENTS_SCOPE_EMPTY", "entitlements scope is empty");
  return scope.entitlements.every((code) => entitlements.includes(code))
    ? null
    : no("ENTITLEMENTS_MISSING", "is missing one or more required entitlements");
}

function isNamed({ id, slug }: { id: string; slug: string }, reference: string): boolean {
  return [id, slug, uuidOf(id)].includes(reference.toLowerCase());
}

function isOwner({ id, email }: { id: string; email: string }, reference: string): boolean {
  return [id, uuidOf(id), email].includes(reference.trim().toLowerCase());
}

function judgeDevices(scope: Scope, asked: Asked): Judgement | null {
  const nobody = asked.license.activeDevices === 0;
  if (scope.machine !== undefined) {
    if (nobody) return no("NO_MACHINES", "machine is not activated (has no associated machines)");
    if (!asked.machineIsActive)
      return no(
        "MACHINE_SCOPE_MISMATCH",
        "machine is not activated (does not match any associated machines)",
      );
  }
  const fingerprints = fingerprintsOf(scope);
  if (!fingerprints) return null;
  if (fingerprints.length === 0) return no("FINGERPRINT_SCOPE_EMPTY", "fingerprint scope is empty");
  if (nobody) return no("NO_MACHINES", "fingerprint is not activated (has no associated machines)");
  if (asked.fingerprintIsActive) return null;
  const which = fingerprints.length > 1 ? "one or more fingerprint" : "fingerprint";
  return no(
    "FINGERPRINT_SCOPE_MISMATCH",
    `${which} is not activated (does not match any associated machines)`,
  );
}

/** The fingerprints asked about, each once; null = not asked. */
export function fingerprintsOf(scope: Scope): string[] | null {
  if (scope.fingerprint !== undefined) return scope.fingerprint === "" ? [] : [scope.fingerprint];
  return scope.fingerprints ? [...new Set(scope.fingerprints)].filter((each) => each !== "") : null;
}

function judgeReleases(scope: Scope): Judgement | null {
  if (scope.components) {
    if (scope.fingerprint === undefined)
      return no(
        "FINGERPRINT_SCOPE_REQUIRED",
        "fingerprint scope is required when using the components scope",
      );
    return scope.components.length === 0
      ? no("COMPONENTS_SCOPE_EMPTY", "components scope is empty")
      : no(
          "COMPONENTS_SCOPE_MISMATCH",
          "one or more component is not activated (does not match any associated components)",
        );
  }
  if (scope.checksum !== undefined)
    return no(
      "CHECKSUM_SCOPE_MISMATCH",
      "checksum scope is not valid (does not match any accessible artifacts)",
    );
  if (scope.version !== undefined)
    return no(
      "VERSION_SCOPE_MISMATCH",
      "version scope is not valid (does not match any accessible releases)",
    );
  return null;
}
