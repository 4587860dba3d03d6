import { DomainError } from "#app/domain/domain-error.ts";
import { newId } from "#app/domain/ids.ts";
import { validUntil } from "#app/domain/license/assess-license.ts";
import {
  changeLicense,
  type LicenseChange,
  type LockedLicense,
} from "#app/domain/license/change-license.server.ts";
import { type Extension, extendedEnd } from "#app/domain/license/extend-license.ts";
import { forgive } from "#app/domain/license/license-key.ts";
import { dayWords, holdWords, listWords } from "#app/domain/license/license-words.ts";

export { assignLicense } from "#app/domain/license/assign-license.server.ts";
export { issueLicenseByHand } from "#app/domain/license/issue-license.server.ts";
export { resendLicense, resendLicenseToOwner } from "#app/domain/license/resend-license.server.ts";
export { revealKey } from "#app/domain/license/reveal-key.server.ts";

/** Grants a later end. Never shortens: `extendedEnd` is the rule, here and in the preview. */
export function extendLicense(
  request: LicenseChange & { extension: Extension },
): Promise<{ message: string }> {
  return changeLicense(request, (license) => {
    const reached = extendedEnd({
      current: validUntil(license),
      revoked: license.revokedAt !== null,
      extension: request.extension,
      now: request.now,
    });
    if (!reached.ok)
      throw new DomainError("INVALID", reached.problem, reached.field ? { field: reached.field } : {});
    // What staff grant outlasts what Stripe is owed; the sync keeps this hold away while the extension runs.
    const unpaid = license.holds.find(({ cause }) => cause.startsWith("unpaid:"));
    return {
      change: "extended",
      columns: { extendedUntil: reached.end },
      ...(unpaid && { removeHold: unpaid.cause }),
      message: `License extended. It now ends ${dayWords(reached.end)}.`,
      validUntil: reached.end,
    };
  });
}

/** Puts the hold of staff on a license. Nothing Stripe says lifts it; a hold of Stripe's may be there besides. */
export function suspendLicense(request: LicenseChange): Promise<{ message: string }> {
  return changeLicense(request, (license) => {
    refuseRevoked(license, "suspended");
    const held = license.holds.find((hold) => hold.cause === "staff");
    if (held)
      throw new DomainError(
        "INVALID",
        `This license is already suspended by staff, since ${dayWords(held.createdAt)}.`,
      );
    return {
      change: "suspended",
      addHold: { id: newId("hold", request.now), cause: "staff", reason: request.reason.trim() },
      message: "License suspended.",
    };
  });
}

/** Lifts the hold of staff and no other: a refund or dispute keeps its own. */
export function reinstateLicense(request: LicenseChange): Promise<{ message: string }> {
  return changeLicense(request, (license) => {
    refuseRevoked(license, "reinstated");
    const others = license.holds.map((hold) => hold.cause).filter((cause) => cause !== "staff");
    const because = listWords(others.map(holdWords));
    if (others.length === license.holds.length)
      throw new DomainError(
        "INVALID",
        others.length === 0
          ? "This license is not suspended, so there is nothing to reinstate."
          : `Staff did not suspend this license. It is on hold because of ${because} and works again when that is settled.`,
      );
    return {
      change: "reinstated",
      removeHold: "staff",
      message: because
        ? `The suspension by staff is lifted, but the license stays on hold because of ${because}.`
        : "License reinstated.",
      withoutMail: others.length > 0,
    };
  });
}

/**
 * Withdraws a license for good: no later payment, extension or reinstatement revives it. `confirmation` must be
 * the last group of its key, as proof that the person looks at the license they mean.
 */
export function revokeLicense(
  request: LicenseChange & { confirmation: string },
): Promise<{ message: string }> {
  return changeLicense(request, (license) => {
    if (license.revokedAt)
      throw new DomainError("INVALID", `This license was already revoked on ${dayWords(license.revokedAt)}.`);
    if (forgive(request.confirmation) !== forgive(license.keyLastGroup))
      throw new DomainError(
        "INVALID",
        `Type the last group of the key, ${license.keyLastGroup}, to confirm that this is the license you mean.`,
        { field: "confirmation" },
      );
    return {
      change: "revoked",
      columns: {
        revokedAt: request.now,
        revokedBy: request.actor.type === "staff" ? "staff" : "api",
        revokedReason: request.reason.trim(),
      },
      message: "License revoked.",
    };
  });
}

function refuseRevoked(license: LockedLicense, participle: string): void {
  if (license.revokedAt)
    throw new DomainError(
      "INVALID",
      `This license was revoked on ${dayWords(license.revokedAt)}, which is final. It cannot be ${participle}.`,
    );
}
