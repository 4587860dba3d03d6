import { z } from "zod";
import { billingFlows } from "#app/domain/subscription/billing-flow.ts";

export const PortalLicenseForm = z.discriminatedUnion(
  "intent",
  [
    z.object({
      intent: z.literal("resend"),
      submission: z.uuid("Load the page again and repeat what you did."),
    }),
    z.object({
      intent: z.literal("billing"),
      flow: z.enum(billingFlows, "Choose one of the buttons on this page."),
    }),
    z.object({ intent: z.literal("renew") }),
    z.object({
      intent: z.literal("release-device"),
      activationId: z.string("Choose one of the devices on this page.").min(1).max(100),
    }),
  ],
  { error: "Load the page again and repeat what you did." },
);
export type PortalLicenseFields = z.output<typeof PortalLicenseForm>;
