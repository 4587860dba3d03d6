import { z } from "zod";

export const ResendForm = z.object({
  intent: z.literal("resend"),
  submission: z.uuid("Load the page again and repeat what you did."),
});
