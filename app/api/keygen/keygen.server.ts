import type { Dialect } from "#app/api/endpoint.server.ts";
import { checkOuts } from "#app/api/keygen/check-outs.server.ts";
import { answerProblem } from "#app/api/keygen/keygen-refusal.ts";
import { licenses } from "#app/api/keygen/licenses.server.ts";
import { machines } from "#app/api/keygen/machines.server.ts";
import { validations } from "#app/api/keygen/validations.server.ts";

/** What apps that were licensed with Keygen call. There is one account here, and any name for it will do. */
export const keygen: Dialect = {
  name: "Keygen",
  setting: "keygenDialect",
  endpoints: [...validations, ...licenses, ...machines, ...checkOuts],
  answerProblem,
  mediaType: "application/vnd.api+json",
  signs: "always",
  signatureHeader: "Keygen-Signature",
};
