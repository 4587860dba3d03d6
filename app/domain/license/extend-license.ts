import { dayWords } from "#app/domain/license/license-words.ts";

export const extensionUnits = ["day", "month", "year"] as const;
export type ExtensionUnit = (typeof extensionUnits)[number];

export type Extension =
  | { kind: "period"; count: number; unit: ExtensionUnit }
  /** `YYYY-MM-DD`: the last day on which the license works, to its end in UTC. */
  | { kind: "date"; date: string }
  /** Exactly then, as programs say it. */
  | { kind: "instant"; at: Date };

/** What the dialog offers before a custom period or a date. */
export const extensionPresets = [
  { value: "30-days", label: "30 days", count: 30, unit: "day" },
  { value: "1-month", label: "1 month", count: 1, unit: "month" },
  { value: "1-year", label: "1 year", count: 1, unit: "year" },
] as const satisfies readonly { value: string; label: string; count: number; unit: ExtensionUnit }[];

/** How long, as the fields of a form say it. */
export type ExtensionChoice = { period: string; count: string; unit: string; date: string };

/** The same reading of the fields for the preview and for the act; what makes no sense `extendedEnd` refuses. */
export function extensionFrom(choice: ExtensionChoice): Extension {
  if (choice.period === "date") return { kind: "date", date: choice.date };
  const preset = extensionPresets.find(({ value }) => value === choice.period);
  if (preset) return { kind: "period", count: preset.count, unit: preset.unit };
  const unit = extensionUnits.find((known) => known === choice.unit) ?? "month";
  const count = /^\d{1,6}$/.test(choice.count) ? Number(choice.count) : Number.NaN;
  return { kind: "period", count, unit };
}

export type ExtendedEnd =
  | { ok: true; end: Date }
  /** `problem` says what is wrong and what would do; `field` is the form field it belongs to, if one. */
  | { ok: false; problem: string; field?: "count" | "date" };

/** A longer grant is a slip of the hand; perpetual terms exist for "for ever". */
export const maxExtensionYears = 50;

const dayMs = 86_400_000;

/**
 * Where an extension leads, counted from the later of the current end and `now`. Pure, so that the preview in
 * the browser and the act on the server cannot differ. Never shortens a license; months and years end on the
 * last day of a shorter month (31 Jan + 1 month = 28 or 29 Feb). All in UTC.
 */
export function extendedEnd(question: {
  /** The end that counts now; null = never ends. */
  current: Date | null;
  revoked?: boolean;
  extension: Extension;
  now: Date;
}): ExtendedEnd {
  const { current, extension, now } = question;
  if (question.revoked)
    return { ok: false, problem: "A revoked license cannot be extended. Issue a new one instead." };
  if (!current) return { ok: false, problem: "This license never ends, so there is nothing to extend." };

  const reached = reachedBy(extension, current, now);
  if (!reached.ok) return reached;

  const latest = addMonths(now, maxExtensionYears * 12);
  if (Number.isNaN(reached.end.getTime()) || reached.end > latest)
    return {
      ok: false,
      problem: `The new end is more than ${maxExtensionYears} years away. Choose one before ${dayWords(latest)}.`,
      field: extension.kind === "period" ? "count" : "date",
    };
  return reached;
}

function reachedBy(extension: Extension, current: Date, now: Date): ExtendedEnd {
  if (extension.kind === "period") return endAfterPeriod(extension, current > now ? current : now);
  const end = extension.kind === "date" ? endOfDay(extension.date) : extension.at;
  if (!end || Number.isNaN(end.getTime()))
    return { ok: false, problem: "Enter a date such as 2027-12-03.", field: "date" };
  return endAt(end, current, now);
}

function endAfterPeriod(period: { count: number; unit: ExtensionUnit }, from: Date): ExtendedEnd {
  const { count, unit } = period;
  if (!Number.isInteger(count) || count < 1)
    return { ok: false, problem: "Enter a whole number from 1.", field: "count" };
  // Beyond this no unit stays within the limit, and dates stop being numbers.
  if (count > 100_000) return { ok: true, end: new Date(Number.NaN) };
  if (unit === "day") return { ok: true, end: new Date(from.getTime() + count * dayMs) };
  return { ok: true, end: addMonths(from, unit === "year" ? count * 12 : count) };
}

function endAt(end: Date, current: Date, now: Date): ExtendedEnd {
  if (end <= current)
    return {
      ok: false,
      problem: `${dayWords(end)} is not after the current end, ${dayWords(current)}. An extension never shortens a license.`,
      field: "date",
    };
  if (end <= now)
    return {
      ok: false,
      problem: `${dayWords(end)} is over. Choose a day from ${dayWords(now)} on.`,
      field: "date",
    };
  return { ok: true, end };
}

/** The last millisecond of a `YYYY-MM-DD` day in UTC, or null when there is no such day. */
export function endOfDay(date: string): Date | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return null;
  const start = new Date(`${date}T00:00:00.000Z`);
  // 30 February would silently become 2 March.
  if (Number.isNaN(start.getTime()) || start.toISOString().slice(0, 10) !== date) return null;
  return new Date(start.getTime() + dayMs - 1);
}

/** Adds calendar months in UTC; a day the month does not have becomes its last. */
function addMonths(from: Date, count: number): Date {
  const reached = new Date(from);
  const day = reached.getUTCDate();
  reached.setUTCDate(1);
  reached.setUTCMonth(reached.getUTCMonth() + count);
  const lastDay = new Date(Date.UTC(reached.getUTCFullYear(), reached.getUTCMonth() + 1, 0)).getUTCDate();
  reached.setUTCDate(Math.min(day, lastDay));
  return reached;
}
