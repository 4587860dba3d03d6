import { randomUUID } from "node:crypto";
import { normalizeEmail } from "#app/domain/customer/customer.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { validUntil } from "#app/domain/license/assess-license.ts";
import {
  changeLicense,
  type LicenseChange,
  type LockedLicense,
  lockLicense,
} from "#app/domain/license/change-license.server.ts";
import type { Extension } from "#app/domain/license/extend-license.ts";
import {
  assignLicense,
  extendLicense,
  reinstateLicense,
  resendLicense,
  revokeLicense,
  suspendLicense,
} from "#app/domain/license/license.server.ts";
import { dayWords } from "#app/domain/license/license-words.ts";
import {
  type ProgramAct,
  reasonOf,
  requireDeviceLimit,
  requireEnd,
  requireMetadata,
} from "#app/domain/license/managed-input.ts";
import { readManagedLicenses } from "#app/domain/license/managed-license.queries.server.ts";
import type { ManagedLicense } from "#app/domain/license/managed-license.ts";
import type { Tx } from "#app/infra/db.server.ts";
import { inTransactionThenWake } from "#app/infra/wake-worker.server.ts";

export { rotateKey } from "#app/domain/license/rotate-key.server.ts";

/** An act of a program on one license. It looked at no version: whoever comes last decides. */
export type ManagedChange = ProgramAct & {
  licenseId: string;
  /** Whether the owner is told by mail, where there is a mail for it; a program usually tells them itself. */
  notifyCustomer?: boolean | undefined;
};

/** Withdraws a license for good. Safe to repeat: the first revocation stands. */
export function revoke(request: ManagedChange): Promise<ManagedLicense> {
  return managed(request, async (license) => {
    if (license.revokedAt) return;
    await revokeLicense({ ...asChange(request), confirmation: license.keyLastGroup });
  });
}

/**
 * Puts the vendor's hold on a license. Safe to repeat.
 * @throws DomainError CONFLICT for a revoked license.
 */
export function suspend(request: ManagedChange): Promise<ManagedLicense> {
  return managed(request, async (license) => {
    refuseRevoked(license);
    if (license.holds.some(({ cause }) => cause === "staff")) return;
    await suspendLicense(asChange(request));
  });
}

/**
 * Lifts the vendor's hold. Safe to repeat for a license without any; one that a refund or a dispute holds stays held.
 * @throws DomainError CONFLICT for a revoked license; INVALID when only holds of its payment are there.
 */
export function reinstate(request: ManagedChange): Promise<ManagedLicense> {
  return managed(request, async (license) => {
    refuseRevoked(license);
    if (license.holds.length === 0) return;
    await reinstateLicense(asChange(request));
  });
}

export type Period = { days: number } | { months: number } | { years: number };

/**
 * Grants a later end: an instant (safe to repeat), or a period from the later of now and the end it has.
 * @throws DomainError CONFLICT for a license that is revoked or never ends; INVALID for an end that is not later.
 */
export function extend(
  request: ManagedChange & ({ until: Date } | { period: Period }),
): Promise<ManagedLicense> {
  return managed(request, async (license) => {
    refuseRevoked(license);
    const end = validUntil(license);
    if (!end) throw new DomainError("CONFLICT", "This license never ends, so there is nothing to extend.");
    if ("until" in request && request.until.getTime() === end.getTime()) return;
    await extendLicense({ ...asChange(request), extension: extensionOf(request) });
  });
}

function extensionOf(request: { until: Date } | { period: Period }): Extension {
  if ("until" in request) return { kind: "instant", at: request.until };
  const { period } = request;
  if ("days" in period) return { kind: "period", count: period.days, unit: "day" };
  if ("months" in period) return { kind: "period", count: period.months, unit: "month" };
  return { kind: "period", count: period.years, unit: "year" };
}

/**
 * Makes a license end exactly then; null = never. Safe to repeat.
 * @throws DomainError CONFLICT for a revoked license, and for an end before the one that a purchase here paid for: such
 * a license can only be extended, suspended or revoked.
 */
export async function setEnd(request: ManagedChange & { end: Date | null }): Promise<ManagedLicense> {
  const end = requireEnd(request.end, "end");
  return managed(request, async (license, tx) => {
    refuseRevoked(license);
    const current = validUntil(license);
    if (current?.getTime() === end?.getTime()) return;
    const isBought = license.sourceId !== null || (await isRenewed(tx, license.id));
    if (isBought && (!end || !current || end < current))
      throw new DomainError(
        "CONFLICT",
        `This license was bought and ${current ? `is paid until ${dayWords(current)}` : "never ends"}. Extend it to a later instant, or suspend or revoke it.`,
      );
    if (isBought && end)
      await extendLicense({ ...asChange(request), extension: { kind: "instant", at: end } });
    else await writeEnd(request, current, end);
  });
}

