import type { Answer, Dialect } from "#app/api/endpoint.server.ts";
import { type Problem, type ProblemCode, problemHeaders } from "#app/api/problem.ts";
import { keys } from "#app/api/simple-license-server/keys.server.ts";
import { licenseActs } from "#app/api/simple-license-server/license-acts.server.ts";
import { licenseChecks } from "#app/api/simple-license-server/license-checks.server.ts";
import { slugs } from "#app/api/simple-license-server/slugs.server.ts";

/** The few statuses its clients know. */
const statuses: Record<ProblemCode, number> = {
  malformed_request: 400,
  unauthorized: 401,
  forbidden: 401,
  not_found: 404,
  license_not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  idempotency_conflict: 409,
  idempotency_in_progress: 409,
  payload_too_large: 400,
  unsupported_media_type: 400,
  invalid_request: 400,
  rate_limited: 429,
  internal_error: 500,
  unavailable: 503,
};

/** The two texts by which a program tells the one 409 from the other. */
const texts: Partial<Record<ProblemCode, string>> = {
  idempotency_conflict: "idempotency key reuse with different payload",
  idempotency_in_progress: "idempotent request is still in progress",
};

function answerProblem(problem: Problem): Answer {
  const { code, detail } = problem;
  return {
    status: statuses[code],
    body: { error: texts[code] ?? detail },
    headers: problemHeaders(problem),
  };
}

/** https://github.com/ByteBardOrg/simplelicenseserver */
export const simpleLicenseServer: Dialect = {
  name: "Simple License Server",
  setting: "simpleLicenseServerDialect",
  endpoints: [...licenseChecks, ...licenseActs, ...keys, ...slugs],
  answerProblem,
  mediaType: "application/json",
};
