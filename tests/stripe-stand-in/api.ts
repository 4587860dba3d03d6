import type { IncomingHttpHeaders } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import Stripe from "stripe";
import type { StandIn } from "./context.ts";
import { faultAnswer, invalidRequest, StripeApiError, unauthorized } from "./errors.ts";
import { expand } from "./expand.ts";
import type { Fault } from "./faults.ts";
import { findRoute } from "./find-route.ts";
import { type Claim, claimKey } from "./idempotency.ts";
import { newId } from "./ids.ts";
import { inShapeOf } from "./legacy-shapes.ts";
import { decodeForm, type FormHash, toForm } from "./request-body.ts";
import type { LoggedRequest } from "./request-log.ts";

export type ApiRequest = {
  method: string;
  path: string;
  query: string;
  body: string;
  headers: IncomingHttpHeaders;
};
export type ApiAnswer =
  | { kind: "answer"; status: number; headers: Record<string, string>; body: string }
  | { kind: "reset" }
  | { kind: "timeout" };

/** What a proxy in between might say. Without an `error` key the SDK takes it for success. */
const BARE_404 = JSON.stringify({ message: "Not found (injected by the stand-in)" });

type Outcome = { status: number; body: string; headers: Record<string, string> };

/** Answers one request of the SDK: key, idempotency, injected faults, parameters, work, expansion, in that order. */
export async function answerApi(standIn: StandIn, request: ApiRequest): Promise<ApiAnswer> {
  const entry = standIn.requestLog.add({
    id: newId("req", 14),
    at: standIn.clock.now(),
    method: request.method,
    path: request.path + (request.query === "" ? "" : `?${request.query}`),
    idempotencyKey: headerOf(request, "idempotency-key") ?? null,
    status: null,
    replayed: false,
  });
  const outcome = await decide(standIn, request, entry).catch(toOutcome);
  if (outcome === "reset" || outcome === "timeout") return { kind: outcome };
  entry.status = outcome.status;
  return {
    kind: "answer",
    status: outcome.status,
    body: outcome.body,
    headers: { ...commonHeaders(request, entry), ...outcome.headers },
  };
}

async function decide(
  standIn: StandIn,
  request: ApiRequest,
  entry: LoggedRequest,
): Promise<Outcome | "reset" | "timeout"> {
  authorize(standIn, request);
  const sent = parametersOf(request);
  const claim = claimFor(standIn, request, sent);
  if (claim?.kind === "replay") {
    entry.replayed = true;
    const { status, body, requestId } = claim.answer;
    return { status, body, headers: { "idempotent-replayed": "true", "original-request": requestId } };
  }
  try {
    const fault = standIn.faults.take(`${request.method} ${request.path}`);
    if (fault !== null && fault.latencyMs > 0) await sleep(fault.latencyMs);
    const remember = (status: number, body: string) => claim?.remember(status, body, entry.id);
    if (fault === null || fault.outcome === null) return execute(standIn, request, sent, entry, remember);
    if (fault.applied) execute(standIn, request, sent, entry, remember);
    return faulted(fault, fault.applied ? () => undefined : remember);
  } finally {
    claim?.release();
  }
}

/** The v1 API takes forms, the v2 API JSON; both take a query. */
function parametersOf(request: ApiRequest): FormHash {
  if (request.method !== "POST") return decodeForm(request.query);
  if (!request.path.startsWith("/v2/")) return decodeForm(request.body);
  if (request.body === "") return {};
  const sent = parseJson(request.body);
  if (typeof sent !== "object" || sent === null)
    throw invalidRequest("The request body is not a JSON object.");
  return toForm(sent);
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function faulted(
  fault: Fault,
  remember: (status: number, body: string) => void,
): Outcome | "reset" | "timeout" {
  if (fault.outcome === "bare_404") return { status: 404, body: BARE_404, headers: {} };
  if (typeof fault.outcome !== "number") return fault.outcome ?? "reset";
  const outcome = toOutcome(faultAnswer(fault.outcome));
  if (fault.stored) remember(outcome.status, outcome.body);
  return outcome;
}

function execute(
  standIn: StandIn,
  request: ApiRequest,
  sent: FormHash,
  entry: LoggedRequest,
  remember: (status: number, body: string) => void,
): Outcome {
  const { expand: paths, ...parameters } = sent;
  const found = findRoute(standIn, request.method, request.path);
  const cause = { requestId: entry.id, idempotencyKey: entry.idempotencyKey };
  // Parameters that fail here are refused before the work begins, so nothing is remembered under the key.
  const perform = found.route.prepare(standIn, parameters, { ids: found.ids, path: request.path, cause });
  const wanted = expandPaths(paths);
  const apiVersion = headerOf(request, "stripe-version") ?? Stripe.API_VERSION;
  const outcome = attempt(() => inShapeOf(standIn, apiVersion, expand(standIn, perform(), wanted)));
  remember(outcome.status, outcome.body);
  return outcome;
}

function attempt(work: () => unknown): Outcome {
  try {
    return { status: 200, body: JSON.stringify(work()), headers: {} };
  } catch (error) {
    return toOutcome(error);
  }
}

function expandPaths(paths: unknown): string[] {
  if (paths === undefined) return [];
  if (Array.isArray(paths) && paths.every((path) => typeof path === "string")) return paths;
  throw invalidRequest("Invalid array", "expand");
}

function toOutcome(error: unknown): Outcome {
  if (error instanceof StripeApiError) {
    return { status: error.status, body: JSON.stringify({ error: error.fields }), headers: error.headers };
  }
  console.error("The Stripe stand-in failed on a request:", error);
  const fields = { type: "api_error", message: `The stand-in itself failed: ${String(error)}` };
  return { status: 500, body: JSON.stringify({ error: fields }), headers: {} };
}

function headerOf(request: ApiRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function authorize(standIn: StandIn, request: ApiRequest): void {
  const [scheme, key = ""] = (headerOf(request, "authorization") ?? "").split(" ");
  if (scheme !== "Bearer" || key === "") {
    throw unauthorized(
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    );
  }
  const { secretKey } = standIn.settings;
  const isRight = key.startsWith("sk_test_") && (secretKey === null || key === secretKey);
  if (!isRight)
    throw unauthorized(
      `Invalid API Key provided: ${key.slice(0, 8)}*****. Only a test key of this stand-in works here.`,
    );
}

function claimFor(standIn: StandIn, request: ApiRequest, sent: FormHash): Claim | null {
  const key = headerOf(request, "idempotency-key");
  if (request.method !== "POST" || key === undefined) return null;
  return claimKey(standIn, key, `${request.method} ${request.path}`, sent);
}

function commonHeaders(request: ApiRequest, entry: LoggedRequest): Record<string, string> {
  return {
    "content-type": "application/json",
    "cache-control": "no-cache, no-store",
    "request-id": entry.id,
    "stripe-version": headerOf(request, "stripe-version") ?? Stripe.API_VERSION,
    ...(entry.idempotencyKey === null ? {} : { "idempotency-key": entry.idempotencyKey }),
  };
}
