import type { LicenseFacts } from "#app/domain/license/assess-license.ts";

/** The columns of a license row that its state is derived from. */
export type LicenseRow = Omit<LicenseFacts, "holds"> & { holds: readonly { cause: string }[] };

/** The one mapping from a row (with its holds) to what `assessLicense` is asked about. */
export function licenseFacts(row: LicenseRow): LicenseFacts {
  return {
    term: row.term,
    issuedAt: row.issuedAt,
    paidUntil: row.paidUntil,
    extendedUntil: row.extendedUntil,
    graceUntil: row.graceUntil,
    revokedAt: row.revokedAt,
    holds: row.holds.map((hold) => hold.cause),
    firstActivatedAt: row.firstActivatedAt,
  };
}

/** What the audit log keeps of a license before and after a change, readable without the row. */
export type LicenseAuditFacts = {
  version: number;
  policyId: string;
  deviceLimit: number | null;
  paidUntil: string | null;
  graceUntil: string | null;
  extendedUntil: string | null;
  revokedAt: string | null;
  revokedBy: string | null;
  holds: string[];
};

export function licenseAuditFacts(
  row: LicenseRow & {
    version: number;
    revokedBy: string | null;
    policyId: string;
    deviceLimit: number | null;
  },
): LicenseAuditFacts {
  return {
    version: row.version,
    policyId: row.policyId,
    deviceLimit: row.deviceLimit,
    paidUntil: row.paidUntil?.toISOString() ?? null,
    graceUntil: row.graceUntil?.toISOString() ?? null,
    extendedUntil: row.extendedUntil?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
    revokedBy: row.revokedBy,
    holds: row.holds.map((hold) => hold.cause).sort(),
  };
}
