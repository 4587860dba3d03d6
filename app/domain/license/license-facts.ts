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
    graceDays: row.graceDays,
    revokedAt: row.revokedAt,
    holds: row.holds.map((hold) => hold.cause),
    firstActivatedAt: row.firstActivatedAt,
  };
}

/** What the audit log keeps of a license before and after a change, readable without the row. */
export type LicenseAuditFacts = {
  version: number;
  paidUntil: string | null;
  extendedUntil: string | null;
  revokedAt: string | null;
  revokedBy: string | null;
  holds: string[];
};

export function licenseAuditFacts(
  row: LicenseRow & { version: number; revokedBy: string | null },
): LicenseAuditFacts {
  return {
    version: row.version,
    paidUntil: row.paidUntil?.toISOString() ?? null,
    extendedUntil: row.extendedUntil?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
    revokedBy: row.revokedBy,
    holds: row.holds.map((hold) => hold.cause).sort(),
  };
}
