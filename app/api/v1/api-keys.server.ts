import { z } from "zod";
import { type Call, type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import { iso } from "#app/api/iso.ts";
import { Problem } from "#app/api/problem.ts";
import { programAct } from "#app/api/program-act.ts";
import * as fields from "#app/api/v1/fields.server.ts";
import {
  getListedApiKey,
  type ListedApiKey,
  listApiKeyPage,
} from "#app/domain/api-key/api-key.queries.server.ts";
import { createApiKey, revokeApiKey, rotateApiKey } from "#app/domain/api-key/api-key.server.ts";
import {
  apiKeyStates,
  maskedApiKey,
  overlapDefaultHours,
  overlapMaxHours,
} from "#app/domain/api-key/api-key.ts";
import { apiKeyName, scopeList } from "#app/domain/api-key/api-key-input.server.ts";
import { canGrant, type Scope, scopes } from "#app/domain/api-key/scopes.ts";

const ApiKeyAnswer = z
  .object({
    id: z.string(),
    name: z.string(),
    hint: z.string().describe("How lists name it; the key itself is shown once"),
    scopes: z.array(z.enum(scopes)),
    state: z.enum(apiKeyStates),
    createdBy: z.string(),
    createdAt: fields.instant,
    expiresAt: fields.instant.nullable().describe("null = works until it is revoked"),
    lastUsedAt: fields.instant.nullable().describe("At most a minute late"),
    revokedAt: fields.instant.nullable(),
  })
  .meta({ id: "ApiKey" });
const MadeApiKey = ApiKeyAnswer.extend({ key: z.string().describe("Shown now or never") }).meta({
  id: "NewApiKey",
});

function answerOf(record: ListedApiKey) {
  const { id, name, hint, scopes: granted, state, createdBy, createdAt } = record;
  return {
    ...{ id, name, hint: maskedApiKey(hint), scopes: granted, state, createdBy },
    createdAt: iso(createdAt),
    expiresAt: iso(record.expiresAt),
    lastUsedAt: iso(record.lastUsedAt),
    revokedAt: iso(record.revokedAt),
  };
}

/** A key gives nothing that it has not itself, and ends nothing that could do more than it. */
function requireGrant(call: Call, wanted: readonly Scope[]): void {
  const own = call.caller?.scopes ?? [];
  if (canGrant(own, wanted)) return;
  const missing = wanted.filter((scope) => !own.includes(scope));
  throw new Problem(
    "forbidden",
    `This API key lacks ${missing.join(", ")} itself. Use one that has all of them, or the admin area.`,
  );
}

/**
 * When a key that this one makes ends: with it at the latest, and so unless something else is asked for.
 * @throws Problem invalid_request for a later end
 */
function requireEnd({ caller }: Call, wanted: Date | null | undefined): Date | null {
  const own = caller?.expiresAt ?? null;
  if (wanted === undefined || !own) return wanted ?? own;
  if (wanted && wanted <= own) return wanted;
  const message = `This API key ends at ${own.toISOString()}, and a key it makes does not outlive it. Name an earlier instant, or leave it out.`;
  throw new Problem("invalid_request", message, { errors: [{ field: "expiresAt", message }] });
}

async function requireTarget(call: Call<unknown, { id: string }>): Promise<ListedApiKey> {
  const found = await getListedApiKey(fields.requireId("key", call.params.id), call.now);
  if (!found) throw new Problem("not_found", "There is no API key with this id.");
  requireGrant(call, found.scopes);
  return found;
}

const create = endpoint({
  method: "POST",
  path: "/api/v1/api-keys",
  access: "api-keys:write",
  summary: "Create an API key",
  description:
    "With scopes that the calling key has itself, and no longer than that works. The key is in this answer and nowhere else.",
  body: z.strictObject({
    name: apiKeyName.describe("What people read in lists and in the audit log"),
    scopes: scopeList.describe(`One or more of ${scopes.join(", ")}`),
    expiresAt: fields.instantInput
      .nullish()
      .describe("null = works until it is revoked; left out = as long as the calling key"),
  }),
  answers: { 201: { description: "The new key", schema: MadeApiKey } },
  writes: true,
  handle: async (call) => {
    const { name, scopes: wanted } = call.body;
    requireGrant(call, wanted);
    const expiresAt = requireEnd(call, call.body.expiresAt);
    const act = programAct(call);
    const made = await createApiKey({ ...act, name, scopes: wanted, expiresAt, createdBy: act.actor.label });
    return { status: 201, body: { key: made.key, ...answerOf({ ...made.record, state: "active" }) } };
  },
});

const list = endpoint({
  method: "GET",
  path: "/api/v1/api-keys",
  access: "api-keys:write",
  summary: "List API keys",
  description: "Every key there ever was, the newest first; never the keys themselves.",
  query: z.strictObject({ limit: fields.limit, cursor: fields.cursor }),
  answers: {
    200: {
      description: "One page",
      schema: z.object({ apiKeys: z.array(ApiKeyAnswer), nextCursor: z.string().nullable() }),
    },
  },
  handle: async ({ query, now }) => {
    const { rows, next } = await listApiKeyPage({ after: query.cursor, limit: query.limit, now });
    return { status: 200, body: { apiKeys: rows.map(answerOf), nextCursor: next } };
  },
});

const revoke = endpoint({
  method: "POST",
  path: "/api/v1/api-keys/:id/revoke",
  access: "api-keys:write",
  summary: "Revoke an API key",
  description: "At once, for every process, and for good. Safe to repeat.",
  params: fields.IdParams,
  body: z.strictObject({}),
  bodyOptional: true,
  answers: { 200: { description: "The revoked key", schema: ApiKeyAnswer } },
  writes: true,
  handle: async (call) => {
    const { id } = await requireTarget(call);
    const record = await revokeApiKey({ ...programAct(call), id });
    return { status: 200, body: answerOf({ ...record, state: "revoked" }) };
  },
});

const rotate = endpoint({
  method: "POST",
  path: "/api/v1/api-keys/:id/rotate",
  access: "api-keys:write",
  summary: "Rotate an API key",
  description:
    "Makes a new key with the same name and scopes; the old one works for `overlapHours` more. A key may rotate itself; of another one it makes none that outlives it.",
  params: fields.IdParams,
  body: z.strictObject({
    overlapHours: z.number().int().min(0).max(overlapMaxHours).default(overlapDefaultHours),
  }),
  bodyOptional: true,
  answers: { 201: { description: "The new key", schema: MadeApiKey } },
  writes: true,
  handle: async (call) => {
    const { id } = await requireTarget(call);
    const act = programAct(call);
    const { overlapHours } = call.body;
    const expiresBy = id === call.caller?.id ? null : (call.caller?.expiresAt ?? null);
    const made = await rotateApiKey({ ...act, id, overlapHours, expiresBy, createdBy: act.actor.label });
    return { status: 201, body: { key: made.key, ...answerOf({ ...made.record, state: "active" }) } };
  },
});

export const apiKeys: readonly Endpoint[] = [create, list, rotate, revoke];
