import type { Dialect } from "#app/api/endpoint.server.ts";
import { problemDetails } from "#app/api/v1/answer-problem.server.ts";
import { licenseChecks } from "#app/api/v1/license-checks.server.ts";

/** Our own API. */
export const v1: Dialect = {
  name: "Latchkey",
  setting: null,
  endpoints: [...licenseChecks],
  answerProblem: problemDetails,
  mediaType: "application/json",
  signs: "when-asked",
  signatureHeader: "Latchkey-Signature",
};
