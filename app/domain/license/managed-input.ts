import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { DomainError } from "#app/domain/domain-error.ts";

/** Who may do what a program does: the holder of an API key, and staff. */
export type ProgramActor = Actor & { type: "api-key" | "staff" };

export type ProgramAct = {
  /** Kept in the audit log; "Through the API" unless given, 3 to 500 characters. */
  reason?: string | null | undefined;
  actor: ProgramActor;
  now: Date;
  requestId: string | null;
};

export const defaultReason = "Through the API";

export function reasonOf(given: string | null | undefined): string {
  return given?.trim() || defaultReason;
}

export const deviceLimitMax = 1_000_000;
/** Simple License Server takes 64, and its dialect keeps a name of its own among them. */
export const metadataMaxEntries = 70;
export const metadataMaxNameLength = 100;
export const metadataMaxTextLength = 1000;

/** @throws DomainError INVALID on `deviceLimit`. */
export function requireDeviceLimit(limit: number | null): number | null {
  if (limit === null || (Number.isInteger(limit) && limit >= 1 && limit <= deviceLimitMax)) return limit;
  throw new DomainError(
    "INVALID",
    `A device limit is a whole number from 1 to ${deviceLimitMax}, or null for any number.`,
    { field: "deviceLimit" },
  );
}

/** @throws DomainError INVALID on `field` for no date, or one that a date of four digits cannot write. */
export function requireEnd(end: Date | null, field: string): Date | null {
  if (end === null) return null;
  const year = end.getUTCFullYear();
  if (year >= 2000 && year <= 9999) return end;
  throw new DomainError("INVALID", "Name an instant between the years 2000 and 9999, or null for no end.", {
    field,
  });
}

/** @throws DomainError INVALID on `metadata`. */
export function requireMetadata(metadata: Record<string, string>): Record<string, string> {
  const entries = Object.entries(metadata);
  const fits = entries.every(
    ([name, text]) =>
      name.length >= 1 && name.length <= metadataMaxNameLength && text.length <= metadataMaxTextLength,
  );
  if (fits && entries.length <= metadataMaxEntries) return metadata;
  throw new DomainError(
    "INVALID",
    `Metadata holds up to ${metadataMaxEntries} texts of up to ${metadataMaxTextLength} characters, with names of 1 to ${metadataMaxNameLength}.`,
    { field: "metadata" },
  );
}
