import { z } from "zod";
import { invalidRequest, type StripeApiError } from "./errors.ts";
import type { FormHash } from "./request-body.ts";

const SECONDS_MAX = 253_402_300_799;

export const text = z.string().min(1);
/** May be sent empty, which unsets it. */
export const unsettableText = z.string().transform((value) => (value === "" ? null : value));
export const integer = (min = 0, max = 99_999_999) =>
  z
    .string()
    .regex(/^-?\d{1,15}$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max));
export const timestamp = integer(0, SECONDS_MAX);
export const flag = z.enum(["true", "false"]).transform((value) => value === "true");
/** A parameter Stripe knows and the stand-in accepts without acting on it. */
export const accepted = z.unknown().optional();
export const currency = z
  .string()
  .regex(/^[A-Za-z]{3}$/)
  .transform((value) => value.toLowerCase());

const emptyToNull = (value: unknown) => (value === "" ? null : value);
const listToHash = (value: unknown) => (Array.isArray(value) ? Object.fromEntries(value.entries()) : value);
/** New values by key; `null` when the whole hash was sent empty. */
export const metadata = z
  .preprocess(
    (value) => listToHash(emptyToNull(value)),
    z.record(z.string().max(40), z.string().max(500)).nullable(),
  )
  .optional();

const exactToRange = (value: unknown) => (typeof value === "string" ? { gte: value, lte: value } : value);
const range = z.strictObject({
  gt: timestamp.optional(),
  gte: timestamp.optional(),
  lt: timestamp.optional(),
  lte: timestamp.optional(),
});
export const createdRange = z.preprocess(exactToRange, range.optional()).optional();

/** What every list understands. */
export const listParameters = {
  limit: integer(1, 100).optional(),
  starting_after: text.optional(),
  ending_before: text.optional(),
  created: createdRange,
};
export const nothing = z.strictObject({});

export function acceptedAll<K extends string>(names: readonly K[]): Record<K, typeof accepted> {
  // fromEntries forgets the keys; they are exactly `names`.
  return Object.fromEntries(names.map((name) => [name, accepted])) as Record<K, typeof accepted>;
}

/** Stripe's rule: keys merge, an empty value unsets its key, an empty hash unsets all. */
export function mergeMetadata(
  current: Record<string, string> | null,
  sent: Record<string, string> | null | undefined,
): Record<string, string> {
  if (sent === null) return {};
  const merged = { ...current, ...sent };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ""));
}

/** Throws Stripe's error for the first thing that is wrong. */
export function parseParameters<S extends z.ZodType>(schema: S, sent: FormHash): z.output<S> {
  const parsed = schema.safeParse(sent);
  if (parsed.success) return parsed.data;
  const unknown = parsed.error.issues.find((issue) => issue.code === "unrecognized_keys");
  const issue = unknown ?? parsed.error.issues[0];
  if (issue === undefined) throw invalidRequest("Invalid request");
  throw toStripeError(issue, sent);
}

function toStripeError(issue: z.core.$ZodIssue, sent: FormHash): StripeApiError {
  const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0] ?? ""] : issue.path;
  const param = parameterName(path);
  const value = valueAt(sent, path);
  if (issue.code === "unrecognized_keys") {
    return invalidRequest(`Received unknown parameter: ${param}`, param, "parameter_unknown");
  }
  if (value === undefined)
    return invalidRequest(`Missing required param: ${param}.`, param, "parameter_missing");
  if (value === "") {
    const message = `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a parameter; however '${param}' cannot be unset.`;
    return invalidRequest(message, param, "parameter_invalid_empty");
  }
  if (issue.code === "invalid_value") {
    return invalidRequest(`Invalid ${param}: must be one of ${issue.values.join(", ")}`, param);
  }
  if (issue.code === "too_small") {
    const message = `This value must be greater than or equal to ${issue.minimum}.`;
    return invalidRequest(message, param, "parameter_invalid_integer");
  }
  if (issue.code === "too_big" && issue.origin === "number") {
    const message = `This value must be less than or equal to ${issue.maximum}.`;
    return invalidRequest(message, param, "parameter_invalid_integer");
  }
  if (issue.code === "invalid_format" && issue.pattern?.includes("d{1,15}")) {
    return invalidRequest(`Invalid integer: ${String(value)}`, param, "parameter_invalid_integer");
  }
  return invalidRequest(`Invalid value for ${param}`, param);
}

function parameterName(path: readonly PropertyKey[]): string {
  const [head = "", ...rest] = path.map(String);
  return head + rest.map((segment) => `[${segment}]`).join("");
}

function valueAt(sent: unknown, path: readonly PropertyKey[]): unknown {
  let value = sent;
  for (const segment of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Reflect.get(value, segment);
  }
  return value;
}

/** Only the fields that were sent: an update leaves the others alone. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // The filter removes every undefined, which the type of fromEntries cannot say.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
