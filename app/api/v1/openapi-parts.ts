import { problemCodes, problemStatuses } from "#app/api/problem.ts";
import type { JsonObject } from "#app/api/v1/json-schema.server.ts";
import { problemWords } from "#app/api/v1/problem-words.ts";

export const metadataParameter: JsonObject = {
  name: "metadata",
  in: "query",
  required: false,
  style: "deepObject",
  explode: true,
  description: "`metadata[name]=text`: licenses that keep this text",
  schema: { type: "object", additionalProperties: { type: "string" } },
};

export const parameters: JsonObject = {
  IdempotencyKey: {
    name: "Idempotency-Key",
    in: "header",
    required: false,
    description:
      "The work is done once for a key, for 30 days: the same request again gets the same answer with `Idempotency-Replayed: true`.",
    schema: { type: "string", minLength: 1, maxLength: 255 },
  },
  AcceptSignature: {
    name: "Accept-Signature",
    in: "header",
    required: false,
    description: "With any text the answer is signed: see Latchkey-Signature.",
    schema: { type: "string" },
  },
};

const header = (description: string, type: "string" | "integer"): JsonObject => ({
  description,
  schema: { type },
});
export const headers: JsonObject = {
  "RateLimit-Limit": header("Calls that the limit nearest to its end allows", "integer"),
  "RateLimit-Remaining": header("Calls that are left", "integer"),
  "RateLimit-Reset": header("Seconds until there are as many again", "integer"),
  "Retry-After": header("Seconds to wait before the next call", "integer"),
  "X-Request-Id": header("What this call is called in the logs of the server", "string"),
  "Idempotency-Replayed": header("`true` where the answer is that of an earlier request", "string"),
  "Latchkey-Signature": header(
    "Ed25519 over `(request-target)`, host, date and digest, when the request asked by Accept-Signature",
    "string",
  ),
};
export const answerHeaders = referencesTo(Object.keys(headers).filter((name) => name !== "Retry-After"));
const problemHeaders = referencesTo([
  "RateLimit-Limit",
  "RateLimit-Remaining",
  "RateLimit-Reset",
  "Retry-After",
]);

function referencesTo(names: string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

export const problemSchema: JsonObject = {
  type: "object",
  description: "Problem details, RFC 9457",
  required: ["type", "title", "status", "detail", "code"],
  properties: {
    type: { type: "string", description: "Where the code is explained" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string", description: "What is wrong and what to do; may be shown" },
    code: {
      type: "string",
      enum: [...problemCodes],
      description: problemCodes.map((code) => `\`${code}\`: ${problemWords[code].meaning}`).join("\n"),
    },
    errors: {
      type: "array",
      items: {
        type: "object",
        required: ["field", "message"],
        properties: { field: { type: "string" }, message: { type: "string" } },
      },
    },
  },
};

/** One response for each status, told by the codes that have it. */
export function problemResponses(): JsonObject {
  const statuses = [...new Set(Object.values(problemStatuses))];
  return Object.fromEntries(
    statuses.map((status) => {
      const codes = problemCodes.filter((code) => problemStatuses[code] === status);
      const description = codes.map((code) => `\`${code}\`: ${problemWords[code].meaning}`).join(" ");
      const content = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
      return [String(status), { description, headers: problemHeaders, content }];
    }),
  );
}
