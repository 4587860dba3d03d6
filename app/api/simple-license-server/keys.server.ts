import { z } from "zod";
import { type Call, type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import { Problem } from "#app/api/problem.ts";
import { programAct } from "#app/api/program-act.ts";
import { apiKeyAnswer, signingKeyAnswer } from "#app/api/simple-license-server/management-answers.ts";
import { createApiKey, getApiKey, listApiKeys, revokeApiKey } from "#app/domain/api-key/api-key.server.ts";
import { apiKeyNameMaxLength } from "#app/domain/api-key/api-key.ts";
import { canGrant, type Scope } from "#app/domain/api-key/scopes.ts";
import { listSigningKeys } from "#app/domain/signing-key/signing-key.server.ts";

/** What a server key of theirs may do: generate and revoke, and look at what it made. */
const serverScopes: readonly Scope[] = ["licenses:read", "licenses:write"];

const ownScopes = ({ caller }: Call): readonly Scope[] => caller?.scopes ?? [];

const list = endpoint({
  method: "GET",
  path: "/management/api-keys",
  access: "api-keys:write",
  summary: "List API keys, newest first",
  async handle() {
    const keys = await listApiKeys();
    return { status: 200, body: { api_keys: keys.map(apiKeyAnswer) } };
  },
});

const create = endpoint({
  method: "POST",
  path: "/management/api-keys",
  access: "api-keys:write",
  summary: "Create a key for a server, shown this once",
  body: z.object({ name: z.string().trim().max(apiKeyNameMaxLength).default("") }),
  writes: true,
  async handle(call) {
    const scopes = serverScopes.filter((scope) => ownScopes(call).includes(scope));
    if (scopes.length === 0)
      throw new Problem(
        "forbidden",
        `A key never makes one that may do more than itself. Use a key that also has ${serverScopes.join(" and ")}.`,
      );
    const { key, record } = await createApiKey({
      ...programAct(call),
      ...{ name: call.body.name || "unnamed", scopes },
      // A key never makes one that outlives it.
      expiresAt: call.caller?.expiresAt ?? null,
      createdBy: call.caller?.name ?? "API",
    });
    const { id, name, createdAt } = record;
    return { status: 201, body: { api_key: key, id, name, created_at: createdAt.toISOString() } };
  },
});

const revoke = endpoint({
  method: "POST",
  path: "/management/api-keys/:id/revoke",
  access: "api-keys:write",
  summary: "End an API key at once and for good",
  params: z.object({ id: z.string().trim().min(1).max(128) }),
  writes: true,
  async handle(call) {
    const { id } = call.params;
    const known = await getApiKey(id);
    if (!known) throw new Problem("not_found", "api key not found");
    if (!canGrant(ownScopes(call), known.scopes))
      throw new Problem("forbidden", "This API key may do more than yours. Revoke it in the admin area.");
    return { status: 200, body: apiKeyAnswer(await revokeApiKey({ ...programAct(call), id })) };
  },
});

const signingKeys = endpoint({
  method: "GET",
  path: "/management/offline/signing-keys",
  access: "licenses:read",
  summary: "List the keys that sign offline tokens, newest first",
  async handle() {
    const keys = await listSigningKeys();
    const answers = keys.map(signingKeyAnswer).map(({ public_key_pem: _, ...answer }) => answer);
    return { status: 200, body: { signing_keys: answers } };
  },
});

const publicKeys = endpoint({
  method: "GET",
  path: "/management/offline/public-keys",
  // Anybody may know them: they are built into apps.
  access: "public",
  summary: "The keys an app may trust",
  async handle() {
    const keys = (await listSigningKeys()).filter(({ state }) => state !== "retired");
    return { status: 200, body: { signing_keys: keys.map(signingKeyAnswer) } };
  },
});

/** API keys, and the keys that sign. */
export const keys: readonly Endpoint[] = [list, create, revoke, signingKeys, publicKeys];
