import type { Answer } from "#app/api/endpoint.server.ts";
import { type Problem, type ProblemCode, problemStatuses } from "#app/api/problem.ts";

const titles: Record<ProblemCode, string> = {
  malformed_request: "The request cannot be read",
  unauthorized: "No valid API key",
  forbidden: "The API key may not do this",
  not_found: "Not found",
  license_not_found: "No such license",
  method_not_allowed: "Method not allowed",
  conflict: "Conflict",
  idempotency_conflict: "Idempotency-Key already used",
  idempotency_in_progress: "Still being worked on",
  payload_too_large: "Too much at once",
  unsupported_media_type: "Unsupported media type",
  invalid_request: "The request is not valid",
  rate_limited: "Too many calls",
  internal_error: "Something went wrong",
  unavailable: "Not available now",
};

/** Where a code is explained, on our own documentation page. */
const typeOf = (code: ProblemCode) => `/docs/api#${code}`;

/** Problem details for HTTP APIs, RFC 9457. */
export function problemDetails(problem: Problem): Answer {
  const { code, detail, errors, retryAfterSeconds } = problem;
  return {
    status: problemStatuses[code],
    body: {
      type: typeOf(code),
      title: titles[code],
      status: problemStatuses[code],
      detail,
      code,
      ...(errors.length > 0 && { errors }),
    },
    headers: {
      "Content-Type": "application/problem+json",
      ...problem.headers,
      ...(retryAfterSeconds !== undefined && {
        "Retry-After": String(Math.max(1, Math.ceil(retryAfterSeconds))),
      }),
    },
  };
}
