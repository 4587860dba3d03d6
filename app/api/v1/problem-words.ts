import type { ProblemCode } from "#app/api/problem.ts";

/** What each code means and what the caller does about it, for answers and for the API reference. */
export const problemWords: Record<ProblemCode, { title: string; meaning: string }> = {
  malformed_request: {
    title: "The request cannot be read",
    meaning:
      "The bytes are no request of this kind: broken JSON, no UTF-8, nested too deeply. Mend the request.",
  },
  unauthorized: {
    title: "No valid API key",
    meaning: "No API key came, or it is unknown, expired or revoked. Use another one.",
  },
  forbidden: {
    title: "Not allowed",
    meaning: "The API key has not the scope for this, or the policy of the license does not allow it.",
  },
  not_found: { title: "Not found", meaning: "There is nothing at this address or with this id." },
  license_not_found: {
    title: "No such license",
    meaning:
      "The key is unknown, mistyped or belongs to another product; the three look the same. Check it for typing mistakes.",
  },
  method_not_allowed: {
    title: "Method not allowed",
    meaning: "The address takes other methods; the Allow header names them.",
  },
  conflict: {
    title: "Conflict",
    meaning:
      "The state of the thing does not allow it: a revoked license stays revoked. Read it, then decide.",
  },
  idempotency_conflict: {
    title: "Idempotency-Key already used",
    meaning: "This Idempotency-Key came with another request before. Use a new key for a new request.",
  },
  idempotency_in_progress: {
    title: "Still being worked on",
    meaning: "The first request with this Idempotency-Key has not ended. Ask again after Retry-After.",
  },
  payload_too_large: { title: "Too much at once", meaning: "The body is larger than 1 MiB." },
  unsupported_media_type: {
    title: "Unsupported media type",
    meaning: "The body is not JSON, or came with a content encoding. Send application/json as it is.",
  },
  invalid_request: {
    title: "The request is not valid",
    meaning: "A field is missing, wrong or unknown, or the thing cannot be done. `errors` names the fields.",
  },
  rate_limited: { title: "Too many calls", meaning: "Wait as long as Retry-After says, then call again." },
  internal_error: {
    title: "Something went wrong",
    meaning: "The problem is on our side and was logged under X-Request-Id. Try again later.",
  },
  unavailable: {
    title: "Not available now",
    meaning:
      "The database does not answer. This says nothing about any license. Ask again after Retry-After.",
  },
};
