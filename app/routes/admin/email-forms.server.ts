import { z } from "zod";
import { emailKinds, emailStates } from "#app/domain/email-outbox/email.ts";

export const EmailListQuery = z.object({
  state: z.enum(emailStates).optional(),
  kind: z.enum(emailKinds).optional(),
  q: z.string().max(200).optional(),
  after: z.string().optional(),
  before: z.string().optional(),
});

export const EmailPageQuery = z.object({ view: z.enum(["html", "text"]).default("html") });

export const RetryEmailForm = z.object({
  intent: z.enum(["retry", "redirect"]),
  submission: z.uuid("Load the page again and repeat what you did."),
  recipient: z.string().optional(),
  reason: z.string().optional(),
});
