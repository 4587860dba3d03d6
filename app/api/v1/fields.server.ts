import { z } from "zod";
import { Problem } from "#app/api/problem.ts";
import { idOf } from "#app/domain/ids.ts";
import { licenseStatuses } from "#app/domain/license/assess-license.ts";
import {
  deviceLimitMax,
  metadataMaxEntries,
  metadataMaxNameLength,
  metadataMaxTextLength,
} from "#app/domain/license/managed-input.ts";

/** An instant as answers write it. */
export const instant = z.iso.datetime().describe("An instant in UTC, ISO 8601");

/** An instant as a request may write it, with any offset. */
export const instantInput = z.iso
  .datetime({ offset: true, error: "Write an instant such as 2027-12-03T10:00:00Z." })
  .describe("An instant, ISO 8601 with an offset, such as `2027-12-03T10:00:00Z`")
  .transform((text) => new Date(text));

export const reference = z.string().trim().min(1).max(128);
export const email = z.string().trim().min(3).max(254);
export const reason = z
  .string()
  .trim()
  .min(3)
  .max(500)
  .optional()
  .describe("Kept in the audit log; `Through the API` unless given");
export const notifyCustomer = z
  .boolean()
  .optional()
  .describe("Whether the owner is told by email; false unless given");

export const deviceLimit = z
  .number()
  .int()
  .min(1)
  .max(deviceLimitMax)
  .nullable()
  .describe("null = any number of devices");

export const metadata = z
  .record(z.string().min(1).max(metadataMaxNameLength), z.string().max(metadataMaxTextLength))
  .refine(
    (texts) => Object.keys(texts).length <= metadataMaxEntries,
    `Send at most ${metadataMaxEntries} texts.`,
  )
  .describe(
    `Up to ${metadataMaxEntries} texts by name, for your own use: an order number, a subscription. Key holders never see them`,
  );

export const customer = z.strictObject({
  email: email.describe("Found by it, trimmed and in lower case, or made"),
  name: z.string().trim().max(200).optional().describe("Kept where no name is known yet"),
});

export const limit = z.coerce.number().int().min(1).max(100).default(25).describe("How many at most");
export const cursor = z.string().max(400).optional().describe("`nextCursor` of the page before");

/** What licenses can be narrowed by, besides metadata. */
export const licenseFilters = {
  product: reference.optional().describe("Slug, id, UUID or number"),
  policy: reference.optional().describe("Slug, id, UUID or number"),
  customer: z.string().trim().min(1).max(254).optional().describe("Id, UUID, number or email address"),
  status: z.enum(licenseStatuses).optional(),
  limit,
  cursor,
};

export const IdParams = z.object({ id: z.string().max(300).describe("Id, also as a UUID") });

/**
 * The id that an address names, written as ours or as a UUID.
 * @throws Problem not_found
 */
export function requireId(prefix: "lic" | "act" | "key", given: string): string {
  const id = given.startsWith(`${prefix}_`) ? given : idOf(prefix, given);
  if (id) return id;
  throw new Problem("not_found", "There is nothing with this id.");
}
