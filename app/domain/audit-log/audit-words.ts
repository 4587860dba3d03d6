import { type AuditEvent, auditEvents } from "#app/domain/audit-log/audit-event.ts";

export function isAuditEvent(value: string): value is AuditEvent {
  return auditEvents.some((event) => event === value);
}

/** `license.key-revealed` as people read it: "License key revealed". */
export function auditEventLabel(event: string): string {
  const words = event.replace(/[.-]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What led to a row, where nobody gave a reason: "Seen on the return page first". */
export function causeWords(cause: string | null): string | null {
  if (cause === "return page") return "Noticed by the return page";
  if (cause === "timer" || cause === "sweep") return "Noticed by the regular check";
  return cause;
}

export type AuditChange = { field: string; before: string | null; after: string | null };

/** What a row changed, field by field; fields that stayed the same are left out. */
export function auditChanges(before: unknown, after: unknown): AuditChange[] {
  const old = fieldsOf(before);
  const fresh = fieldsOf(after);
  const fields = [...new Set([...Object.keys(old), ...Object.keys(fresh)])];
  return fields
    .map((field) => ({ field, before: inWords(old[field]), after: inWords(fresh[field]) }))
    .filter((change) => change.before !== change.after);
}

function fieldsOf(value: unknown): Record<string, unknown> {
  if (value === null || value === undefined) return {};
  return typeof value === "object" && !Array.isArray(value) ? { ...value } : { value };
}

function inWords(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}
