import type { Dialect } from "#app/api/endpoint.server.ts";
import { problemDetails } from "#app/api/v1/answer-problem.server.ts";
import { apiKeys } from "#app/api/v1/api-keys.server.ts";
import { catalog } from "#app/api/v1/catalog.server.ts";
import { checkOuts } from "#app/api/v1/check-out.server.ts";
import { licenseActs } from "#app/api/v1/license-acts.server.ts";
import { licenseChecks } from "#app/api/v1/license-checks.server.ts";
import { licenses } from "#app/api/v1/licenses.server.ts";
import { signingKeys } from "#app/api/v1/signing-keys.server.ts";

/** Our own API. */
export const v1: Dialect = {
  name: "Latchkey",
  setting: null,
  endpoints: [
    ...licenseChecks,
    ...checkOuts,
    ...licenses,
    ...licenseActs,
    ...catalog,
    ...apiKeys,
    ...signingKeys,
  ],
  answerProblem: problemDetails,
  mediaType: "application/json",
  signs: "when-asked",
  signatureHeader: "Latchkey-Signature",
};
