import { z } from "zod";
import { intervalName } from "#app/api/cryptlex/answers.ts";
import { parseInterval } from "#app/api/cryptlex/subscription-interval.ts";

/** 0 = any number, as they write it. */
export const allowedActivations = z.int().min(0).max(1_000_000);

/** An empty text = never ends. */
export const intervalText = z.string().refine((text) => text === "" || parseInterval(text) !== null, {
  error: "a duration such as P1Y, P1M or P30D: whole years, months, weeks and days",
});

/** Their list of entries as texts by name. View permissions are taken: nobody but the vendor ever sees metadata. */
export const metadata = z
  .array(z.object({ key: z.string().min(1), value: z.string() }))
  .max(50)
  .refine((entries) => new Set(entries.map(({ key }) => key)).size === entries.length, {
    error: "each key only once",
  })
  .refine((entries) => entries.every(({ key }) => key !== intervalName), {
    error: `the key ${intervalName} is taken`,
  })
  .transform((entries) => Object.fromEntries(entries.map(({ key, value }) => [key, value])));
