import type { Dialect } from "#app/api/endpoint.server.ts";
import { answerProblem } from "#app/api/lemon-squeezy/answer-problem.ts";
import { licenseCalls } from "#app/api/lemon-squeezy/license-calls.server.ts";

/** What apps that were sold through Lemon Squeezy call. */
export const lemonSqueezy: Dialect = {
  name: "Lemon Squeezy",
  setting: "lemonSqueezyDialect",
  endpoints: licenseCalls,
  answerProblem,
  mediaType: "application/json",
};
