import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import { authenticate } from "#app/api/authenticate.server.ts";
import type { Answer, Call, Dialect, Endpoint } from "#app/api/endpoint.server.ts";
import { count } from "#app/api/look-up-license.server.ts";
import { type FieldProblem, Problem, type ProblemCode } from "#app/api/problem.ts";
import { parseForm, parseJson, readBody, refuseUnstorable } from "#app/api/read-body.server.ts";
import { originOfApiKey } from "#app/domain/api-key/api-key-origin.server.ts";
import { DomainError, type DomainErrorCode } from "#app/domain/domain-error.ts";
import { idempotently } from "#app/domain/idempotency/idempotency.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { isDatabaseOutage } from "#app/infra/outage.server.ts";

/**
 * The steps every call takes: floods, body, proof of who asks, schemas, work (once, where an Idempotency-Key asks for it).
 * Never rejects: what goes wrong is an answer in the shape of the dialect.
 */
export async function handleCall(
  request: IncomingMessage,
  call: Call,
  search: URLSearchParams,
  { endpoint, dialect }: { endpoint: Endpoint; dialect: Dialect },
): Promise<Answer> {
  try {
    if (endpoint.access === "public") count(call, "flood", call.clientAddress);
    const text = await readBody(request);
    await admit(call, endpoint);
    parse(call, endpoint, search, text);
    return await carryOut(call, endpoint);
  } catch (error) {
    return dialect.answerProblem(toProblem(error, call), call);
  }
}

/** Who asks, and whether they still may. */
async function admit(call: Call, endpoint: Endpoint): Promise<void> {
  if (endpoint.access === "public") return;
  const caller = await authenticate(call.headers, endpoint.access, call.now).catch((error: unknown) => {
    // Who has a good key is counted by it alone: a back end may call more often than anybody else.
    count(call, "flood", call.clientAddress);
    throw error;
  });
  call.caller = caller;
  call.actor = { type: "api-key", id: caller.id, label: caller.name };
  count(call, "management-key", caller.id);
}

function parse(call: Call, endpoint: Endpoint, search: URLSearchParams, text: string): void {
  refuseUnstorable(call.params);
  if (endpoint.params) call.params = parseWith(endpoint.params, call.params, "path");
  if (endpoint.query) {
    const query = Object.fromEntries(search);
    refuseUnstorable(query);
    call.query = parseWith(endpoint.query, query, "query");
  }
  if (endpoint.body) call.body = parseWith(endpoint.body, bodyOf(call, endpoint, text), "body");
}

function bodyOf(call: Call, endpoint: Endpoint, text: string): unknown {
  if (text.trim() === "" && endpoint.bodyOptional) return {};
  const type = (call.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const formats = endpoint.bodyFormats ?? ["json"];
  if (type === "application/x-www-form-urlencoded" && formats.includes("form")) return parseForm(text);
  // Clients that name no type, or text/plain to spare a browser its question, mean JSON all the same.
  if (type === "" || type === "text/plain" || /^application\/([\w.-]+\+)?json$/.test(type)) {
    if (text.trim() === "")
      throw new Problem("malformed_request", "The body is empty. Send one JSON object.");
    return parseJson(text);
  }
  throw new Problem(
    "unsupported_media_type",
    `Send the body as ${formats.includes("form") ? "application/json or a form" : "application/json"}.`,
  );
}

function parseWith(schema: z.ZodType, value: unknown, place: "path" | "query" | "body"): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.slice(0, 20).flatMap((issue): FieldProblem[] | FieldProblem => {
    const within = issue.path.map(String);
    if (issue.code === "unrecognized_keys")
      return issue.keys.slice(0, 20).map((key) => ({
        field: [...within, key.slice(0, 100)].join("."),
        message: "There is no such field here. Check its spelling.",
      }));
    const field = within.join(".") || place;
    return { field, message: isMissing(value, issue.path) ? `${field} is required.` : issue.message };
  });
  throw new Problem(
    "invalid_request",
    errors.map(({ field, message }) => wordsOf(field, message)).join(" "),
    {
      errors,
    },
  );
}

