import { z } from "zod";
import { metadataProblem } from "#app/api/simple-license-server/metadata.ts";
import { maxFingerprintLength } from "#app/domain/activation/device.ts";

/** The fields that several requests have. */
export const licenseKey = z.string().trim().min(1).max(128);
export const fingerprint = z.string().trim().min(1).max(maxFingerprintLength);
export const slug = z
  .string()
  .trim()
  .min(1)
  .max(128)
  .regex(/^[a-z0-9][a-z0-9-]*$/, "slug: only small letters, digits and dashes, and no dash in front.");
export const metadata = z
  .record(z.string().min(1), z.json())
  .nullish()
  .transform((given) => given ?? {})
  .superRefine((given, context) => {
    const problem = metadataProblem(given);
    if (problem) context.addIssue({ code: "custom", message: problem });
  });
