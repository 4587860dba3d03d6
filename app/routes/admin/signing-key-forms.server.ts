import { z } from "zod";

const submission = z.uuid("Load the page again and repeat what you did.");
const generation = z.coerce.number().int().min(1).max(1_000_000);

export const SigningKeysQuery = z.object({
  /** Which dialog is open, and for retiring about which key. */
  do: z.enum(["rotate", "retire"]).optional(),
  generation: generation.optional(),
});

export const SigningKeyForm = z.discriminatedUnion("intent", [
  z.object({ intent: z.literal("rotate"), submission }),
  z.object({ intent: z.literal("retire"), submission, generation }),
]);