async function isRenewed(tx: Tx, licenseId: string): Promise<boolean> {
  return (await tx.licenseRenewal.count({ where: { licenseId } })) > 0;
}

async function writeEnd(request: ManagedChange, current: Date | null, end: Date | null): Promise<void> {
  const isLater = !end || (current !== null && end > current);
  await changeLicense(asChange(request), () => ({
    change: isLater ? "extended" : "shortened",
    columns: { term: end ? "days" : "perpetual", paidUntil: end, extendedUntil: null, graceUntil: null },
    message: "End changed.",
    withoutMail: true,
  }));
}

/**
 * Devices that are active stay so, also above a lower limit. Safe to repeat.
 * @throws DomainError CONFLICT for a revoked license, INVALID on `deviceLimit`.
 */
export async function changeDeviceLimit(
  request: ManagedChange & { deviceLimit: number | null },
): Promise<ManagedLicense> {
  const deviceLimit = requireDeviceLimit(request.deviceLimit);
  return managed(request, async (license) => {
    refuseRevoked(license);
    if (license.deviceLimit === deviceLimit) return;
    await changeLicense(asChange(request), () => ({
      change: "limit-changed",
      columns: { deviceLimit },
      message: "Device limit changed.",
      withoutMail: true,
    }));
  });
}

/**
 * Replaces all that programs keep with a license. Works for a license in any state; safe to repeat.
 * @throws DomainError INVALID on `metadata`.
 */
export async function changeMetadata(
  request: ManagedChange & { metadata: Record<string, string> },
): Promise<ManagedLicense> {
  const metadata = requireMetadata(request.metadata);
  return managed(request, async () => {
    await changeLicense(asChange(request), () => ({
      change: "metadata-changed",
      columns: { metadata },
      // The texts are the vendor's own and may be personal; the log keeps what they are called.
      recorded: { metadata: Object.keys(metadata).sort().join(", ") },
      message: "Metadata changed.",
      withoutMail: true,
    }));
  });
}

/**
 * Gives a license that nobody owns to a customer, who is made when unknown. Safe to repeat for the same customer.
 * @throws DomainError CONFLICT when it is revoked or another customer owns it, INVALID on `email`.
 */
export function assign(
  request: ManagedChange & { email: string; name?: string | undefined },
): Promise<ManagedLicense> {
  return managed(request, async (license) => {
    if (license.customer?.email === normalizeEmail(request.email)) return;
    refuseRevoked(license);
    if (license.customer)
      throw new DomainError("CONFLICT", `This license belongs to ${license.customer.email} already.`);
    await assignLicense({ ...asChange(request), email: request.email, name: request.name });
  });
}

/**
 * Mails the key, to its owner or to `recipient`.
 * @throws DomainError INVALID on `recipient` when there is no address; INVALID when the license is revoked.
 */
export function resend(request: ManagedChange & { recipient?: string | undefined }): Promise<ManagedLicense> {
  return managed(request, async () => {
    await resendLicense({ ...asChange(request), recipient: request.recipient });
  });
}

/** The license locked, changed, and read again as it is then, in one transaction. */
async function managed(
  { licenseId, now }: ManagedChange,
  act: (license: LockedLicense, tx: Tx) => Promise<void>,
): Promise<ManagedLicense> {
  return inTransactionThenWake(async (tx) => {
    await act(await lockLicense(tx, licenseId), tx);
    const [license] = await readManagedLicenses(tx, [licenseId], now);
    if (!license) throw new DomainError("NOT_FOUND", "There is no license with this id.");
    return license;
  });
}

/** A program's own repeats are told apart by its Idempotency-Key, so each act is a submit of its own. */
function asChange(request: ManagedChange): LicenseChange {
  const { licenseId, actor, now, requestId, notifyCustomer = false } = request;
  return {
    ...{ licenseId, actor, now, requestId, notifyCustomer },
    version: null,
    submission: randomUUID(),
    reason: reasonOf(request.reason),
  };
}

function refuseRevoked(license: LockedLicense): void {
  if (license.revokedAt)
    throw new DomainError(
      "CONFLICT",
      `This license was revoked on ${dayWords(license.revokedAt)}, which is final.`,
    );
}
