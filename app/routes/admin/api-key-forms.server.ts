import { z } from "zod";
import { apiKeyName, expiryDay, overlapInHours } from "#app/domain/api-key/api-key-input.server.ts";
import { type Scope, scopes } from "#app/domain/api-key/scopes.ts";

export const apiKeyDialogs = ["create", "rotate", "revoke"] as const;

export const ApiKeysQuery = z.object({
  /** Which dialog is open, and about which key. */
  do: z.enum(apiKeyDialogs).optional(),
  id: z.string().max(100).optional(),
  after: z.string().max(500).optional(),
  before: z.string().max(500).optional(),
});

const submission = z.uuid("Load the page again and repeat what you did.");
const apiKeyId = z.string().min(1).max(100);

export const ApiKeyForm = z.discriminatedUnion("intent", [
  // Each scope is a field of its own, so that what was ticked is still ticked on a form that comes back.
  z.looseObject({
    intent: z.literal("create"),
    submission,
    name: apiKeyName,
    expiresAt: z.union([z.literal("").transform(() => null), expiryDay]).optional(),
  }),
  z.object({ intent: z.literal("rotate"), submission, apiKeyId, overlapHours: overlapInHours }),
  z.object({ intent: z.literal("revoke"), apiKeyId }),
]);

export function tickedScopes(form: Record<string, unknown>): Scope[] {
  return scopes.filter((scope) => form[scope] === "on");
}
