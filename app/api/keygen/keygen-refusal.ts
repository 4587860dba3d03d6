import type { Answer } from "#app/api/endpoint.server.ts";
import { Problem, type ProblemCode, problemHeaders, problemStatuses } from "#app/api/problem.ts";
import type { CheckCode } from "#app/domain/activation/judge-check.ts";

/** One entry of `errors`. Clients decide by `code`; `source` names what of the request is meant. */
export type KeygenError = {
  title: string;
  detail: string;
  code: string;
  source?: { pointer: string } | { parameter: string };
};

/** A refusal with a code of Keygen's own; `code` gives its status. */
export class KeygenRefusal extends Problem {
  override name = "KeygenRefusal";
  readonly error: KeygenError;

  constructor(code: ProblemCode, error: Omit<KeygenError, "title">) {
    super(code, error.detail);
    this.error = { title: titles[code], ...error };
  }
}

const titles: Record<ProblemCode, string> = {
  malformed_request: "Bad request",
  unauthorized: "Unauthorized",
  forbidden: "Access denied",
  not_found: "Not found",
  license_not_found: "Not found",
  method_not_allowed: "Method not allowed",
  conflict: "Conflict",
  idempotency_conflict: "Conflict",
  idempotency_in_progress: "Conflict",
  payload_too_large: "Payload too large",
  unsupported_media_type: "Unsupported media type",
  invalid_request: "Unprocessable resource",
  rate_limited: "Too many requests",
  internal_error: "Internal server error",
  unavailable: "Service unavailable",
};

const codes: Partial<Record<ProblemCode, string>> = {
  unauthorized: "TOKEN_INVALID",
  license_not_found: "NOT_FOUND",
  invalid_request: "INVALID",
};

/** Any refusal as a document of JSON:API: a wrong member of the request is a bad request, as at Keygen. */
export function answerProblem(problem: Problem): Answer {
  const { code } = problem;
  const misshapen = code === "invalid_request" && problem.errors.some(({ field }) => isMember(field));
  return {
    status: misshapen ? 400 : problemStatuses[code],
    body: { errors: misshapen ? memberErrors(problem) : [errorOf(problem)] },
    headers: problemHeaders(problem),
  };
}

function errorOf(problem: Problem): KeygenError {
  if (problem instanceof KeygenRefusal) return problem.error;
  const { code, detail } = problem;
  return { title: titles[code], detail, code: codes[code] ?? code.toUpperCase() };
}

const isMember = (field: string) => /^(meta|data|body)(\.|$)/.test(field);

function memberErrors({ errors }: Problem): KeygenError[] {
  return errors.map(({ field, message }) => {
    const isMissing = message.endsWith("is required.");
    return {
      title: titles.malformed_request,
      detail: isMissing ? "is missing" : message,
      code: isMissing ? "PARAMETER_MISSING" : "PARAMETER_INVALID",
      source: { pointer: `/${field === "body" ? "" : field.replaceAll(".", "/")}` },
    };
  });
}

/** Why a license gives no seat and no file. */
export function refusalOf(code: CheckCode, deviceLimit: number | null): KeygenRefusal {
  switch (code) {
    case "EXPIRED":
      return new KeygenRefusal("forbidden", { detail: "License is expired", code: "LICENSE_EXPIRED" });
    case "SUSPENDED":
    case "REVOKED":
      return new KeygenRefusal("forbidden", { detail: "License is suspended", code: "LICENSE_SUSPENDED" });
    case "DEVICE_LIMIT_REACHED":
      return new KeygenRefusal("invalid_request", {
        detail: `machine count has exceeded maximum allowed for license (${deviceLimit})`,
        code: "MACHINE_LIMIT_EXCEEDED",
        source: { pointer: "/data" },
      });
    default:
      return notFound("machine");
  }
}

export function notFound(resource: "license" | "machine"): KeygenRefusal {
  return new KeygenRefusal("not_found", {
    detail: `The requested ${resource} was not found`,
    code: "NOT_FOUND",
  });
}
