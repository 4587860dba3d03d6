import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer, Call, Dialect } from "#app/api/endpoint.server.ts";
import { Problem } from "#app/api/problem.ts";
import { signAnswer } from "#app/domain/signing-key/sign-answer.server.ts";
import { rateLimitHeaders } from "#app/http/call-limits.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { isDatabaseOutage } from "#app/infra/outage.server.ts";

const exposed =
  "RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Request-Id, Idempotency-Replayed, Date, Digest, Latchkey-Signature, Keygen-Signature";

/**
 * Writes an answer with the headers that all have: limits, request id, no caching, any origin, and its signature. What
 * should be signed and cannot be is not sent: the client is told to try again.
 */
export async function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  call: Call,
  given: Answer,
  dialect: Dialect,
): Promise<void> {
  const signature = isSigned(call, dialect)
    ? await signatureOf(request, call, textOf(given), dialect).catch((error: unknown) => {
        const level = isDatabaseOutage(error) ? "warn" : "error";
        logger()[level]({ err: error, requestId: call.requestId }, "an answer could not be signed");
        return null;
      })
    : {};
  const answer = signature || given.status >= 500 ? given : dialect.answerProblem(unsigned(), call);
  const text = textOf(answer);
  const headers: Record<string, string | number> = {
    "Content-Type": dialect.mediaType,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Request-Id": call.requestId,
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": exposed,
    ...rateLimitHeaders(call.counted),
    ...answer.headers,
    ...signature,
  };
  if (text === "") delete headers["Content-Type"];
  if (answer.status !== 204) headers["Content-Length"] = Buffer.byteLength(text);
  // A body that was not read to its end must not be taken for the next request.
  if (!request.complete) headers.Connection = "close";
  response.writeHead(answer.status, headers);
  response.end(call.method === "HEAD" || text === "" ? undefined : text);
}

function unsigned(): Problem {
  const detail = "The license server cannot sign its answer now. Please try again.";
  return new Problem("unavailable", detail, { retryAfterSeconds: 5 });
}

/** 204 never has a body, though a kept answer of one comes back as null. */
function textOf({ status, text, body }: Answer): string {
  if (status === 204) return "";
  return text ?? (body === undefined ? "" : JSON.stringify(body));
}

function isSigned({ headers }: Call, { signs }: Dialect): boolean {
  return signs === "always" || (signs === "when-asked" && headers["accept-signature"] !== undefined);
}

async function signatureOf(request: IncomingMessage, call: Call, body: string, dialect: Dialect) {
  const signed = await signAnswer({
    method: call.method,
    path: request.url ?? call.path,
    host: call.headers.host ?? "",
    date: call.now,
    body,
  });
  const { signature, ...rest } = signed;
  return { ...rest, [dialect.signatureHeader ?? "Latchkey-Signature"]: signature };
}
