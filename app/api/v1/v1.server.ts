import type { Dialect, Endpoint } from "#app/api/endpoint.server.ts";
import { problemDetails } from "#app/api/v1/answer-problem.server.ts";
import { apiKeys } from "#app/api/v1/api-keys.server.ts";
import { catalog } from "#app/api/v1/catalog.server.ts";
import { checkOuts } from "#app/api/v1/check-out.server.ts";
import { licenseActs } from "#app/api/v1/license-acts.server.ts";
import { licenseChecks } from "#app/api/v1/license-checks.server.ts";
import { licenses } from "#app/api/v1/licenses.server.ts";
import { openApiEndpoint } from "#app/api/v1/openapi-endpoint.server.ts";
import { signingKeys } from "#app/api/v1/signing-keys.server.ts";

/** Everything under /api/v1, in the order of the API reference. */
export const v1Endpoints: readonly Endpoint[] = [
  ...licenseChecks,
  ...checkOuts,
  ...licenses,
  ...licenseActs,
  ...catalog,
  ...apiKeys,
  ...signingKeys,
];

/** Our own API. */
export const v1: Dialect = {
  name: "Latchkey",
  setting: null,
  endpoints: [...v1Endpoints, openApiEndpoint(() => v1Endpoints)],
  answerProblem: problemDetails,
  mediaType: "application/json",
  signs: "when-asked",
  signatureHeader: "Latchkey-Signature",
};
