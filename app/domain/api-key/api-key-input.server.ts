import { z } from "zod";
import { apiKeyNameMaxLength, overlapMaxHours } from "#app/domain/api-key/api-key.ts";
import { scopes } from "#app/domain/api-key/scopes.ts";

/** One line that people read in lists and in the audit log. */
export const apiKeyName = z
  .string("Give the key a name, for example the program that uses it.")
  .trim()
  .min(1, "Give the key a name, for example the program that uses it.")
  .max(apiKeyNameMaxLength, `Enter at most ${apiKeyNameMaxLength} characters.`)
  .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, "A name is one line without control characters.");

/** Each scope once, in the order of the list. */
export const scopeList = z
  .array(z.enum(scopes, `A scope is one of ${scopes.join(", ")}.`))
  .min(1, "Choose at least one scope.")
  .transform((given) => scopes.filter((scope) => given.includes(scope)));

/** A day as it is typed; the key works to its end in UTC. */
export const expiryDay = z.iso
  .date("Enter a date, for example 2027-12-03.")
  .transform((day) => new Date(`${day}T23:59:59.999Z`));

/** Whole hours as they are typed. */
export const overlapInHours = z
  .string()
  .trim()
  .regex(/^\d{1,3}$/, `Enter whole hours from 0 to ${overlapMaxHours}.`)
  .transform(Number)
  .refine((hours) => hours <= overlapMaxHours, `Enter whole hours from 0 to ${overlapMaxHours}.`);
