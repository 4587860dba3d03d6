import { type AuditEvent, auditEvents } from "#app/domain/audit-log/audit-event.ts";

export function isAuditEvent(value: string): value is AuditEvent {
  return auditEvents.some((event) => event === value);
}

/** `license.key-revealed` as people read it: "License key revealed". */
export function auditEventLabel(event: string): string {
  const words = event.replace(/[.-]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const causes: Record<string, string> = {
  "return page": "Noticed by the return page",
  timer: "Noticed by its timer",
  sweep: "Noticed by the regular check",
};

/** What led to a row, in words: an event of Stripe, a timer, a sweep, a page, a person. */
export function causeWords(cause: string | null): string | null {
  if (!cause) return null;
  const known = causes[cause];
  if (known) return known;
  if (cause.startsWith("sweep")) return "Noticed by the regular check";
  const person = /^staff (.+)$/.exec(cause)?.[1];
  if (person) return `Noticed when ${person} compared it with Stripe`;
  return eventIdsIn(cause).length > 0 ? `Told by Stripe: ${cause}` : cause;
}

/** The events of Stripe that a cause names. */
export function eventIdsIn(cause: string | null): string[] {
  return cause?.match(/\bevt_\w+/g) ?? [];
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
