import type { Answer } from "#app/api/endpoint.server.ts";
import { type Problem, type ProblemCode, problemHeaders, problemStatuses } from "#app/api/problem.ts";
import { problemWords } from "#app/api/v1/problem-words.ts";

/** Where a code is explained, on our own documentation page. */
const typeOf = (code: ProblemCode) => `/docs/api#${code}`;

/** Problem details for HTTP APIs, RFC 9457. */
export function problemDetails(problem: Problem): Answer {
  const { code, detail, errors } = problem;
  return {
    status: problemStatuses[code],
    body: {
      type: typeOf(code),
      title: problemWords[code].title,
      status: problemStatuses[code],
      detail,
      code,
      ...(errors.length > 0 && { errors }),
    },
    headers: { "Content-Type": "application/problem+json", ...problemHeaders(problem) },
  };
}
