import { type ApiKeyRecord, getApiKey, recordOf } from "#app/domain/api-key/api-key.server.ts";
import { type ApiKeyState, apiKeyState } from "#app/domain/api-key/api-key.ts";
import {
  encodeCursor,
  isInstant,
  newestFirst,
  type Page,
  type PageRequest,
  planPage,
  toPage,
} from "#app/domain/keyset.server.ts";
import { db } from "#app/infra/db.server.ts";

export type ListedApiKey = ApiKeyRecord & { state: ApiKeyState };

/** API keys with their state, the newest first. */
export async function listApiKeyPage(request: PageRequest & { now: Date }): Promise<Page<ListedApiKey>> {
  const plan = planPage(request, isInstant);
  const { where, orderBy, take } = newestFirst("createdAt", "id", plan);
  const found = await db().apiKey.findMany({ where, orderBy, take });
  const listed = await withStates(found.map(recordOf), request.now);
  return toPage(listed, plan, (row) => encodeCursor(row.createdAt, row.id));
}

/** One key with its state, or null. */
export async function getListedApiKey(id: string, now: Date): Promise<ListedApiKey | null> {
  const record = await getApiKey(id);
  return record && ((await withStates([record], now))[0] ?? null);
}

async function withStates(keys: ApiKeyRecord[], now: Date): Promise<ListedApiKey[]> {
  const successors = await db().apiKey.findMany({
    where: { rotatedFromId: { in: keys.map(({ id }) => id) } },
    select: { rotatedFromId: true },
  });
  const replaced = new Set(successors.map(({ rotatedFromId }) => rotatedFromId));
  return keys.map((key) => ({
    ...key,
    state: apiKeyState({ ...key, replaced: replaced.has(key.id) }, now),
  }));
}
