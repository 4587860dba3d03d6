import { licenses } from "#app/api/cryptlex/licenses.server.ts";
import { licenseUpdates } from "#app/api/cryptlex/update-license.server.ts";
import { users } from "#app/api/cryptlex/users.server.ts";
import type { Answer, Dialect } from "#app/api/endpoint.server.ts";
import { type Problem, problemHeaders } from "#app/api/problem.ts";

/** Wrong fields are a 400 there; all other statuses are the usual ones. */
function answerProblem(problem: Problem): Answer {
  const { code, status, detail } = problem;
  return {
    status: code === "invalid_request" ? 400 : status,
    body: { message: detail, code: code.toUpperCase() },
    headers: problemHeaders(problem),
  };
}

/** https://docs.cryptlex.com/license-management/license-subscriptions and https://api.cryptlex.com/v3/docs */
export const cryptlex: Dialect = {
  name: "Cryptlex",
  setting: "cryptlexDialect",
  endpoints: [...licenses, ...licenseUpdates, ...users],
  answerProblem,
  mediaType: "application/json",
};
