import type { Answer } from "#app/api/endpoint.server.ts";
import { type Flag, unknownKeyText } from "#app/api/lemon-squeezy/license-answer.ts";
import { type FieldProblem, type Problem, problemHeaders, problemStatuses } from "#app/api/problem.ts";

const flags: Record<string, Flag> = { activate: "activated", validate: "valid", deactivate: "deactivated" };

/**
 * A refusal as Lemon Squeezy writes it. Only one that judges the key carries the flag of the call: clients take the flag
 * for a verdict, and too many calls or a database that is away say nothing about a license.
 */
export function answerProblem(problem: Problem, call?: { path: string }): Answer {
  const { code, detail, errors } = problem;
  const isVerdict = code === "license_not_found" || code === "invalid_request";
  const flag = isVerdict && flags[call?.path.split("/").filter(Boolean).at(-1) ?? ""];
  const error =
    code === "license_not_found" ? unknownKeyText : code === "invalid_request" ? sentence(errors) : detail;
  return {
    status: problemStatuses[code],
    body: { ...(flag && { [flag]: false }), error: error || detail },
    headers: problemHeaders(problem),
  };
}

/** The first fault, and how many more there are: "The license key field is required. (and 1 more error)" */
function sentence(errors: readonly FieldProblem[]): string {
  const [first, ...others] = errors;
  if (!first) return "";
  const rule = first.message.replace(`${first.field} `, "");
  const text = `The ${first.field.replaceAll("_", " ")} field ${rule}`;
  if (others.length === 0) return text;
  return `${text} (and ${others.length} more error${others.length === 1 ? "" : "s"})`;
}
