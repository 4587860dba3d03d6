import type { IncomingHttpHeaders } from "node:http";
import { Problem } from "#app/api/problem.ts";
import { type FoundApiKey, findApiKey } from "#app/domain/api-key/api-key.server.ts";
import type { Scope } from "#app/domain/api-key/scopes.ts";

/**
 * Whose API key the request carries, as `Authorization: Bearer` or `X-API-Key`. Looked up in the database each time, so
 * that a revoked key is refused at once by every process.
 * @throws Problem unauthorized, forbidden
 */
export async function authenticate(
  headers: IncomingHttpHeaders,
  scope: Scope,
  now: Date,
): Promise<FoundApiKey> {
  const key = keyIn(headers);
  const challenge = { headers: { "WWW-Authenticate": 'Bearer realm="latchkey"' } };
  if (key === null)
    throw new Problem(
      "unauthorized",
      "Send an API key as `Authorization: Bearer lk_…`. Staff make one in the admin area under API keys.",
      challenge,
    );
  const found = await findApiKey(key, now);
  if (!found)
    throw new Problem(
      "unauthorized",
      "This API key is unknown, expired or revoked. Use another one.",
      challenge,
    );
  if (!found.scopes.includes(scope))
    throw new Problem("forbidden", `This API key lacks the scope ${scope}. Use one that has it.`);
  return found;
}

function keyIn(headers: IncomingHttpHeaders): string | null {
  const bearer = /^Bearer +(\S{1,256}) *$/i.exec(headers.authorization ?? "")?.[1];
  if (bearer) return bearer;
  const own = headers["x-api-key"];
  return typeof own === "string" && own !== "" && own.length <= 256 ? own : null;
}
