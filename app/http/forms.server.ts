import { json } from "@remix-run/node";
import type { z } from "zod";
import { DomainError } from "#app/domain/domain-error.ts";
import type { FormState } from "#app/http/form-state.ts";
import { statusOf } from "#app/http/respond.server.ts";

export type ParsedForm<T> = { ok: true; value: T; form: FormData } | { ok: false; state: FormState };

/** Never sent back to the browser, not even to the person who typed it. */
const neverEchoed = /password|^code$/i;

/**
 * The fields of a posted form as `schema` wants them: texts trimmed, files ignored, a repeated name as a list.
 * Wrong input, or a body that is no form at all, comes back as a state to show; it never throws for it.
 */
export async function parseForm<S extends z.ZodType>(
  request: Request,
  schema: S,
): Promise<ParsedForm<z.output<S>>> {
  const form = await request.formData().catch(() => null);
  if (!form) {
    const formError = "The form did not arrive in one piece. Please send it again.";
    return { ok: false, state: { errors: {}, formError, values: {} } };
  }
  const parsed = schema.safeParse(fieldsOf(form), { error: friendlyMessage });
  if (parsed.success) return { ok: true, value: parsed.data, form };
  return { ok: false, state: { ...problemsOf(parsed.error), values: valuesOf(form) } };
}

/**
 * The query of an address as `schema` wants it. What is unknown is ignored and what is invalid counts as absent, so
 * an old or hand-made link shows the page with its defaults. Every field of the schema must be optional.
 */
export function parseQuery<S extends z.ZodType>(from: Request | URL, schema: S): z.output<S> {
  const url = from instanceof URL ? from : new URL(from.url);
  const fields = fieldsOf(url.searchParams);
  const first = schema.safeParse(fields);
  if (first.success) return first.data;
  for (const issue of first.error.issues) {
    const name = issue.path[0];
    if (typeof name === "string") delete fields[name];
  }
  const second = schema.safeParse(fields);
  return second.success ? second.data : schema.parse({});
}

/** The answer to a form that was not accepted; the page finds it as `actionData.form`. */
export function invalidForm(state: FormState, status = 422) {
  return json({ form: state }, { status });
}

/**
 * The same for a rule of the domain that said no, with the status of its code.
 * @throws whatever is not a DomainError, unchanged.
 */
export function formErrorResponse(error: unknown, form: FormData) {
  if (!(error instanceof DomainError)) throw error;
  const state: FormState = error.field
    ? { errors: { [error.field]: error.publicMessage }, values: valuesOf(form) }
    : { errors: {}, formError: error.publicMessage, values: valuesOf(form) };
  return invalidForm(state, statusOf(error.code));
}

type Fields = Record<string, string | string[]>;

/** NUL is cut: PostgreSQL's text cannot hold it, and no person types it. */
const clean = (value: string) => value.replaceAll("\0", "").trim();

function fieldsOf(source: FormData | URLSearchParams): Fields {
  const fields: Fields = {};
  for (const name of new Set(source.keys())) {
    const texts = source
      .getAll(name)
      .filter((value) => typeof value === "string")
      .map(clean);
    const [only] = texts;
    // Plain assignment to `__proto__` would set the prototype instead of a field.
    if (only !== undefined && name !== "__proto__") fields[name] = texts.length === 1 ? only : texts;
  }
  return fields;
}

function valuesOf(form: FormData): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(fieldsOf(form)))
    if (typeof value === "string" && !neverEchoed.test(name)) values[name] = value;
  return values;
}

function problemsOf(error: z.ZodError): Omit<FormState, "values"> {
  const errors: Record<string, string> = {};
  let formError: string | undefined;
  for (const issue of error.issues) {
    const name = issue.path[0];
    if (name === undefined) formError ??= issue.message;
    else errors[String(name)] ??= issue.message;
  }
  return formError === undefined ? { errors } : { errors, formError };
}

/** Words for what a schema says nothing about itself; a message given in the schema wins. */
function friendlyMessage(issue: z.core.$ZodRawIssue): string {
  if (issue.code === "invalid_type" && issue.input === undefined) return "This is missing.";
  if (issue.code === "invalid_type" && ["number", "int"].includes(issue.expected)) return "Enter a number.";
  if (issue.code === "invalid_type" && issue.expected === "date")
    return "Enter a date, for example 2027-12-03.";
  if (issue.code === "invalid_value") return "Choose one of the options.";
  if (issue.code === "too_small") return boundMessage(issue.origin, "at least", issue.minimum);
  if (issue.code === "too_big") return boundMessage(issue.origin, "at most", issue.maximum);
  if (issue.code === "invalid_format" && issue.format === "email")
    return "Enter an email address, for example name@example.com.";
  if (issue.code === "unrecognized_keys")
    return "The form has fields that are not known here. Please reload the page.";
  return "This is not valid.";
}

function boundMessage(origin: string, side: "at least" | "at most", bound: number | bigint): string {
  if (origin !== "string") return `Enter ${side} ${bound}.`;
  if (side === "at least" && Number(bound) === 1) return "This is missing.";
  return `Enter ${side} ${bound} characters.`;
}