function isMissing(value: unknown, path: readonly PropertyKey[]): boolean {
  let at: unknown = value;
  for (const step of path) {
    if (at === null || typeof at !== "object") return true;
    at = (at as Record<PropertyKey, unknown>)[step]; // any object may be asked for any key
  }
  return at === undefined;
}

const wordsOf = (field: string, message: string) =>
  message.startsWith(field) ? message : `${field}: ${message}`;

/** Work that writes is done once for an Idempotency-Key, which commits with it. */
async function carryOut(call: Call, endpoint: Endpoint): Promise<Answer> {
  const key = call.headers["idempotency-key"];
  if (!endpoint.writes || key === undefined || key === "") return endpoint.handle(call);
  if (typeof key !== "string" || key.length > 255 || !/^[\x20-\x7e]+$/.test(key))
    throw new Problem("invalid_request", "Idempotency-Key: 1 to 255 printable ASCII characters.", {
      errors: [{ field: "Idempotency-Key", message: "Send 1 to 255 printable ASCII characters." }],
    });
  let headers: Record<string, string> | undefined;
  const { status, body, replayed } = await idempotently(
    {
      caller: call.caller ? await originOfApiKey(call.caller.id) : holderOf(call),
      route: `${endpoint.method} ${endpoint.path}`,
      key,
      identity: { params: call.params, query: call.query, body: call.body },
      now: call.now,
    },
    async () => {
      const answer = await endpoint.handle(call);
      headers = answer.headers;
      return { status: answer.status, body: answer.body, refused: answer.refused ?? answer.status >= 300 };
    },
  );
  return { status, body, headers: { ...headers, ...(replayed && { "Idempotency-Replayed": "true" }) } };
}

/**
 * Who asks where no API key is looked at first: whoever holds this license key, wherever a dialect has it. So customers
 * whose apps choose the same Idempotency-Key never meet, and nobody is told an answer that was given to another one.
 */
function holderOf({ headers, body }: Call): string {
  const fields: Record<string, unknown> = { ...(typeof body === "object" && body) };
  const proofs = [
    headers.authorization,
    headers["x-api-key"],
    fields.key,
    fields.license_key,
    fields.licenseKey,
  ];
  return JSON.stringify(["public", ...proofs.map((proof) => proof ?? null)]);
}

const domainProblems: Record<DomainErrorCode, ProblemCode> = {
  NOT_FOUND: "not_found",
  FORBIDDEN: "forbidden",
  INVALID: "invalid_request",
  CONFLICT: "conflict",
  RATE_LIMITED: "rate_limited",
  UNAVAILABLE: "unavailable",
};

/** What went wrong, as one of the problems that callers know; anything unforeseen is logged and told without its cause. */
function toProblem(error: unknown, call: Call): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof DomainError) {
    const { idempotency, retryAfterSeconds } = error.context;
    const code =
      idempotency === "conflict"
        ? "idempotency_conflict"
        : idempotency === "in-progress"
          ? "idempotency_in_progress"
          : domainProblems[error.code];
    return new Problem(code, error.publicMessage, {
      ...(error.field && { errors: [{ field: error.field, message: error.publicMessage }] }),
      ...(typeof retryAfterSeconds === "number" && { retryAfterSeconds }),
    });
  }
  if (isDatabaseOutage(error)) {
    logger().warn({ err: error, requestId: call.requestId }, "a call met no database");
    return new Problem("unavailable", "The license server cannot answer now. Please try again.", {
      retryAfterSeconds: 5,
    });
  }
  logger().error({ err: error, requestId: call.requestId }, "a call failed");
  return new Problem("internal_error", "The problem is on our side and has been logged. Please try again.");
}
