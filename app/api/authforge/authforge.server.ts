import { licenses } from "#app/api/authforge/licenses.server.ts";
import { runTime } from "#app/api/authforge/run-time.server.ts";
import type { Answer, Call, Dialect } from "#app/api/endpoint.server.ts";
import { type Problem, type ProblemCode, problemHeaders } from "#app/api/problem.ts";

/** Status and code for back ends, and the code where the app itself asks. https://docs.authforge.cc/api/errors */
const codes: Record<ProblemCode, [status: number, code: string, runTimeCode: string]> = {
  malformed_request: [400, "bad_request", "malformed_request"],
  unauthorized: [401, "invalid_api_key", "invalid_app"],
  forbidden: [403, "forbidden", "blocked"],
  not_found: [404, "not_found", "bad_request"],
  license_not_found: [404, "not_found", "invalid_key"],
  method_not_allowed: [405, "bad_request", "bad_request"],
  conflict: [409, "conflict", "bad_request"],
  idempotency_conflict: [409, "conflict", "replay_detected"],
  idempotency_in_progress: [409, "conflict", "replay_detected"],
  payload_too_large: [413, "bad_request", "bad_request"],
  unsupported_media_type: [415, "bad_request", "bad_request"],
  invalid_request: [400, "bad_request", "bad_request"],
  rate_limited: [429, "rate_limited", "rate_limited"],
  internal_error: [500, "internal_error", "system_error"],
  unavailable: [503, "internal_error", "system_error"],
};

function answerProblem(problem: Problem, call?: Pick<Call, "path">): Answer {
  const { code, detail } = problem;
  const [status, error, runTimeError] = codes[code];
  const isRunTime = call?.path.startsWith("/auth/") ?? false;
  return {
    status,
    body: isRunTime ? { status: "failed", error: runTimeError } : { error, message: detail },
    headers: problemHeaders(problem),
  };
}

/** https://docs.authforge.cc */
export const authForge: Dialect = {
  name: "AuthForge",
  setting: "authForgeDialect",
  endpoints: [...runTime, ...licenses],
  answerProblem,
  mediaType: "application/json",
};
