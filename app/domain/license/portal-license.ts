import type { EmailKind } from "#app/domain/email-outbox/email.ts";
import { dayWords } from "#app/domain/license/license-words.ts";

/** One line of what the owner of a license may see of its past: what happened, never who or why inside the shop. */
export type PortalHistoryEntry = {
  id: string;
  at: Date;
  kind: "license" | "email";
  title: string;
  detail?: string;
};

const auditTitles: Record<string, string> = {
  "license.issued": "License issued",
  "license.extended": "License extended",
  "license.suspended": "License put on hold",
  "license.reinstated": "License reinstated",
  "license.revoked": "License revoked",
};
/** The only audit events an owner sees. */
export const ownerAuditEvents: readonly string[] = Object.keys(auditTitles);

const emailTitles: Partial<Record<EmailKind, string>> = {
  "license-issued": "Key sent by email",
  "license-resent": "Key sent again by email",
  "license-changed": "Email about a change sent",
  "payment-pending": "Email about the pending payment sent",
};
/** The only mails an owner sees; a code for signing in is none of them. */
export const ownerEmailKinds: readonly string[] = Object.keys(emailTitles);

/** `validUntil` is the end after the event, when the record of it tells; only an extension mentions it. */
export function auditHistoryEntry(row: {
  seq: bigint;
  at: Date;
  event: string;
  validUntil: Date | null;
}): PortalHistoryEntry | null {
  const title = auditTitles[row.event];
  if (!title) return null;
  const entry = { id: `audit-${row.seq}`, at: row.at, kind: "license" as const, title };
  if (row.event !== "license.extended" || !row.validUntil) return entry;
  return { ...entry, detail: `New end: ${dayWords(row.validUntil)}` };
}

/** Names the recipient only when it is the owner's own address. */
export function emailHistoryEntry(row: {
  id: string;
  sentAt: Date;
  kind: string;
  recipient: string;
  ownerEmail: string;
}): PortalHistoryEntry | null {
  const [, title] = Object.entries(emailTitles).find(([kind]) => kind === row.kind) ?? [];
  if (!title) return null;
  const entry = { id: row.id, at: row.sentAt, kind: "email" as const, title };
  return row.recipient === row.ownerEmail ? { ...entry, detail: `To ${row.recipient}` } : entry;
}
