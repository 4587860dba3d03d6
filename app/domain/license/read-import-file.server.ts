import { z } from "zod";
import { DomainError } from "#app/domain/domain-error.ts";
import { endOfDay } from "#app/domain/license/extend-license.ts";
import { readTable } from "#app/domain/license/read-table.ts";

/** One license to import, as `createLicenses` takes it. */
export type ImportLine = {
  /** Where it stands, for people: "line 3" of a table, "entry 3" of a JSON array. */
  place: string;
  key: string;
  policy: string | number;
  customer: { email: string; name?: string | null | undefined } | null;
  /** null = never ends; undefined = what the policy says */
  validUntil: Date | null | undefined;
  /** null = any number; undefined = what the policy says */
  deviceLimit: number | null | undefined;
  metadata: Record<string, string>;
};

export type WrongLine = { place: string; reason: string };

const columns = ["key", "policy", "email", "name", "validUntil", "deviceLimit"];
const columnWords = `${columns.join(", ")} and metadata.NAME`;

const instant = z.iso.datetime({ offset: true });

/** A day means the whole of it, in UTC, as everywhere in Latchkey. */
const validUntil = z.unknown().transform((value, context) => {
  if (value === null || value === "never") return null;
  const end = instant.safeParse(value).success ? new Date(String(value)) : endOfDay(String(value));
  if (end) return end;
  const message = "a day such as 2027-12-03, an instant such as 2027-12-03T10:00:00Z, or never";
  context.issues.push({ code: "custom", input: value, message });
  return z.NEVER;
});

const deviceLimit = z.preprocess(
  (value) => (value === "unlimited" ? null : typeof value === "string" ? Number(value) : value),
  z.number("a whole number, or unlimited").int("a whole number, or unlimited").nullable(),
);

const Line = z.strictObject({
  key: z.string("the key as customers hold it").trim().min(1, "the key as customers hold it"),
  policy: z.union([z.string().min(1), z.number().int()], "the slug of a policy, such as lumen-pro"),
  email: z.string("an address such as name@example.com").nullish(),
  name: z.string("a name").max(200, "at most 200 characters").nullish(),
  validUntil: validUntil.optional(),
  deviceLimit: deviceLimit.optional(),
  metadata: z.record(z.string(), z.string("a text")).optional(),
});

/**
 * Reads licenses to import: a table with a header line, or a JSON array of objects. What is wrong with single lines is
 * answered beside those that can be read.
 * @throws DomainError INVALID when the file as a whole cannot be read.
 */
export function readImportFile(contents: string): { lines: ImportLine[]; wrong: WrongLine[] } {
  const records = /^\uFEFF?\s*[[{]/.test(contents) ? fromJson(contents) : fromTable(contents);
  const lines: ImportLine[] = [];
  const wrong: WrongLine[] = [];
  for (const { place, record } of records) {
    const parsed = Line.safeParse(record);
    if (!parsed.success) wrong.push({ place, reason: parsed.error.issues.map(issueText).join("; ") });
    else if (parsed.data.name && !parsed.data.email)
      wrong.push({ place, reason: "name: it needs an email beside it" });
    else lines.push(toLine(place, parsed.data));
  }
  return { lines, wrong };
}

function toLine(place: string, { email, name, ...line }: z.output<typeof Line>): ImportLine {
  return {
    ...{ place, key: line.key, policy: line.policy, customer: email ? { email, name } : null },
    ...{ validUntil: line.validUntil, deviceLimit: line.deviceLimit, metadata: line.metadata ?? {} },
  };
}

type PlacedRecord = { place: string; record: unknown };

function fromJson(contents: string): PlacedRecord[] {
  let entries: unknown;
  try {
    entries = JSON.parse(contents.replace(/^\uFEFF/, ""));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DomainError("INVALID", `The file is not JSON: ${why}`, { cause });
  }
  if (!Array.isArray(entries))
    throw new DomainError("INVALID", "Write a JSON array of licenses: [{ … }, { … }].");
  return entries.map((record: unknown, at) => ({ place: `entry ${at + 1}`, record }));
}

function fromTable(contents: string): PlacedRecord[] {
  const rows = readTable(contents);
  if (!rows) throw new DomainError("INVALID", "A cell begins with a quote that is never closed.");
  const [header, ...others] = rows;
  if (!header) throw new DomainError("INVALID", "The file is empty.");
  const names = header.cells;
  const unknown = names.filter((name) => !columns.includes(name) && !/^metadata\..+$/.test(name));
  const missing = ["key", "policy"].filter((name) => !names.includes(name));
  if (unknown.length > 0 || missing.length > 0 || new Set(names).size < names.length)
    throw new DomainError(
      "INVALID",
      `The first line names the columns, each once: ${columnWords}; key and policy have to be there. Rename or leave out: ${unknown.map((name) => JSON.stringify(name)).join(", ") || "none"}. Missing: ${missing.join(", ") || "none"}.`,
    );
  return others.map(({ line, cells }) => ({ place: `line ${line}`, record: toRecord(names, cells) }));
}

/** An empty cell says nothing. More cells than columns are told by a name of their own, which is refused. */
function toRecord(names: readonly string[], cells: readonly string[]): unknown {
  const record: Record<string, unknown> = {};
  const metadata: Record<string, string> = {};
  for (const [at, cell] of cells.entries()) {
    if (cell === "") continue;
    const name = names[at] ?? `cell ${at + 1}`;
    if (name.startsWith("metadata.")) metadata[name.slice("metadata.".length)] = cell;
    else record[name] = cell;
  }
  return { ...record, ...(Object.keys(metadata).length > 0 && { metadata }) };
}

function issueText(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") return `unknown: ${issue.keys.join(", ")}`;
  const place = issue.path.map(String).join(".");
  return place === "" ? "an object with key and policy" : `${place}: ${issue.message}`;
}
