import { z } from "zod";

const submission = z.uuid("Load the page again and repeat what you did.");

export const ResolveAlertForm = z.object({
  intent: z.literal("resolve"),
  alertId: z.string().min(1).max(100),
  submission,
});

export const ReplayEventForm = z.object({ intent: z.literal("replay"), submission });

export const FetchMissedForm = z.object({ intent: z.literal("fetch-missed"), submission });

export const ResyncOrderForm = z.object({
  intent: z.literal("resync"),
  sourceId: z.string().min(1).max(200),
  submission,
});
