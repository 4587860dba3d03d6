import type { EmailKind } from "#app/domain/email-outbox/email.ts";
import type { LicenseFacts } from "#app/domain/license/assess-license.ts";
import { dayWords, endsWords } from "#app/domain/license/license-words.ts";

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
  "license.renewed": "License renewed",
  "license.shortened": "New end, earlier than before",
  "license.plan-changed": "Plan changed",
  "license.seats-changed": "Seats changed",
  "license.released": "Key without a seat",
  "license.restored": "Key has a seat again",
  "license.assigned": "License given to you",
  "license.limit-changed": "Number of devices changed",
  "license.key-rotated": "License key replaced",
  "activation.created": "Device activated",
  "activation.released": "Device released",
};
/** Those whose new end is worth telling. */
const movesTheEnd: readonly string[] = ["license.extended", "license.renewed", "license.shortened"];

/** The only audit events an owner sees. */
export const ownerAuditEvents: readonly string[] = Object.keys(auditTitles);

const emailTitles: Partial<Record<EmailKind, string>> = {
  "license-issued": "Key sent by email",
  "license-resent": "Key sent again by email",
  "license-changed": "Email about a change sent",
  "payment-pending": "Email about the pending payment sent",
  "license-ending": "Reminder of the end sent",
  "license-expired": "Email about the end sent",
  "license-renewed": "Email about the renewal sent",
  "license-suspended": "Email about the hold sent",
  "license-reinstated": "Email about the end of the hold sent",
  "trial-ending": "Reminder of the end of the trial sent",
  "renewal-failed": "Email about the failed payment sent",
  "payment-action-required": "Email about a payment to confirm sent",
  "payment-recovered": "Email about the payment that arrived sent",
  "cancel-scheduled": "Email about the cancellation sent",
  "cancel-undone": "Email about the cancellation taken back sent",
  "seats-changed": "Email about the seats sent",
  "plan-changed": "Email about the plan sent",
  refunded: "Email about the refund sent",
};
/** The only mails an owner sees; a code for signing in is none of them. */
export const ownerEmailKinds: readonly string[] = Object.keys(emailTitles);

/**
 * `validUntil` is the end after the event, when the record of it tells; only what moves the end mentions it. So it is
 * with `deviceName` and what happens to devices.
 */
export function auditHistoryEntry(row: {
  seq: bigint;
  at: Date;
  event: string;
  validUntil: Date | null;
  deviceName?: string | null;
}): PortalHistoryEntry | null {
  const title = auditTitles[row.event];
  if (!title) return null;
  const entry = { id: `audit-${row.seq}`, at: row.at, kind: "license" as const, title };
  if (row.event.startsWith("activation.") && row.deviceName) return { ...entry, detail: row.deviceName };
  if (!movesTheEnd.includes(row.event) || !row.validUntil) return entry;
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

/** When it ends, telling what was paid for from what staff granted on top. */
export function ownerEnds(facts: LicenseFacts, now: Date): string {
  const { paidUntil, extendedUntil } = facts;
  if (facts.revokedAt || !paidUntil || !extendedUntil || extendedUntil <= paidUntil)
    return endsWords(facts, now);
  const paid = `${paidUntil <= now ? "Was paid" : "Paid"} until ${dayWords(paidUntil)}`;
  return `${paid}, extended by us until ${dayWords(extendedUntil)}`;
}

const holdReasons: Record<string, string> = {
  staff: "We have put this license on hold. Contact us to find out why.",
  refund: "The payment for it was refunded.",
  dispute: "The payment for it is disputed with the bank. Contact us to settle it.",
  fraud: "The bank reported the payment for it as fraud. Contact us to settle it.",
  pause: "The subscription it belongs to is paused.",
  unpaid: "The renewal has not been paid.",
  released: "The subscription has fewer seats now, and this key waits for one.",
};

/** Why a license is on hold, in sentences for its owner; never whose refund or dispute it is by its id. */
export function ownerHoldWords(causes: readonly string[]): string[] {
  const reasons = causes.map((cause) => {
    const [kind = ""] = cause.split(":");
    return holdReasons[kind] ?? "It is on hold. Contact us to find out why.";
  });
  return [...new Set(reasons)];
}

/** Licenses in the order given, those of one subscription together where its first one stands. */
export function groupBySubscription<License extends { subscriptionId: string | null }>(
  licenses: readonly License[],
): { subscriptionId: string | null; licenses: License[] }[] {
  const groups: { subscriptionId: string | null; licenses: License[] }[] = [];
  for (const license of licenses) {
    const { subscriptionId } = license;
    const group = subscriptionId && groups.find((each) => each.subscriptionId === subscriptionId);
    if (group) group.licenses.push(license);
    else groups.push({ subscriptionId, licenses: [license] });
  }
  return groups;
}
